"""Write docs/faults.md from the table that the tests of faults stand on.

Usage: python -m scripts.document_faults [--check]
"""

import sys

from scripts.generated import ROOT, settle
from tests.faults.served import in_words
from tests.faults.table import ROWS, Promise, Row

_NAMES = {"homely": "Homely", "wally": "Wally"}


def _served(promise: Promise) -> str:
    return promise.served.text


def _signs(promise: Promise) -> str:
    return ", ".join(sign.text for sign in promise.signs)


def _within(promise: Promise) -> str:
    return in_words(promise.within)


def _told(cells: dict[str, str]) -> str:
    """Return what is the same for all vendors once, and what is not under each one's name."""
    if len(set(cells.values())) == 1:
        only = next(iter(cells))
        return cells[only]
    return "; ".join(f"{_NAMES[vendor]}: {cell}" for vendor, cell in cells.items())


def _row(row: Row) -> str:
    cells = [
        _told({vendor: tell(promise) for vendor, promise in row.promises.items()})
        for tell in (_served, _signs, _within)
    ]
    title = f"{row.title} (Homely)" if list(row.promises) == ["homely"] else row.title
    return f"| {' | '.join([title, *cells])} | `{row.test}` |"


def page() -> str:
    """Return docs/faults.md."""
    return "\n".join(
        [
            "# Faults",
            "",
            "What the exporter does when something goes wrong. Written by `make docs` from",
            "`tests/faults/table.py`; each row is a test of `tests/faults/`, which brings the",
            "fault about through the simulator's real servers and holds the whole exporter to",
            "these words and numbers.",
            "",
            "The metrics have the prefix `home_exporter_`. *Recovered after* is the longest time",
            "from the end of the fault until all is well again: `home_up` and `account_up` 1,",
            "readings fresh, the socket up. It is so long after a fault that lasted for hours,",
            "since the waits between two tries grow; after a short one it is less. The intervals",
            "are those of the defaults. A fault of one vendor or location never shows at another.",
            "",
            "| fault | what stays served | what the metrics say | recovered after | test |",
            "|---|---|---|---|---|",
            *(_row(row) for row in ROWS.values()),
            "",
        ]
    )


def main() -> int:
    """Write the page, or with --check only tell whether it is in step."""
    return settle({ROOT / "docs/faults.md": page()})


if __name__ == "__main__":
    sys.exit(main())
