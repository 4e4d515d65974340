"""Rows in two aligned columns that fit a terminal, wrapped where they would not."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

WIDTH = 100
_GAP = 2
_WIDEST_LEFT = 72


def rows(pairs: Sequence[tuple[str, str]], indent: int) -> Iterator[str]:
    """Yield the lines of rows; a left part that is too wide has its right part below it."""
    fitting = [len(left) for left, _ in pairs if len(left) <= _WIDEST_LEFT - indent]
    column = indent + max(fitting, default=0) + _GAP
    for left, right in pairs:
        line = " " * indent + left
        if len(line) + _GAP > column:
            yield line
            line = ""
        first, *more = wrapped(right, WIDTH - column)
        yield f"{line:<{column}}{first}".rstrip()
        yield from (" " * column + one for one in more)


def paragraph(text: str, indent: int, hanging: int = 2) -> Iterator[str]:
    """Yield the lines of a sentence; all but the first are indented further."""
    first, *more = wrapped(text, WIDTH - indent - hanging)
    yield " " * indent + first
    yield from (" " * (indent + hanging) + one for one in more)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width`; at least one, also for no text."""
    lines = textwrap.wrap(text, width, break_on_hyphens=False)
    return lines or [""]


def joined(lines: Iterable[str]) -> str:
    """Return lines as a text."""
    return "".join(f"{line}\n" for line in lines)
