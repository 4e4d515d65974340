"""The cloud answers with a status that is no success."""

from itertools import pairwise

import pytest
from aiohttp import web

from exporter.simulator import Fault, Simulator, fault_http, small_world
from tests.faults.conftest import Begin
from tests.faults.drill import Drill
from tests.faults.table import PENALTY, REFUSED
from tests.support.manual_clock import ManualClock


def waits(drill: Drill, status: int, *endpoints: str) -> list[float]:
    """Return the times between the calls that were answered with a status."""
    calls = [
        call
        for call in drill.running.sim.calls
        if call.status == status and (call.endpoint in endpoints or not endpoints)
    ]
    return [after.monotonic - before.monotonic for before, after in pairwise(calls)]


async def test_401_once(drill: Drill) -> None:
    since = drill.running.clock.wall()
    await drill.strike(endpoint=drill.cloud.endpoint)
    await drill.attempt()
    await drill.until_told()
    await drill.recover(polled_since=since + 1.0)


async def test_401_always(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    between = waits(drill, 401, "token", "places")
    assert all(wait >= min(300.0 * 2**n, REFUSED) for n, wait in enumerate(between)), between
    await drill.ends()


async def test_403_on_one_location(begin: Begin, clock: ManualClock) -> None:
    world, more = small_world(), small_world(seed=2)
    world.logins[0].homes += more.homes
    world.accounts[0].places += more.places
    drill = await begin(Simulator(clock=clock, world=world))
    await drill.strike(location_id=drill.cloud.location_id)
    await drill.lasts()
    await drill.ends()


async def test_404(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()


async def test_429_with_retry_after(drill: Drill) -> None:
    await penalised(drill, 429, 300.0)


async def test_429_without_retry_after(drill: Drill) -> None:
    await penalised(drill, 429, 120.0)


async def test_439(drill: Drill) -> None:
    await penalised(drill, 439, 120.0)


async def penalised(drill: Drill, status: int, least: float) -> None:
    """Find that no call is made while the cloud wants none, longer each time."""
    await drill.strike()
    await drill.lasts(worn=20)
    between = waits(drill, status)
    assert between
    assert all(wait >= min(least * 2**n, PENALTY / 1.1) for n, wait in enumerate(between)), between
    await drill.ends()


async def test_500(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()


async def test_502_with_html(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()


async def test_504(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()


async def test_redirect_with_a_bad_location(drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    async def redirect(fault: Fault, *_: object) -> web.Response:
        page = "<html><body>Moved</body></html>"
        headers = {"Location": fault.url}
        return web.Response(status=302, text=page, content_type="text/html", headers=headers)

    monkeypatch.setattr(fault_http, "serve", redirect)
    await drill.strike()
    await drill.lasts()
    await drill.ends()
