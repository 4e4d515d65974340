"""The pages of the whole exporter: how accounts, sockets, callbacks and polls fare."""

from bs4 import BeautifulSoup

from exporter.simulator import Fault
from tests.mapping.payloads import activity
from tests.page.shown import facts, texts, tree, words
from tests.support.running import CALLBACK_SECRET, Running


async def page(running: Running, path: str = "/") -> BeautifulSoup:
    async with running.http.get(f"{running.url}{path}") as response:
        assert response.status == 200
        return tree(await response.text())


def card(shown: BeautifulSoup, name: str) -> dict[str, str]:
    """Return the facts of the location of that name."""
    (found,) = [one for one in shown.select(".card") if texts(one, "h3") == [name]]
    return facts(found)


async def test_it_names_accounts_and_locations_with_their_state(running: Running) -> None:
    shown = await page(running)
    assert texts(shown, ".accounts strong") == ["homely-1", "wally-1"]
    assert texts(shown, ".accounts .mark") == ["connected", "connected"]
    home, flat = card(shown, "Home"), card(shown, "Flat")
    assert home["Alarm"] == "disarmed"
    assert home["Data"].startswith("fresh, ")
    assert home["Socket"] == "connected"
    assert home["Next poll"].startswith("in ")
    assert flat["Callbacks"] == "on, none so far"
    assert not shown.select(".trouble")


async def test_a_callback_is_shown_where_it_came(running: Running) -> None:
    snid = running.sim.world.places[0].sensors[0].device_id
    assert await running.callback(activity("temp_too_low", snid=snid)) == 204
    shown = await page(running)
    assert card(shown, "Flat")["Callbacks"] == "on, last just now"
    assert texts(shown, ".trouble strong") == ["Reported by the vendor"]


async def test_it_says_until_when_an_account_makes_no_call(running: Running) -> None:
    await running.sim.inject(Fault(kind="status", endpoint="sensors", status=502))
    await running.pass_time(70)
    failed = {"endpoint": "sensors", "outcome": "server_error"}
    await running.until(lambda page: page.has("home_exporter_requests_total", **failed))
    assert texts(await page(running), ".trouble strong") == ["Poll failed"]
    running.sim.clear_faults()
    await running.sim.inject(Fault(kind="status", endpoint="sensors", status=429))
    await running.pass_time(70)
    await running.until(
        lambda page: (
            page.one("home_exporter_rate_limited_until_timestamp_seconds", vendor="wally") > 0
        )
    )
    shown = await page(running)
    assert texts(shown, ".accounts .mark") == ["rate limited", "connected"], "the worse first"
    assert texts(shown, ".trouble strong") == ["Fewer calls asked for"]
    (why,) = texts(shown, ".why")
    assert "asked for fewer calls" in why
    assert "Next try in " in why
    assert card(shown, "Flat")["Next poll"].startswith("rate limited, in ")
    assert card(shown, "Home")["Next poll"].startswith("in ")


async def test_it_says_that_credentials_are_refused(running: Running) -> None:
    running.sim.wally.revoked.add(running.sim.wally_tokens[0])
    await running.pass_time(70)
    await running.until(lambda page: page.one("home_exporter_account_up", vendor="wally") == 0)
    shown = await page(running)
    assert texts(shown, ".trouble strong") == ["Credentials refused"]
    assert "check them in exporter.yml" in words(shown.select(".why")[0])
    assert card(shown, "Flat")["Next poll"].startswith("login refused, in ")
    place = running.sim.world.places[0].place_id
    there = await page(running, f"/locations/wally/{place}")
    assert texts(there, ".trouble strong") == ["Credentials refused"]
    assert [str(one["href"]) for one in there.select(".trouble a")] == ["../../#accounts"]


async def test_a_poll_that_fails_says_what_the_cloud_answered(running: Running) -> None:
    await running.sim.inject(Fault(kind="status", endpoint="sensors", status=502))
    await running.pass_time(70)
    await running.until(
        lambda page: page.has(
            "home_exporter_requests_total", endpoint="sensors", outcome="server_error"
        )
    )
    shown = await page(running)
    assert texts(shown, ".trouble strong") == ["Poll failed"]
    assert texts(shown, ".why") == ["The last poll failed: the cloud answered HTTP 502."]
    running.sim.clear_faults()
    await running.pass_time(70)
    await running.until(
        lambda page: (
            page.one("home_exporter_requests_total", endpoint="sensors", outcome="success") > 1
        )
    )
    assert not (await page(running)).select(".trouble")


async def test_a_socket_that_is_down_says_why(running: Running) -> None:
    await running.sim.inject(Fault(kind="status", endpoint="connect", status=503))
    await running.sim.drop_sockets()
    await running.until(lambda page: page.all("home_exporter_stream_connected") == [0])
    shown = await page(running)
    assert texts(shown, ".trouble strong") == ["Socket down"]
    assert card(shown, "Home")["Socket"].startswith("down, ")
    assert texts(shown, ".notes li") == texts(shown, ".why")


async def test_nothing_on_them_is_secret(running: Running) -> None:
    paths = ["/"] + [f"/locations/{key[0]}/{key[1]}" for key in running.app.store.locations]
    usernames = [user for user, _ in running.sim.homely_logins]
    for path in paths:
        async with running.http.get(f"{running.url}{path}") as response:
            text = await response.text()
        for secret in (*running.sim.secrets(), *usernames, CALLBACK_SECRET, "callbacks/wally"):
            assert secret not in text
