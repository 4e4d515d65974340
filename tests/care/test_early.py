"""Events about devices that no poll has shown yet, and polls that are asked for while one runs."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.errors import CloudError, Outcome
from exporter.sources.base import Event, InfoOf, Polled
from exporter.sources.findings import Findings
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.mapping import map_event, map_home
from exporter.sources.values import Reader
from tests.care.rig import (
    HOUR,
    MINUTE,
    STEP,
    FakeStream,
    Household,
    Surroundings,
    told_records,
)
from tests.mapping.payloads import DEVICE, HOME, Json, device, device_event, entry, home, state
from tests.support.manual_clock import START, ManualClock

FLOOD = "alarm.flood"
SOON = 5 * MINUTE + 5 + 2 * STEP
UNKNOWN = {"event": "device-state-changed", "outcome": "unknown_device"}


@dataclass
class Villa(FakeStream):
    """One home, read by the real mapping; `devices` are what its next answer shows."""

    devices: list[Json] = field(default_factory=list)

    async def poll(self, location_id: str, info_of: InfoOf, /) -> Polled:
        shown = list(self.devices)
        polled = await super().poll(location_id, info_of)
        now = self.clock.wall()
        snapshot = map_home(home(*shown), Reader(now, Findings()))
        return replace(polled, snapshot=snapshot, vendor_now=now)

    def event(self, payload: Any, info_of: InfoOf) -> Event | None:
        return map_event(payload, Reader(self.clock.wall(), Findings()), info_of)


class Bench:
    """The villa in its household, and what is served of it."""

    def __init__(self, household: Household, around: Surroundings, config: HomelyConfig) -> None:
        self.household = household
        self.around = around
        self.clock: ManualClock = household.clock
        self.villa = Villa(config, household.clock, listed=[HOME])

    async def start(self) -> None:
        """Begin with the account and bring the socket up."""
        self.household.account(self.villa).start()
        await self.household.settle()
        self.villa.connect()

    def hang(self) -> "asyncio.Future[None]":
        """Let polls hang until the future is done."""
        hanging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.villa.hanging = hanging
        return hanging

    async def answer(self, hanging: "asyncio.Future[None]") -> None:
        """Let the polls that hang be answered."""
        self.villa.hanging = None
        hanging.set_result(None)
        await self.household.settle()

    def push(self, *changes: Json, device_id: str = DEVICE, **fields: Any) -> None:
        """Push an event."""
        self.villa.listeners[HOME].event(device_event(*changes, deviceId=device_id, **fields))

    def served(self, device_id: str = DEVICE) -> dict[str, float]:
        """Return what is served of a device; events by their own name."""
        return {
            sample.labels.get("event", sample.name): sample.value
            for family in text_string_to_metric_families(
                self.household.page.render(openmetrics=False).decode()
            )
            for sample in family.samples
            if sample.labels.get("device_id") == device_id
        }

    def outcomes(self, **labels: str) -> float:
        """Return how many events had an outcome."""
        return self.around.sample("stream_events_total", **labels) or 0.0

    @property
    def polls(self) -> int:
        """How many polls were made."""
        return len(self.villa.polls)


def flood(value: Any, at: float | None, **fields: Any) -> Json:
    """Return the flood alarm as an answer shows it."""
    return device({FLOOD: state(value, at)}, modelName="Flood Alarm", **fields)


@pytest.fixture
def bench(household: Household, around: Surroundings, homely_config: HomelyConfig) -> Bench:
    return Bench(household, around, homely_config)


# --- the first poll


@pytest.mark.parametrize("at", [START + 1, None], ids=["dated", "undated"])
async def test_a_leak_that_is_pushed_while_the_first_poll_runs_is_served_and_counted(
    bench: Bench, at: float | None
) -> None:
    bench.villa.devices = [flood(value=False, at=None if at is None else START - 60)]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    bench.push(entry(FLOOD, True, at))
    assert bench.outcomes(**UNKNOWN) == 1
    assert bench.served() == {}
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == 1.0
    assert bench.served()["leak"] == 1.0


async def test_a_leak_that_the_first_poll_shows_as_well_is_counted_once(bench: Bench) -> None:
    hanging = bench.hang()
    bench.villa.devices = [flood(value=True, at=START + 1)]
    await bench.start()
    bench.clock.advance(1)
    for _ in range(3):
        bench.push(entry(FLOOD, True, START + 1))
    await bench.answer(hanging)
    bench.push(entry(FLOOD, True, START + 1))
    await bench.household.pass_time(HOUR)
    assert bench.polls > 2
    assert bench.served()["home_leak_detected"] == 1.0
    assert bench.served()["leak"] == 1.0


async def test_what_came_and_went_while_the_first_poll_ran_is_counted(bench: Bench) -> None:
    bench.villa.devices = [flood(value=False, at=START - 60)]
    hanging = bench.hang()
    await bench.start()
    for number, value in enumerate([True, False, True, False], 1):
        bench.clock.advance(1)
        bench.push(entry(FLOOD, value, START + number))
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == 0.0
    assert bench.served()["leak"] == 2.0
    bench.villa.devices = [flood(value=False, at=START + 4)]
    await bench.household.pass_time(HOUR)
    assert bench.served()["leak"] == 2.0


async def test_what_the_poll_knows_better_is_left_to_it(bench: Bench) -> None:
    bench.villa.devices = [flood(value=False, at=START + 10)]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(20)
    bench.push(entry(FLOOD, True, START + 5))
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == 0.0
    assert bench.served()["leak"] == 1.0


async def test_the_model_of_the_device_decides_what_its_alarm_is(bench: Bench) -> None:
    alarm = {"alarm.alarm": state(False)}
    bench.villa.devices = [
        device(alarm, modelName="Motion Sensor Mini"),
        device(alarm, modelName="Window Sensor", id="dev-2"),
    ]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    for name in (DEVICE, "dev-2"):
        bench.push(entry("alarm.alarm", True, START + 1), device_id=name)
    await bench.answer(hanging)
    assert (bench.served()["home_motion_detected"], bench.served()["motion"]) == (1.0, 1.0)
    assert bench.served("dev-2")["home_contact_open"] == 1.0
    assert bench.served("dev-2")["open"] == 1.0


async def test_nothing_is_lost_when_the_poll_fails(bench: Bench) -> None:
    bench.villa.devices = [flood(value=False, at=START - 60)]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    bench.push(entry(FLOOD, True, START + 1))
    bench.villa.poll_error = CloudError(Outcome.SERVER_ERROR, 502)
    await bench.answer(hanging)
    assert bench.served() == {}
    bench.villa.poll_error = None
    await bench.household.pass_time(10 * MINUTE)
    assert bench.served()["home_leak_detected"] == 1.0
    assert bench.served()["leak"] == 1.0


# --- a device that is added later


@pytest.mark.parametrize("has_ended", [False, True])
async def test_a_device_that_is_added_later_is_polled_for_soon_and_its_leak_counted(
    bench: Bench, *, has_ended: bool
) -> None:
    await bench.start()
    await bench.household.pass_time(2 * HOUR)
    polls, at = bench.polls, bench.clock.wall()
    bench.push(entry(FLOOD, True, at))
    bench.villa.devices = [flood(not has_ended, at + has_ended)]
    await bench.household.pass_time(SOON)
    assert bench.polls == polls + 1
    assert bench.served()["home_leak_detected"] == float(not has_ended)
    assert bench.served()["leak"] == 1.0


async def test_what_was_not_dated_before_the_poll_is_left_to_it(bench: Bench) -> None:
    await bench.start()
    await bench.household.pass_time(2 * HOUR)
    bench.push(entry(FLOOD, True, None))
    bench.villa.devices = [flood(value=False, at=None)]
    hanging = bench.hang()
    await bench.household.pass_time(SOON)
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == 0.0
    assert bench.served()["leak"] == 1.0


async def test_a_poll_that_does_not_show_the_device_yet_loses_nothing(bench: Bench) -> None:
    """It was asked before the device was added, and answered after the event."""
    await bench.start()
    hanging = bench.hang()
    await bench.household.pass_time(HOUR)
    at = bench.clock.wall()
    bench.push(entry(FLOOD, True, at))
    await bench.answer(hanging)
    polls = bench.polls
    bench.villa.devices = [flood(value=True, at=at)]
    await bench.household.pass_time(SOON)
    assert bench.polls == polls + 1
    assert bench.served()["home_leak_detected"] == 1.0
    assert bench.served()["leak"] == 1.0


async def test_a_device_that_no_poll_shows_hastens_one_poll_alone(bench: Bench) -> None:
    await bench.start()
    await bench.household.pass_time(2 * HOUR)
    polls = bench.polls
    for _ in range(60):
        bench.push(entry(FLOOD, True, bench.clock.wall()))
        await bench.household.pass_time(120)
    hastened = 1
    assert bench.polls - polls <= hastened + 2 * HOUR / (20 * MINUTE)
    assert bench.outcomes(**UNKNOWN) == 60


async def test_each_of_several_unknown_devices_hastens_a_poll(bench: Bench) -> None:
    await bench.start()
    await bench.household.pass_time(2 * HOUR)
    for number in range(3):
        polls = bench.polls
        bench.push(entry(FLOOD, True, bench.clock.wall()), device_id=f"new-{number}")
        await bench.household.pass_time(SOON)
        assert bench.polls == polls + 1


# --- bounds


async def test_the_last_100_events_are_kept(bench: Bench) -> None:
    bench.villa.devices = [
        flood(value=False, at=START - 60, id=f"dev-{number}") for number in range(103)
    ]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    for number in range(103):
        bench.push(entry(FLOOD, True, START + 1), device_id=f"dev-{number}")
    await bench.answer(hanging)
    text = bench.household.page.render(openmetrics=False).decode()
    (leaks,) = (
        family
        for family in text_string_to_metric_families(text)
        if family.name == "home_leak_detected"
    )
    wet = {sample.labels["device_id"] for sample in leaks.samples if sample.value}
    assert wet == {f"dev-{number}" for number in range(3, 103)}


@pytest.mark.parametrize(("size", "kept"), [(15_000, True), (17_000, False)])
async def test_an_event_of_more_than_16_kib_is_not_kept(
    bench: Bench, size: int, *, kept: bool
) -> None:
    bench.villa.devices = [flood(value=False, at=START - 60)]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    bench.push(entry(FLOOD, True, START + 1), partnerCode="x" * size)
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == float(kept)


async def test_an_event_that_cannot_be_read_later_costs_neither_the_poll_nor_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.villa.devices = [
        flood(value=False, at=START - 60),
        flood(value=False, at=START - 60, id="dev-2"),
    ]
    hanging = bench.hang()
    await bench.start()
    bench.clock.advance(1)
    bench.push(entry(FLOOD, True, START + 1))
    bench.push(entry(FLOOD, True, START + 1), device_id="dev-2")
    read = bench.villa.event

    def fail_once(payload: Any, info_of: InfoOf) -> Event | None:
        if payload["data"]["deviceId"] == DEVICE:
            raise KeyError("said-by-the-cloud")
        return read(payload, info_of)

    monkeypatch.setattr(bench.villa, "event", fail_once)
    await bench.answer(hanging)
    assert bench.served()["home_leak_detected"] == 0.0
    assert bench.served("dev-2")["home_leak_detected"] == 1.0
    told = [record.getMessage() for record in told_records(caplog)]
    assert told.count("an event could not be read") == 1
    assert "said-by-the-cloud" not in str([vars(record) for record in caplog.records])


# --- a poll that is asked for while one runs


async def test_a_socket_that_comes_up_while_a_poll_runs_is_followed_by_another_poll(
    bench: Bench,
) -> None:
    hanging = bench.hang()
    await bench.start()
    assert bench.polls == 1
    bench.clock.advance(10)
    await bench.answer(hanging)
    await bench.household.pass_time(SOON)
    first, second = bench.villa.polled(HOME)
    assert 5 * MINUTE <= second - first <= SOON
    await bench.household.pass_time(20 * MINUTE - SOON)
    assert bench.polls == 2, "one, and then the ordinary cadence"


async def test_a_poll_that_fails_is_not_hastened_by_what_was_asked_meanwhile(
    bench: Bench,
) -> None:
    await bench.start()
    bench.villa.poll_error = CloudError(Outcome.SERVER_ERROR, 503)
    await bench.household.pass_time(3 * HOUR)
    waits = []
    for _ in range(6):
        hanging, polls = bench.hang(), bench.polls
        while bench.polls == polls:
            await bench.household.pass_time(MINUTE)
        bench.villa.listeners[HOME].connected()
        await bench.answer(hanging)
        due = bench.household.planner.due(f"poll/homely/homely-1/{HOME}")
        assert due is not None
        waits.append(due - bench.clock.monotonic())
    assert max(waits) > SOON


async def test_a_poll_is_told_what_was_said_of_a_device_before(bench: Bench) -> None:
    bench.villa.devices = [flood(value=False, at=START)]
    await bench.start()
    told = []
    poll = bench.villa.poll

    async def listen(location_id: str, info_of: InfoOf, /) -> Polled:
        told.append([info_of(DEVICE), info_of("nobody")])
        return await poll(location_id, info_of)

    bench.villa.poll = listen  # type: ignore[method-assign]  # to listen in
    await bench.household.pass_time(SOON)
    ((info, nothing),) = told
    assert info is not None
    assert info["model"] == "Flood Alarm"
    assert nothing is None
