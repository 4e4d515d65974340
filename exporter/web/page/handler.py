"""GET / and GET /locations/<vendor>/<id>: the pages, and the files they refer to."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

from aiohttp import web

from exporter.accounts import Account
from exporter.clock import Clock
from exporter.store import Store
from exporter.web.page.devices import device_cards
from exporter.web.page.headlines import headlines, headlines_of
from exporter.web.page.places import account_card, location_card
from exporter.web.page.rendering import assets, environment, render
from exporter.web.page.slices import Slices
from exporter.web.page.survey import Row, Survey, Surveyor

PAGE_SIZE = 50
#: With more devices than this the front page only counts them.
DEVICES_AT_ONCE = 100
_ACCOUNTS_AT_ONCE = 10
_QUERY_LIMIT = 100
#: Seconds between two refreshes that somebody without JavaScript may ask for.
_REFRESH = "30"

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Besides those that the server gives every answer.
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


class _Asked(NamedTuple):
    """What the query of a request asks for."""

    query: str
    page: int
    is_live: bool
    refresh: str

    @classmethod
    def of(cls, request: web.Request) -> "_Asked":
        query = request.query.get("q", "").strip()[:_QUERY_LIMIT]
        page = request.query.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1  # noqa: PLR2004
        refresh = _REFRESH if request.query.get("refresh") == _REFRESH else ""
        return cls(query, max(1, number), "live" in request.query, refresh)

    @property
    def context(self) -> dict[str, Any]:
        """What every template is given."""
        frame = "fragment.html" if self.is_live else "layout.html"
        return {"frame": frame, "query": self.query, "refresh": self.refresh}


class PageHandler:
    """Serves the pages."""

    def __init__(
        self,
        store: Store,
        accounts: Callable[[], Sequence[Account]],
        clock: Clock,
        pool: Executor,
    ) -> None:
        self._surveyor = Surveyor(store, accounts, clock)
        self._assets = {asset.name: asset for asset in assets().values()}
        self._pool = pool
        # One page at a time: however many ask, the loop is held for one slice in each turn.
        self._lock = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return what is served where."""
        return [
            web.get("/", self.front),
            web.get("/locations/{vendor}/{location_id}", self.location),
            web.get("/assets/{name}", self.asset),
        ]

    async def _prepare(self) -> None:
        """Compile the templates before the first page, without holding the loop."""
        if not environment.cache_info().currsize:
            await asyncio.get_running_loop().run_in_executor(self._pool, environment)

    async def front(self, request: web.Request) -> web.Response:
        """Answer with all locations, what is wrong first."""
        asked = _Asked.of(request)
        async with self._lock:
            await self._prepare()
            slices = Slices()
            context = _front(await self._surveyor.everything(slices), asked)
            await slices.breathe()
            text = await render("front.html", slices, root="./", **context)
        return _page(text)

    async def location(self, request: web.Request) -> web.Response:
        """Answer with one location and all that is known of its devices."""
        key = (request.match_info["vendor"], request.match_info["location_id"])
        context = {"root": "../../", **_Asked.of(request).context}
        async with self._lock:
            await self._prepare()
            found = self._surveyor.one(key)
            if found is None:
                return _page(await render("missing.html", Slices(), **context), status=404)
            now, row = found
            text = await render(
                "location.html",
                Slices(),
                now=now.itself(),
                location=location_card(row, now),
                headlines=headlines_of(row, now),
                devices=device_cards(row.location, now, row.troubles),
                **context,
            )
        return _page(text)

    async def asset(self, request: web.Request) -> web.Response:
        """Answer with a file that the pages refer to."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return web.Response(
            body=asset.body,
            content_type=asset.content_type,
            charset="utf-8",
            headers=_ASSET_HEADERS,
        )


def _page(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def _front(survey: Survey, asked: _Asked) -> dict[str, Any]:
    """Return what the front page shows: one page of the locations that are asked for."""
    query, now = asked.query.casefold(), survey.now
    rows = [row for row in survey.rows if query in row.words]
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(asked.page, pages)
    shown = [(row, _wanted(row, query)) for row in rows[(page - 1) * PAGE_SIZE :][:PAGE_SIZE]]
    is_detailed = sum(len(row.location.devices) for row, _ in shown) <= DEVICES_AT_ONCE
    return {
        **asked.context,
        "now": now.itself(),
        "headlines": headlines(survey),
        "locations": (
            (
                location_card(row, now),
                device_cards(row.location, now, row.troubles, wanted) if is_detailed else (),
            )
            for row, wanted in shown
        ),
        "is_detailed": is_detailed,
        "found": len(rows),
        "total": len(survey.rows),
        "devices": survey.devices,
        "page": page,
        "pages": pages,
        "accounts": [account_card(fare, now) for fare in survey.fares[:_ACCOUNTS_AT_ONCE]],
        "more_accounts": max(0, len(survey.fares) - _ACCOUNTS_AT_ONCE),
    }


def _wanted(row: Row, query: str) -> str:
    """Return what the devices to be shown have in them: "" for all, if the location itself has."""
    return "" if query in row.head else query
