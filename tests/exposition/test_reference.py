"""The page says what prometheus_client would say of the same samples."""

from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import RENDERED
from exporter.exposition import Exposition
from exporter.series import Sample
from tests.exposition.pages import END, parse
from tests.exposition.reference import State, render
from tests.exposition.states import contents, metrics_of, owners
from tests.mapping.mutations import MODEST

states = st.dictionaries(owners, st.none(), max_size=4).flatmap(
    lambda chosen: st.fixed_dictionaries({owner: contents(owner) for owner in chosen})
)


def page_of(state: State, *, openmetrics: bool) -> str:
    page = Exposition()
    for owner, (base, samples) in state.items():
        page.put(owner, base, samples)
    assert page.series == sum(len(samples) for _, samples in state.values())
    return page.render(openmetrics=openmetrics).decode()


def one_of_each_metric() -> State:
    state: dict[tuple[str, ...], tuple[tuple[str, ...], list[Sample]]] = {}
    for owner in (("homely", "home-1"), ("homely", "home-1", "dev-1"), ("", "homely", "mine")):
        found = [
            Sample(metric, tuple(f"own {name}" for name in metric.labels), 1.0)
            for metric in metrics_of(owner)
        ]
        names = len(found[0].metric.label_names) - len(found[0].metric.labels)
        state[owner] = (tuple(f"label {number}" for number in range(names)), found)
    return state


def test_every_metric_has_the_name_type_help_unit_and_samples_of_the_reference() -> None:
    state = one_of_each_metric()
    assert sum(len(samples) for _, samples in state.values()) == len(RENDERED)
    for openmetrics in (False, True):
        ours = page_of(state, openmetrics=openmetrics) + (END if openmetrics else "")
        theirs = render(state, openmetrics=openmetrics)
        families = parse(ours, openmetrics=openmetrics)
        assert families == parse(theirs, openmetrics=openmetrics)
        assert len(families) == len(RENDERED)


@MODEST
@given(states)
def test_random_samples_are_read_as_those_of_the_reference(state: State) -> None:
    ours, theirs = page_of(state, openmetrics=False), render(state, openmetrics=False)
    assert parse(ours, openmetrics=False) == parse(theirs, openmetrics=False)


@MODEST
@given(states)
def test_random_samples_are_read_as_those_of_the_reference_in_openmetrics(state: State) -> None:
    ours = page_of(state, openmetrics=True) + END
    assert parse(ours, openmetrics=True) == parse(render(state, openmetrics=True), openmetrics=True)


@MODEST
@given(states)
def test_the_families_stand_in_the_order_of_the_reference(state: State) -> None:
    for openmetrics in (False, True):
        ours, theirs = (
            [line for line in page.splitlines() if line.startswith("# TYPE")]
            for page in (
                page_of(state, openmetrics=openmetrics),
                render(state, openmetrics=openmetrics),
            )
        )
        assert ours == theirs
