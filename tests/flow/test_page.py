"""The page at / says how accounts and locations fare."""

from exporter.simulator import Fault
from tests.support.running import Running


async def page(running: Running) -> str:
    async with running.http.get(f"{running.url}/") as response:
        assert response.status == 200
        return await response.text()


async def test_it_names_accounts_and_locations_with_their_state(running: Running) -> None:
    text = await page(running)
    for words in ("<td>homely-1", "<td>wally-1", "<td>up", "<td>Home", "<td>Flat", "<td>fresh"):
        assert words in text
    assert "<td>connected" in text
    assert " UTC" in text, "when the next poll is due"


async def test_it_says_until_when_an_account_makes_no_call(running: Running) -> None:
    await running.sim.inject(Fault(kind="status", endpoint="sensors", status=429))
    await running.pass_time(70)
    await running.until(
        lambda page: (
            page.one("home_exporter_rate_limited_until_timestamp_seconds", vendor="wally") > 0
        )
    )
    text = await page(running)
    assert "<td>rate limited<td>not before 20" in text
    assert "<td>up" in text, "the other account"


async def test_it_says_that_credentials_are_refused(running: Running) -> None:
    running.sim.wally.revoked.add(running.sim.wally_tokens[0])
    await running.pass_time(70)
    await running.until(lambda page: page.one("home_exporter_account_up", vendor="wally") == 0)
    assert "<td>credentials refused<td>not before 20" in await page(running)
