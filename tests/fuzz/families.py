"""A quick look at a whole page: what was read once by the reference parsers is not read again.

Both formats are read line by line, and what a line may be depends on its own family alone. So a
family whose text did not change is as valid as it was; the rest, and the order of the families,
are looked at each time. That makes the look several times as fast as two parsers on each page.
"""

import math
import re

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from exporter.catalog import BY_NAME

_FAMILY = re.compile(r"^# HELP ", re.MULTILINE)
_Sample = tuple[str, frozenset[tuple[str, str]], float]


class Look:
    """Looks at pages; `families` counts what the parsers had to read."""

    def __init__(self) -> None:
        self._valid: dict[tuple[str, str], None] = {}
        self.families = 0

    def check(self, plain: str, openmetrics: str) -> None:
        """Check that both pages are valid and say the same; raises ValueError or AssertionError."""
        families, twins = _split(plain), _split(openmetrics)
        assert len(families) == len(twins)
        for pair in zip(families, twins, strict=True):
            if pair not in self._valid:
                self._read(*pair)
                if len(self._valid) > 50_000:
                    self._valid.clear()
                self._valid[pair] = None
        names = [family.split(" ", 3)[2] for family in families]
        assert len(names) == len(set(names)), "a family is in two pieces"

    def _read(self, plain: str, openmetrics: str) -> None:
        self.families += 1
        samples = _samples(list(parse_plain(plain)))
        twin = parse_openmetrics(openmetrics + "# EOF\n")  # type: ignore[no-untyped-call]  # unannotated upstream
        assert _samples(list(twin)) == samples
        assert samples, "a family without samples"
        assert len({(name, labels) for name, labels, _ in samples}) == len(samples)
        for sample in samples:
            _check_sample(sample)


def _split(page: str) -> list[str]:
    """Return the text of each family of a page, headers included."""
    found = ["# HELP " + family for family in _FAMILY.split(page)[1:]]
    assert sum(map(len, found)) == len(page)
    return found


def _samples(families: list[Metric]) -> list[_Sample]:
    assert len(families) == 1
    assert families[0].documentation
    found = families[0].samples
    return [(one.name, frozenset(one.labels.items()), float(one.value)) for one in found]


def _check_sample(sample: _Sample) -> None:
    """Check that a value is within what its metric can be."""
    name, labels, value = sample
    assert math.isfinite(value)
    metric = BY_NAME.get(name)
    if metric is not None and metric.boolean:
        assert value in (0.0, 1.0)
    if metric is not None and metric.bounds is not None:
        assert metric.bounds[0] <= value <= metric.bounds[1]
    assert all(len(text) <= 128 for _, text in labels)
