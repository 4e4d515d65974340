"""The pages as people see them, in a real browser."""

import re
import time

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CRITICAL = '.trouble[data-severity="critical"]'
_SOON = 20_000


async def focused(page: Page) -> str:
    """Return the text of what has the focus."""
    return " ".join(str(await page.evaluate("document.activeElement.textContent")).split())


async def test_a_leak_is_shown_within_seconds(served: Served, window: Open) -> None:
    await served.dry()
    page = (await window(served.url)).page
    assert await page.locator(_CRITICAL).count() == 0
    began = time.monotonic()
    await served.play("leak", "Water reaches")
    leak = page.locator(_CRITICAL, has_text="Under the sink")
    await expect(leak).to_be_visible(timeout=_SOON)
    assert time.monotonic() - began < _SOON / 1000
    await expect(page.locator("#announce")).to_contain_text("Water leak")
    await expect(page).to_have_title(re.compile(r"\(\d+\) home-exporter"))
    await expect(page.locator(".card").first).to_contain_text("Villa Solbakken")
    await leak.locator("a").click()
    await expect(page.locator("h1")).to_have_text("Villa Solbakken")
    await expect(page.locator(".device:target")).to_contain_text("wet")


@pytest.mark.parametrize("width", [375, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_and_can_be_read(
    served: Served, window: Open, scheme: str, width: int
) -> None:
    await served.wet()
    # axe-core takes its time: each page is looked at in both schemes and at both widths once.
    thorough = served.url if (scheme, width) in (("light", 1400), ("dark", 375)) else served.largest
    one = await window(served.url, width=width, scheme=scheme)
    for url in (served.url, served.largest):
        await one.go(url)
        await expect(one.page.locator(_CRITICAL).first).to_be_visible()
        assert await one.too_wide() <= 0, url
        ground = await one.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
        assert (brightness > 128) is (scheme == "light")
        if url == thorough:
            assert await one.complaints() == []


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    served: Served, window: Open
) -> None:
    page = (await window(served.url, holds_time=True)).page
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate("document.activeElement.id || document.activeElement.tagName")
        )
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px", seen
    assert "A" in seen
    assert "q" in seen, "the filter"
    assert "pause" not in seen, "the content was skipped to"


async def test_a_refresh_leaves_alone_what_a_person_is_at(served: Served, window: Open) -> None:
    await served.dry()
    one = await window(served.url, width=375, holds_time=True)
    page = one.page
    box = page.locator("#q")
    await page.locator(".card h3 a", has_text="Flat Storgata").focus()
    await page.evaluate("scrollBy(0, 300)")
    await served.wet()
    await one.refresh()
    await expect(page.locator(_CRITICAL).first).to_be_attached()
    assert await focused(page) == "Flat Storgata", "though its card moved to the top"
    assert await page.evaluate("scrollY") >= 300
    # Half a word stays, with the caret in it.
    await box.fill("Vil")
    await one.refresh()
    assert await box.input_value() == "Vil"
    assert await page.evaluate("document.activeElement.id") == "q"


async def test_open_details_stay_open(served: Served, window: Open) -> None:
    one = await window(served.largest, holds_time=True)
    details = one.page.locator("details").nth(2)
    await details.locator("summary").click()
    await expect(details).to_have_attribute("open", "")
    await one.refresh()
    await expect(details).to_have_attribute("open", "")
    assert await one.page.locator("details[open]").count() == 1


async def test_the_filter_narrows_while_one_types(served: Served, window: Open) -> None:
    page = (await window(served.url)).page
    await page.locator("#q").press_sequentially("sink", delay=20)
    await expect(page.locator(".card")).to_have_count(2, timeout=_SOON)
    await expect(page.locator("#q")).to_have_value("sink")
    await expect(page).to_have_url(re.compile(r"\?q=sink$"), timeout=_SOON)
    await page.locator("#q").fill("")
    await expect(page.locator(".card")).to_have_count(5, timeout=_SOON)
    await expect(page).to_have_url(served.url, timeout=_SOON)


async def test_it_says_when_it_lost_contact_and_when_it_has_it_again(
    served: Served, window: Open
) -> None:
    one = await window(served.url, holds_time=True)
    page = one.page
    await page.route("**/*live*", lambda route: route.abort())
    await page.clock.run_for(5_100)
    await expect(page.locator("#contact")).to_contain_text("Lost contact, this is from")
    await expect(page.locator("#announce")).to_have_text("Lost contact with the exporter.")
    assert one.faults, "the browser says so as well"
    one.faults.clear()
    await page.unroute("**/*live*")
    await one.refresh()
    await expect(page.locator("#contact")).to_have_text(re.compile(r"Updated \d\d:\d\d:\d\d UTC"))
    await expect(page.locator("#announce")).to_have_text("In contact again.")


async def test_it_rests_while_nobody_looks_and_when_it_is_told_to(
    served: Served, window: Open
) -> None:
    one = await window(served.url, holds_time=True)
    page = one.page

    async def look(*, hidden: bool) -> None:
        await page.evaluate(
            "value => { Object.defineProperty(document, 'hidden', {value, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )

    await look(hidden=True)
    asked = len(one.requests)
    await page.clock.run_for(60_000)
    assert len(one.requests) == asked
    async with page.expect_response("**/*live*"):
        await look(hidden=False)
    await page.get_by_role("button", name="Pause updates").click()
    await expect(page.locator("#contact")).to_contain_text("Paused at")
    asked = len(one.requests)
    await page.clock.run_for(60_000)
    assert len(one.requests) == asked
    async with page.expect_response("**/*live*"):
        await page.get_by_role("button", name="Resume updates").click()


async def test_it_works_without_scripts(served: Served, window: Open) -> None:
    await served.wet()
    page = (await window(served.url, width=375, scripts=False)).page
    await expect(page.locator(_CRITICAL).first).to_be_visible()
    await expect(page.locator("#contact")).to_have_text(re.compile("Updated .* UTC"))
    await expect(page.locator("#pause")).to_be_hidden()
    await page.locator("#q").fill("sauna")
    await page.locator("#q").press("Enter")
    await expect(page.locator(".card")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="Refresh every 30 s").click()
    await expect(page.get_by_role("link", name="Stop refreshing")).to_be_visible()
    await expect(page.locator("#q")).to_have_value("sauna")


async def test_an_unknown_location_leads_back(served: Served, window: Open) -> None:
    one = await window(f"{served.url}locations/homely/nowhere", status=404)
    one.faults.clear()
    assert await one.complaints() == []
    await one.page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in str(await one.complaints()), "axe-core does look"
    await one.page.get_by_role("link", name="All homes").click()
    await expect(one.page.locator("h1")).to_have_text("Homes")
