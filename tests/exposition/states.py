"""Random contents of a page, with the label values that break renderers."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from exporter.catalog import RENDERED, Kind, Metric, Scope
from exporter.series import Owner, Sample

NASTY = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "trailing ",
            '"',
            "\\",
            "\\n",
            "\n",
            'a"b\\c\nd',
            "\\\\",
            '\\"',
            "}",
            "{",
            ",",
            "=",
            ' # {a="b"} 1',
            "# EOF",
            "# HELP x",
            "\N{FIRE}\N{ZERO WIDTH JOINER}",
            "Ås \N{RIGHT-TO-LEFT OVERRIDE}",
            "\N{LINE SEPARATOR}",
            "NaN",
            "x" * 128,
        ]
    ),
    # What the mappings let through: no control characters but tab and line feed, no surrogates.
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\t\n"),
        max_size=10,
    ),
)
# Adding zero makes -0.0 a plain zero: both are the same sample, and only one is written.
VALUES = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
DEVICE_METRICS = [metric for metric in RENDERED if metric.scope is Scope.DEVICE]
LOCATION_METRICS = [metric for metric in RENDERED if metric.scope is Scope.LOCATION]
ACCOUNT_METRICS = [metric for metric in RENDERED if metric.scope is Scope.ACCOUNT]
_OWNERS = [
    ("v", "a"),
    ("v", "b"),
    ("v", "a", "1"),
    ("v", "a", "2"),
    ("v", "b", "1"),
    ("", "v", "a"),
    ("", "v", "b"),
]

Draw = Callable[[st.SearchStrategy[Any]], Any]


def metrics_of(owner: Owner) -> list[Metric]:
    """Return the metrics that such an owner can have."""
    if not owner[0]:
        return ACCOUNT_METRICS
    return LOCATION_METRICS if len(owner) == 2 else DEVICE_METRICS


def _value(metric: Metric) -> st.SearchStrategy[float]:
    if metric.kind is Kind.INFO:
        return st.just(1.0)
    if metric.kind is Kind.STATESET:
        return st.sampled_from([0.0, 1.0])
    return VALUES.map(abs) if metric.kind is Kind.COUNTER else VALUES


@st.composite
def samples_of(draw: Draw, owner: Owner) -> list[Sample]:
    """Return samples of a few metrics; those of one metric follow each other."""
    found: list[Sample] = []
    chosen = draw(st.lists(st.sampled_from(metrics_of(owner)), max_size=4, unique=True))
    for metric in chosen:
        labels = st.tuples(*(NASTY for _ in metric.labels))
        series = draw(st.lists(labels, min_size=1, max_size=3, unique=True))
        found += [Sample(metric, own, draw(_value(metric))) for own in series]
    return found


@st.composite
def contents(draw: Draw, owner: Owner) -> tuple[tuple[str, ...], list[Sample]]:
    """Return an owner's shared label values, which begin with its identity, and its samples."""
    if not owner[0]:
        return owner[1:], draw(samples_of(owner))
    names = [draw(NASTY) for _ in range(1 if len(owner) == 2 else 3)]
    base = (*owner, *names) if len(owner) == 2 else (*owner[:2], *names, owner[2])
    return base, draw(samples_of(owner))


owners = st.sampled_from(_OWNERS)
