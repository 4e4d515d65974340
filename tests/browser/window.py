"""A window of the browser, in which everything that goes wrong is noted."""

from typing import Any, Self

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How long the page waits between two refreshes, and a little more, in milliseconds.
REFRESH = 5_100
_NOTE_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


class Window:
    """One tab in a context of its own."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._context = context
        self.page = page
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._note)

    @classmethod
    async def open(  # noqa: PLR0913  # each is one property of a window
        cls,
        browser: Browser,
        url: str,
        *,
        width: int = 1400,
        scheme: Any = "light",
        scripts: bool = True,
        holds_time: bool = False,
        status: int = 200,
    ) -> Self:
        """Open an address; with `holds_time` the page's timers move by `pass_time` alone."""
        context = await browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        if scripts:
            await context.add_init_script(_NOTE_VIOLATIONS)
        if holds_time:
            await context.clock.install()
        window = cls(context, await context.new_page())
        await window.go(url, status)
        return window

    async def go(self, url: str, status: int = 200) -> None:
        """Open another address."""
        answer = await self.page.goto(url)
        assert answer is not None
        assert answer.status == status

    async def close(self) -> None:
        """Close it."""
        await self._context.close()

    async def refresh(self) -> None:
        """Let the time of one refresh pass, and wait for its answer."""
        async with self.page.expect_response(lambda answer: "live=" in answer.url) as answer:
            await self.page.clock.run_for(REFRESH)
        await (await answer.value).finished()
        await self.page.wait_for_function("document.getElementById('contact').dataset.state")

    async def too_wide(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return int(
            await self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    async def complaints(self) -> list[str]:
        """Return what axe-core finds, of whatever weight."""
        options = {"resultTypes": ["violations"], "preload": False}
        found = await Axe().run(self.page, options=options)
        return [
            f"{one['impact']} {one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found.response["violations"]
        ]

    def _note(self, request: Request) -> None:
        # A page that is left drops what it was asking for.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.failure}: {request.url}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)
