"""The token of a Wally account: static, so one refusal is enough."""

from pathlib import Path

import pytest

from exporter.catalog.readings import CONTACT_OPEN, LEAK
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome
from exporter.simulator import Fault, Simulator
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.source import WallySource
from tests.care.conftest import wally_at
from tests.care.rig import (
    HOUR,
    Household,
    ScriptedTransport,
    Surroundings,
    nothing_known,
    told_records,
)
from tests.mapping.payloads import sensor, trait
from tests.rest.servers import Cloud, answer
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually

ACCOUNT = {"vendor": "wally", "account": "wally-1"}


@pytest.fixture
def source(sim: Simulator, around: Surroundings, tmp_path: Path) -> WallySource:
    return around.wally(wally_at(sim.wally_url, sim.wally_tokens[0], tmp_path))


@pytest.fixture
def place(sim: Simulator) -> str:
    return sim.world.places[0].place_id


async def test_every_call_carries_the_token(
    sim: Simulator, source: WallySource, place: str
) -> None:
    assert [ref.id for ref in await source.locations()] == [place]
    assert (await source.poll(place, nothing_known)).snapshot.devices
    assert {call.account for call in sim.calls} == {sim.wally_tokens[0]}


async def test_a_revoked_token_is_an_auth_failure_and_slows_down(
    sim: Simulator, source: WallySource, around: Surroundings, clock: ManualClock
) -> None:
    sim.wally.revoked.add(sim.wally_tokens[0])
    waits = []
    for _ in range(6):
        with pytest.raises(AuthError):
            await source.locations()
        waits.append(await around.hold_of(source.locations))
        clock.advance(waits[-1])
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    assert sim.call_log.count("places") == 6
    assert around.sample("auth_failures_total", **ACCOUNT) == 6
    assert around.sample("account_up", **ACCOUNT) == 0
    sim.wally.revoked.clear()
    await source.locations()
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_a_revoked_token_is_told_once_and_never_shown(
    sim: Simulator,
    source: WallySource,
    place: str,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sim.wally.revoked.add(sim.wally_tokens[0])
    for _ in range(3):
        with pytest.raises(AuthError):
            await source.locations()
        clock.advance(HOUR)
        with pytest.raises(AuthError):
            await source.poll(place, nothing_known)
        clock.advance(HOUR)
    records = told_records(caplog)
    assert [record.levelname for record in records] == ["ERROR"]
    assert sim.wally_tokens[0] not in str(vars(records[0]))


async def test_401_on_one_place_does_not_silence_the_accounts_others(
    sim: Simulator, source: WallySource, around: Surroundings, place: str
) -> None:
    around.gates[0].expect({place, "another"})
    await sim.inject(Fault(kind="status", location_id=place, status=401))
    with pytest.raises(AuthError):
        await source.poll(place, nothing_known)
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    await source.locations()
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_403_on_the_list_of_places_is_an_auth_failure(
    sim: Simulator, source: WallySource, around: Surroundings, place: str
) -> None:
    await sim.inject(Fault(kind="status", endpoint="places", status=403))
    with pytest.raises(AuthError):
        await source.locations()
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    with pytest.raises(OnHoldError):
        await source.poll(place, nothing_known)


@pytest.mark.parametrize(
    ("status", "outcome"), [(403, Outcome.FORBIDDEN), (404, Outcome.NOT_FOUND)]
)
async def test_a_place_that_is_refused_leaves_the_account_up(
    sim: Simulator,
    source: WallySource,
    around: Surroundings,
    place: str,
    status: int,
    outcome: Outcome,
) -> None:
    around.gates[-1].expect([place, "another"])
    await source.locations()
    await sim.inject(Fault(kind="status", location_id=place, status=status))
    with pytest.raises(CloudError) as caught:
        await source.poll(place, nothing_known)
    assert caught.value.outcome is outcome
    assert around.sample("account_up", **ACCOUNT) == 1
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    await source.locations()


@pytest.mark.parametrize("place_id", ["../places", "a/b", "a?b=c", "a#b", "å", "%2e%2e"])
async def test_an_id_from_the_cloud_cannot_lead_a_call_elsewhere(
    sim: Simulator, source: WallySource, place_id: str
) -> None:
    with pytest.raises(CloudError, match=r"^HTTP 404$"):
        await source.poll(place_id, nothing_known)
    assert [(call.endpoint, call.location) for call in sim.calls] == [("sensors", place_id)]


async def test_a_sensor_whose_kind_is_left_out_is_what_it_was(
    around: Surroundings, wally_config: WallyConfig
) -> None:
    transport = ScriptedTransport(lambda _: [sensor({"COND": trait(15), "LEAK": trait(15)})])
    source = around.wally(wally_config, transport)
    shown = []
    for info in (None, {"sensor_kind": "contact"}, {"sensor_kind": "water"}, None):
        polled = await source.poll("place-1", lambda _, info=info: info)  # type: ignore[misc]
        (found,) = polled.snapshot.devices
        shown.append({one.metric for one in found.readings.values()} & {LEAK, CONTACT_OPEN})
    assert shown == [{LEAK}, {CONTACT_OPEN}, {LEAK}, {LEAK}]


@pytest.mark.parametrize("location", [b"http://[::1", b"\xff\xfe"], ids=repr)
async def test_a_cloud_that_redirects_to_nowhere_is_told_of_once_and_down(
    household: Household, tmp_path: Path, caplog: pytest.LogCaptureFixture, location: bytes
) -> None:
    redirect = answer(b"", "Location: @", status="302 Found").replace(b"@", location)
    cloud = Cloud(lambda peer: peer.send(redirect)).start()
    try:
        config = wally_at(cloud.url, "s3cr3t-token", tmp_path)
        source = household.around.wally(config)
        household.account(source).start()
        for number in range(1, 5):
            await eventually(lambda number=number: len(cloud.requests) >= number)  # type: ignore[misc]
            await eventually(lambda: household.planner.due("list/wally/wally-1") is not None)
            await household.pass_time(2 * HOUR)
    finally:
        cloud.stop()
    around = household.around
    outcome = {"endpoint": "places", "outcome": Outcome.REDIRECT.value}
    assert (around.sample("requests_total", **ACCOUNT, **outcome) or 0) >= 4
    assert around.sample("account_up", **ACCOUNT) == 0
    told = [record.getMessage() for record in told_records(caplog)]
    assert told == ["the account's locations cannot be listed"]
