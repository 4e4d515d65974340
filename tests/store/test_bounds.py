"""Bounds: what a cloud sends can fill neither the memory nor the page."""

from typing import Any

from tests.mapping.payloads import device, sensor, state
from tests.store.bench import HOMELY_POLICY, HomelyBench, WallyBench


def lines(bench: HomelyBench | WallyBench, device_id: str | None = None) -> list[str]:
    """Return the device samples of the page, unparsed: there are thousands."""
    wanted = "device_id=" if device_id is None else f'device_id="{device_id}"'
    return [line for line in bench.text().splitlines() if wanted in line]


def crowd(count: int, states: int) -> list[Any]:
    """Return devices of a battery and this many other states."""
    others = {f"sauna.s{number}": state(number) for number in range(states)}
    return [
        device({**others, "battery.low": state(False)}, id=f"dev-{number:03}")
        for number in range(count)
    ]


def test_a_location_has_500_devices_and_no_more(homely: HomelyBench) -> None:
    homely.poll(*crowd(503, 0))
    assert sum("home_battery_low{" in line for line in lines(homely)) == 500
    assert lines(homely, "dev-499")
    assert not lines(homely, "dev-500")
    assert sum(homely.dropped) > 0
    assert homely.location()["home_location_devices"] == 500.0


def test_devices_beyond_the_bound_are_counted_once(homely: HomelyBench) -> None:
    homely.poll(*crowd(503, 0))
    dropped = sum(homely.dropped)
    homely.poll(*crowd(503, 0))
    assert sum(homely.dropped) == dropped
    homely.poll(*crowd(504, 0))
    assert sum(homely.dropped) > dropped


def test_devices_beyond_the_bound_come_in_when_there_is_room(homely: HomelyBench) -> None:
    everyone = crowd(501, 0)
    homely.poll(*everyone)
    homely.poll(*everyone[1:])
    homely.poll(*everyone[1:])
    assert not lines(homely, "dev-000")
    homely.poll(*everyone[1:])
    assert lines(homely, "dev-500")


def test_another_location_has_its_own_500_devices(homely: HomelyBench) -> None:
    homely.add("home-2", HOMELY_POLICY)
    homely.poll(*crowd(500, 0))
    homely.key = ("homely", "home-2")
    homely.poll(device({"battery.low": state(True)}, id="dev-new"))
    assert lines(homely, "dev-new")


def series(bench: HomelyBench) -> int:
    """Return how many series the page has, the location's own among them."""
    return sum(not line.startswith("#") for line in bench.text().splitlines())


def others(bench: HomelyBench) -> int:
    """Return how many states without a metric of their own the page has."""
    return sum(line.startswith("home_device_state{") for line in lines(bench))


def rich(count: int) -> list[Any]:
    """Return devices of 13 series each, none of which nobody has asked for."""
    known = [
        *(f"thermostat.{name}" for name in ("mf408", "mf414", "mf415")),
        *(f"thermostat.Abs{bound}HeatSetpointLimit" for bound in ("Min", "Max")),
        *(f"thermostat.Occupied{mode}Setpoint" for mode in ("Heating", "Cooling")),
        "metering.demand",
    ]
    return [
        device({source: state(5) for source in known}, id=f"dev-{number:03}")
        for number in range(count)
    ]


def test_a_location_has_5000_series_and_no_more(homely: HomelyBench) -> None:
    homely.poll(*rich(500))
    dropped = sum(homely.dropped)
    assert dropped > 0
    assert series(homely) == 5000 == homely.page.series
    homely.poll(*rich(500))
    assert series(homely) == 5000
    assert sum(homely.dropped) == dropped


def test_states_that_nobody_asked_for_take_half_of_the_series_at_the_most(
    homely: HomelyBench,
) -> None:
    homely.poll(*crowd(110, 50))
    assert others(homely) == 2500
    assert sum(homely.dropped) == 110 * 50 - 2500
    assert sum("home_battery_low{" in line for line in lines(homely)) == 110


def test_series_beyond_the_bound_are_counted_once(homely: HomelyBench) -> None:
    everyone = crowd(110, 50)
    for _ in range(3):
        homely.poll(*everyone)
    assert sum(homely.dropped) == 110 * 50 - 2500
    assert others(homely) == 2500


def test_series_that_go_make_room_for_others(homely: HomelyBench) -> None:
    everyone = crowd(51, 50)
    homely.poll(*everyone)
    assert len(lines(homely, "dev-050")) == 4
    for _ in range(3):
        homely.poll(*everyone[1:])
    assert others(homely) == 2500
    assert len(lines(homely, "dev-050")) == 54


def test_another_location_has_its_own_5000_series(homely: HomelyBench) -> None:
    homely.add("home-2", HOMELY_POLICY)
    homely.poll(*crowd(110, 50))
    homely.key = ("homely", "home-2")
    homely.poll(*crowd(2, 50))
    second = [line for line in lines(homely) if 'location_id="home-2"' in line]
    assert len(second) == 2 * 54


def test_the_page_counts_the_series_that_it_holds(homely: HomelyBench, wally: WallyBench) -> None:
    homely.poll(*crowd(110, 50))
    wally.poll(sensor({}))
    for bench in (homely, wally):
        samples = [line for line in bench.text().splitlines() if not line.startswith("#")]
        assert bench.page.series == len(samples)
