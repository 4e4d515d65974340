"""Whatever the order in which events arrive: the newest value is held, every edge counts once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.mapping.mutations import MODEST
from tests.mapping.payloads import device, state
from tests.store.bench import HomelyBench
from tests.support.manual_clock import START

TAMPER = "alarm.tamper"
#: What really happened, one value each second; the baseline before it is False.
HISTORIES = st.lists(st.booleans(), min_size=1, max_size=6)
Told = tuple[int, bool]


def rises(history: list[bool]) -> int:
    return sum(after and not before for before, after in pairwise([False, *history]))


def polled() -> HomelyBench:
    bench = HomelyBench()
    bench.poll(device({TAMPER: state(False)}))
    return bench


def tampers(bench: HomelyBench) -> float:
    return bench.served()['home_events_total{event="tamper"}']


@MODEST
@given(HISTORIES, st.data())
def test_events_in_any_order_count_every_edge_once(
    history: list[bool], data: st.DataObject
) -> None:
    truth = list(enumerate(history, start=1))
    again = data.draw(st.lists(st.sampled_from(truth), max_size=3))
    told: list[Told] = data.draw(st.permutations([*truth, *again]))
    bench = polled()
    for second, value in told:
        bench.change(TAMPER, value, START + second)
    assert bench.served()["home_tamper_detected"] == float(history[-1])
    assert tampers(bench) == rises(history)


@MODEST
@given(HISTORIES, st.data())
def test_events_and_polls_in_order_count_every_edge_once(
    history: list[bool], data: st.DataObject
) -> None:
    bench = polled()
    for second, value in enumerate(history, start=1):
        ways = data.draw(st.lists(st.sampled_from(["socket", "poll"]), min_size=1, max_size=3))
        for way in ways:
            bench.clock.advance(0.1)
            if way == "socket":
                bench.change(TAMPER, value, START + second)
            else:
                bench.poll(device({TAMPER: state(value, START + second)}))
    assert bench.served()["home_tamper_detected"] == float(history[-1])
    assert tampers(bench) == rises(history)
