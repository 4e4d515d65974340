"""What follows a token, a login or an access that the cloud refuses."""

import logging
from pathlib import Path

import pytest

from exporter.errors import AuthError, Outcome
from exporter.simulator import Fault, Simulator
from exporter.sources.homely.source import HomelySource
from tests.care.conftest import homely_at
from tests.care.rig import HOUR, Surroundings, nothing_known, told_records
from tests.care.tokens.asking import ACCOUNT, calls, refuses
from tests.support.manual_clock import ManualClock


async def test_one_401_renews_and_tries_again(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    await source.poll(home, nothing_known)
    sim.homely.tokens.expire_all()
    assert (await source.poll(home, nothing_known)).snapshot.devices
    assert calls(sim) == ["token", "home", "home", "refresh", "home"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_401_twice_is_an_auth_failure_and_slows_down(
    sim: Simulator, source: HomelySource, around: Surroundings, clock: ManualClock
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=401, times=2))
    with pytest.raises(AuthError):
        await source.locations()
    assert calls(sim) == ["token", "locations", "refresh", "locations"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    assert await around.hold_of(source.locations) == 300
    clock.advance(300)
    sim.call_log.reset()
    await source.locations()
    assert calls(sim) == ["token", "locations"], "what was refused is not used again"
    assert around.sample("account_up", **ACCOUNT) == 1


async def test_401_twice_on_one_home_does_not_silence_the_logins_others(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    around.gates[0].expect({home, "another"})
    await sim.inject(Fault(kind="status", endpoint="home", status=401, times=2))
    with pytest.raises(AuthError):
        await source.poll(home, nothing_known)
    assert calls(sim) == ["token", "home", "refresh", "home"]
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 1
    await source.locations()
    assert calls(sim)[4:] == ["locations"]


async def test_a_home_that_always_answers_401_is_told_of_once(
    sim: Simulator,
    source: HomelySource,
    home: str,
    around: Surroundings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    around.gates[0].expect({home, "another"})
    await sim.inject(Fault(kind="status", endpoint="home", status=401))
    for _ in range(3):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        await source.locations()
    told = [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"]
    assert told == ["the cloud refuses the account's credentials for one location"]


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refused_login_is_an_auth_failure_and_slows_down(
    sim: Simulator,
    source: HomelySource,
    home: str,
    around: Surroundings,
    clock: ManualClock,
    status: int,
) -> None:
    await sim.inject(Fault(kind="status", endpoint="token", status=status))
    waits = []
    for _ in range(6):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        waits.append(await around.hold_of(lambda: source.poll(home, nothing_known)))
        clock.advance(waits[-1])
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    assert calls(sim) == ["token"] * 6
    assert around.sample("auth_failures_total", **ACCOUNT) == 6
    assert around.sample("account_up", **ACCOUNT) == 0


async def test_a_wrong_password_is_told_once_and_never_shown(
    sim: Simulator,
    around: Surroundings,
    home: str,
    tmp_path: Path,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = homely_at(sim.homely_url, (sim.homely_logins[0][0], "s3cr3t-wrong"), tmp_path)
    source = around.homely(config)
    for _ in range(4):
        with pytest.raises(AuthError):
            await source.poll(home, nothing_known)
        clock.advance(HOUR)
    records = told_records(caplog)
    assert [record.levelno for record in records] == [logging.ERROR]
    told = str([vars(record) for record in records])
    assert "s3cr3t-wrong" not in told
    assert sim.homely_logins[0][0] not in told


async def test_tokens_that_are_given_but_refused_are_told_once_until_one_is_accepted(
    sim: Simulator, source: HomelySource, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=401))
    for _ in range(4):
        with pytest.raises(AuthError):
            await source.locations()
        clock.advance(HOUR)
    sim.clear_faults()
    await source.locations()
    records = told_records(caplog)
    assert [record.levelname for record in records] == ["ERROR", "INFO"]
    assert "accepts the account's credentials again" in records[1].getMessage()


async def test_a_login_that_a_broken_cloud_fails_is_no_auth_failure(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings, clock: ManualClock
) -> None:
    await sim.inject(Fault(kind="status", endpoint="token", status=503, times=1))
    await refuses(source, home, Outcome.SERVER_ERROR)
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    clock.advance(11)
    await source.poll(home, nothing_known)


async def test_403_on_one_home_leaves_the_account_up(
    sim: Simulator, source: HomelySource, home: str, around: Surroundings
) -> None:
    around.gates[-1].expect([home, "a-home-of-others"])
    await source.locations()
    await refuses(source, "a-home-of-others", Outcome.FORBIDDEN)
    assert around.sample("account_up", **ACCOUNT) == 1
    assert around.sample("auth_failures_total", **ACCOUNT) == 0
    await source.locations()
    assert sim.call_log.count("token") == 1


async def test_403_on_the_list_of_homes_is_an_auth_failure(
    sim: Simulator, source: HomelySource, around: Surroundings
) -> None:
    await sim.inject(Fault(kind="status", endpoint="locations", status=403))
    with pytest.raises(AuthError):
        await source.locations()
    assert around.sample("auth_failures_total", **ACCOUNT) == 1
    assert around.sample("account_up", **ACCOUNT) == 0
    assert await around.hold_of(source.locations) == 300
