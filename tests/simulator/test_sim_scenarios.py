"""Scenarios: each runs to its end on a clock moved by hand, in every world."""

import pytest

from exporter.simulator import SCENARIOS, Simulator, demo_world, fleet_world, small_world
from tests.simulator.helpers import Client, MakeClient
from tests.support.manual_clock import ManualClock

NAMES = {
    "calm",
    "leak",
    "frost",
    "break-in",
    "cloud-outage",
    "rate-limit",
    "flapping-socket",
    "demo",
}


def test_names() -> None:
    assert set(SCENARIOS) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_steps_are_in_order_and_told_in_sentences(name: str) -> None:
    scenario = SCENARIOS[name]
    times = [step.at for step in scenario.steps]
    assert times == sorted(times)
    assert scenario.duration == times[-1]
    assert all(step.sentence[0].isupper() or step.sentence[0].isdigit() for step in scenario.steps)
    assert all(step.sentence.endswith(".") for step in scenario.steps)


@pytest.mark.parametrize("build", [demo_world, small_world, lambda: fleet_world(2)])
@pytest.mark.parametrize("name", sorted(NAMES))
async def test_runs_to_its_end(
    name: str, build: object, clock: ManualClock, make_client: MakeClient
) -> None:
    world = build() if callable(build) else None
    sim = Simulator(clock=clock, world=world, scenario=name)
    told: list[str] = []
    sim.on_step = lambda step: told.append(step.sentence)
    await make_client(sim)
    for _ in range(int(sim.scenario.duration) + 1):
        clock.advance(1)
        await sim.advance()
    assert sim.finished
    assert told == [step.sentence for step in sim.scenario.steps]
    assert told == [step.sentence for step in sim.told]


async def play(client: Client, clock: ManualClock, name: str, until: float) -> None:
    client.sim.play(name)
    for _ in range(int(until)):
        clock.advance(1)
        await client.sim.advance()


def flooded(client: Client) -> list[bool]:
    devices = [device for home in client.sim.world.homes for device in home.devices]
    return [d.read("alarm", "flood") for d in devices if d.model == "Flood Alarm"]


async def test_leak_comes_and_goes(client: Client, clock: ManualClock) -> None:
    await play(client, clock, "leak", 11)
    assert flooded(client).count(True) == 1
    for _ in range(200):
        clock.advance(1)
        await client.sim.advance()
    assert flooded(client).count(True) == 1
    sensor = client.sim.world.places[0].sensors[0]
    assert sensor.read("state", "LEAK") == 15
    assert sensor.data["activities"][0]["state"] == "acknowledged"
    for _ in range(60):
        clock.advance(1)
        await client.sim.advance()
    assert flooded(client).count(True) == 0
    assert sensor.read("state", "LEAK") == 0


async def test_outage_breaks_both_clouds_and_heals(client: Client, clock: ManualClock) -> None:
    await play(client, clock, "cloud-outage", 20)
    assert (await client.get("/homely/locations")).status == 502
    assert (await client.wally("/v2/places")).status == 504
    for _ in range(120):
        clock.advance(1)
        await client.sim.advance()
    assert (await client.wally("/v2/places")).status == 200


async def test_rate_limit_has_both_retry_afters(client: Client, clock: ManualClock) -> None:
    await play(client, clock, "rate-limit", 6)
    answer = await client.get("/homely/locations")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "4")
    assert answer.json["retryAfter"] == 4


async def test_break_in_breaches(client: Client, clock: ManualClock) -> None:
    await play(client, clock, "break-in", 30)
    assert "BREACHED" in [home.alarm_state for home in client.sim.world.homes]


async def test_frost_falls_below_zero(client: Client, clock: ManualClock) -> None:
    await play(client, clock, "frost", 100)
    devices = [device for home in client.sim.world.homes for device in home.devices]
    assert -3.2 in [device.read("temperature", "temperature") for device in devices]


async def test_the_background_task_moves_the_world(small: Client, clock: ManualClock) -> None:
    small.sim.play("leak")
    await clock.run(15)
    assert flooded(small) == [True]
