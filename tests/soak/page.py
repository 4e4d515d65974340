"""The page as a scraper reads it, again and again: only lines that changed are parsed."""

import re

from tests.exposition.pages import END, parse

_LINE = re.compile(r"(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SHARED = {"vendor", "location_id", "location", "room", "device", "device_id"}

#: A metric's name and the values of its own labels.
Series = tuple[str, tuple[str, ...]]
#: Location id, and device id or "".
Owner = tuple[str, str]
_Parsed = tuple[Owner, Series, float]


class Page:
    """What is served, by owner and series."""

    def __init__(self) -> None:
        self._lines: frozenset[str] = frozenset()
        self._known: dict[str, _Parsed] = {}
        self.owners: dict[Owner, dict[Series, float]] = {}
        self.faults: list[str] = []

    def update(self, text: str) -> None:
        """Take the page as it is now."""
        listed = text.split("\n")
        lines = frozenset(listed)
        if lines == self._lines:
            return
        if len(listed) != len(lines):
            self.faults.append("a line is served twice")
        for line in self._lines - lines:
            self._forget(line)
        for line in lines - self._lines:
            self._take(line)
        self._lines = lines

    def of(self, location: str, device: str = "") -> dict[Series, float]:
        """Return the series of a location or of a device."""
        return self.owners.get((location, device), {})

    def _take(self, line: str) -> None:
        # What is said of accounts is looked at beside the calls that the clouds have seen.
        if not line or line.startswith("#") or "location_id=" not in line:
            return
        parsed = self._known[line] = _parse(line)
        owner, series, value = parsed
        held = self.owners.setdefault(owner, {})
        if series in held:
            self.faults.append(f"{owner} has {series} twice")
        if value != value or abs(value) == float("inf"):  # noqa: PLR0124  # NaN alone differs
            self.faults.append(f"not finite: {line}")
        held[series] = value

    def _forget(self, line: str) -> None:
        parsed = self._known.pop(line, None)
        if parsed is not None:
            owner, series, _ = parsed
            del self.owners[owner][series]
            if not self.owners[owner]:
                del self.owners[owner]


def _parse(line: str) -> _Parsed:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    labels = dict(_LABEL.findall(match["labels"]))
    own = tuple(value for name, value in labels.items() if name not in _SHARED)
    owner = (labels["location_id"], labels.get("device_id", ""))
    return owner, (match["name"], own), float(match["value"])


def check_formats(text: str, openmetrics: str) -> None:
    """Let the reference parsers read the page in both formats; they raise ValueError."""
    parse(text, openmetrics=False)
    parse(openmetrics + END, openmetrics=True)
