"""However little of a device a push is published for: the page is that of all that is held."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition import Exposition
from exporter.store.store import Store
from tests.mapping.mutations import MODEST
from tests.mapping.payloads import device, state
from tests.store.bench import HOUR, HomelyBench
from tests.support.manual_clock import START

SOURCES: dict[str, st.SearchStrategy[Any]] = {
    "temperature.temperature": st.one_of(st.none(), st.floats(-30, 50)),
    "thermostat.LocalTemperature": st.integers(-3000, 5000),
    "alarm.flood": st.booleans(),
    "alarm.tamper": st.one_of(st.none(), st.booleans()),
    "metering.demand": st.integers(-100, 100),
    "metering.summationdelivered": st.integers(0, 3),
    "diagnostic.networklinkstrength": st.integers(0, 100),
    "report.lowbat": st.booleans(),
    "battery.low": st.booleans(),
    "setup.odd": st.integers(0, 3),
}
#: Seconds that pass, what is then pushed (a source, its value, and how old it says that it is),
#: whether a poll came before it, and whether what had grown old was looked for.
steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, HOUR, 2.9 * HOUR, 3 * HOUR, 23 * HOUR, 25 * HOUR]),
        st.sampled_from(sorted(SOURCES)).flatmap(
            lambda source: st.tuples(st.just(source), SOURCES[source])
        ),
        st.one_of(st.none(), st.sampled_from([0.0, 1.0, HOUR, 23 * HOUR, 30 * HOUR])),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)


def shown(page: Exposition) -> list[str]:
    """Return what is served of devices."""
    lines = page.render(openmetrics=True).decode().split("\n")
    return sorted(line for line in lines if "device_id=" in line)


def published_anew(bench: HomelyBench) -> Exposition:
    """Return the page of all that is held, with nothing published before."""
    page = Exposition()
    store = Store(bench.clock, page)
    for location in bench.store.locations.values():
        store.remember(location)
    return page


@MODEST
@given(st.sets(st.sampled_from(sorted(SOURCES))), steps, st.data())
def test_the_page_after_any_pushes_is_that_of_what_is_held(
    first: set[str], history: list[Any], data: Any
) -> None:
    bench = HomelyBench()
    states = {source: state(data.draw(SOURCES[source]), START) for source in sorted(first)}
    bench.poll(device(states))
    for wait, (source, value), age, is_polled, is_looked_for in history:
        bench.clock.advance(wait)
        if is_looked_for:
            bench.store.expire()
            assert shown(bench.page) == shown(published_anew(bench))
        if is_polled:
            bench.poll(device(states))
        bench.change(source, value, None if age is None else bench.now - age)
        assert shown(bench.page) == shown(published_anew(bench))


def test_a_push_without_a_value_brings_back_what_it_shows_to_be_alive() -> None:
    bench = HomelyBench()
    bench.poll(device({"temperature.temperature": state(21.0, START), "alarm.tamper": None}))
    bench.clock.advance(3 * HOUR)
    bench.store.expire()
    assert "home_temperature_celsius" not in "".join(shown(bench.page))
    bench.change("alarm.tamper", None, bench.now)
    assert "home_temperature_celsius" in "".join(shown(bench.page))


def test_a_push_that_is_older_than_what_was_undated_goes_at_its_own_time() -> None:
    bench = HomelyBench()
    states = {"temperature.temperature": state(21.0, None), "alarm.tamper": state(False, START)}
    bench.poll(device(states))
    bench.change("temperature.temperature", 22.0, bench.now - 23 * HOUR)
    assert "home_temperature_celsius" in "".join(shown(bench.page))
    bench.clock.advance(1.1 * HOUR)
    bench.store.expire()
    assert "home_temperature_celsius" not in "".join(shown(bench.page))
