"""Files that are made from the code: written, or only told whether they are in step."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def settle(wanted: Mapping[Path, str]) -> int:
    """Write the files, or with --check only tell which are out of step; return the exit code."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of step: run `make docs`")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
    return 0


def between(text: str, begin: str, end: str, lines: Sequence[str]) -> str:
    """Return a text with other lines between two marks."""
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + "\n".join([begin, "", *lines, "", end]) + after
