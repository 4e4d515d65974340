"""Whatever was put and dropped before: the page is that of what is held now."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import Kind, readings
from exporter.exposition import Exposition
from exporter.series import Owner, Sample
from tests.exposition.states import VALUES, contents, owners
from tests.mapping.mutations import MODEST

Contents = tuple[tuple[str, ...], list[Sample]]
Step = tuple[Owner, Contents | None]

steps = st.lists(
    owners.flatmap(lambda owner: st.tuples(st.just(owner), st.one_of(st.none(), contents(owner)))),
    max_size=12,
)


def blocks(page: bytes) -> list[tuple[str, list[str]]]:
    """Return each family's metadata and its sorted lines: the order of owners is not promised."""
    found: list[tuple[str, list[str]]] = []
    for line in page.decode().split("\n")[:-1]:
        if line.startswith("# HELP"):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return [(header, sorted(lines)) for header, lines in found]


def apply(page: Exposition, step: Step) -> None:
    owner, held = step
    if held is None:
        page.drop(owner)
    else:
        page.put(owner, *held)


def fresh(state: dict[Owner, Contents]) -> Exposition:
    page = Exposition()
    for owner, held in state.items():
        page.put(owner, *held)
    return page


@MODEST
@given(steps)
def test_any_sequence_leaves_the_page_of_its_final_state(history: list[Step]) -> None:
    page = Exposition()
    state: dict[Owner, Contents] = {}
    for step in history:
        apply(page, step)
        owner, held = step
        if held is None:
            state.pop(owner, None)
        else:
            state[owner] = held
    for openmetrics in (False, True):
        expected = fresh(state).render(openmetrics=openmetrics)
        assert blocks(page.render(openmetrics=openmetrics)) == blocks(expected)
    assert page.series == fresh(state).series


@MODEST
@given(steps)
def test_the_generation_moves_whenever_the_page_does(history: list[Step]) -> None:
    page = Exposition()
    for step in history:
        generation, before = page.generation, page.render(openmetrics=False)
        apply(page, step)
        if page.render(openmetrics=False) != before:
            assert page.generation > generation


@MODEST
@given(steps, st.data())
def test_putting_the_same_again_changes_nothing(history: list[Step], data: Any) -> None:
    page = Exposition()
    for step in history:
        apply(page, step)
    owner = data.draw(owners)
    held = data.draw(contents(owner))
    page.put(owner, *held)
    generation, before = page.generation, page.render(openmetrics=True)
    page.put(owner, *held)
    assert page.generation == generation
    assert page.render(openmetrics=True) == before


@MODEST
@given(steps, st.data())
def test_refreshed_values_are_as_if_all_had_been_put(history: list[Step], data: Any) -> None:
    page = Exposition()
    state: dict[Owner, Contents] = {}
    for owner, held in history:
        if held is not None:
            page.put(owner, *held)
            state[owner] = held
    for owner, (base, samples) in state.items():
        chosen = {one.metric for one in samples if data.draw(st.booleans())}
        values = {one: data.draw(VALUES) for one in samples if one.metric in chosen}
        renewed = [one._replace(value=values.get(one, one.value)) for one in samples]
        generation, before = page.generation, page.render(openmetrics=False)
        new = [one for one in renewed if one.metric in chosen]
        assert page.refresh(owner, chosen, new) is bool(samples)
        state[owner] = (base, renewed)
        assert (page.generation != generation) is (page.render(openmetrics=False) != before)
    for openmetrics in (False, True):
        expected = fresh(state).render(openmetrics=openmetrics)
        assert blocks(page.render(openmetrics=openmetrics)) == blocks(expected)
    assert page.series == fresh(state).series


@MODEST
@given(owners, st.data())
def test_other_series_are_not_refreshed(owner: Owner, data: Any) -> None:
    base, samples = data.draw(contents(owner))
    _, others = data.draw(contents(owner))
    page = Exposition()
    page.put(owner, base, samples)
    metrics = {one.metric for one in (*samples, *others)}
    if not metrics:
        return
    series = {one[:2] for one in samples}, {one[:2] for one in others}
    before = page.render(openmetrics=True), page.generation
    is_refreshed = page.refresh(owner, metrics, others)
    if series[0] != series[1]:
        assert not is_refreshed
        assert (page.render(openmetrics=True), page.generation) == before


@MODEST
@given(steps)
def test_dropping_everyone_leaves_an_empty_page(history: list[Step]) -> None:
    page = Exposition()
    for step in history:
        apply(page, step)
    for owner, _ in history:
        page.drop(owner)
    assert page.render(openmetrics=False) == b""
    assert page.series == 0


def test_dropping_who_is_not_there_changes_nothing() -> None:
    page = Exposition()
    page.drop(("homely", "home-1"))
    assert (page.generation, page.series, page.render(openmetrics=True)) == (0, 0, b"")


def test_the_samples_of_an_owner_stay_together_in_a_family() -> None:
    page = Exposition()
    metric = readings.ALARM_STATE
    assert metric.kind is Kind.STATESET
    states = ("DISARMED", "ARMED_AWAY", "BREACHED")
    for location in ("home-1", "home-2", "home-3"):
        base = ("homely", location, "Home")
        page.put(("homely", location), base, [Sample(metric, (one,), 0.0) for one in states])
    page.drop(("homely", "home-2"))
    lines = [line for line in page.render(openmetrics=True).decode().split("\n") if "=" in line]
    assert [line.split('"')[3] for line in lines] == ["home-1"] * 3 + ["home-3"] * 3
