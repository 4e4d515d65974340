"""Draw docs/code-map.svg: the rooms of exporter/, in the order that their imports keep.

Usage: python -m scripts.document_map [--check]
"""

import ast
import sys
from xml.sax.saxutils import escape

from scripts.generated import ROOT, settle
from tests.test_architecture import LAYERS
from tests.test_architecture import ROOT as ROOMS

_WIDTH, _ROW, _BOX, _GAP, _CHARACTER = 1000, 40, 28, 10, 9.0
_MARGIN = 16
_STYLE = (
    ".r{fill:#fff;stroke:#3c7a4e;stroke-width:1.4}"
    ".t{font-size:13.5px;font-weight:600;text-anchor:middle;fill:#16202a}"
    ".s{font-size:11.5px;fill:#44525f}"
)


def _sentence(room: str) -> str:
    path = ROOMS / room / "__init__.py"
    text = (path if path.exists() else ROOMS / f"{room}.py").read_text()
    return (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]


def _row(rooms: list[str], top: float) -> list[str]:
    widths = [len(room) * _CHARACTER + 2 * _GAP for room in rooms]
    left = float(_MARGIN)
    drawn = []
    for room, width in zip(rooms, widths, strict=True):
        drawn += [
            (
                f"<g><title>{escape(_sentence(room))}</title>"
                f'<rect class="r" x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_BOX}"'
                ' rx="7"/>'
                f'<text class="t" x="{left + width / 2:.0f}" y="{top + 19}">{room}</text></g>'
            )
        ]
        left += width + _GAP
    if len(rooms) == 1:
        drawn += [
            f'<text class="s" x="{left:.0f}" y="{top + 19}">{escape(_sentence(*rooms))}</text>'
        ]
    return drawn


def picture() -> str:
    """Return the picture."""
    layers = [sorted(rooms - {"__init__", "__main__"}) for rooms in reversed(LAYERS)]
    rows = [rooms for rooms in layers if rooms]
    height = 40 + _ROW * len(rows)
    names = "; ".join(", ".join(rooms) for rooms in rows)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            f' aria-label="From the top: {names}" font-family="system-ui, sans-serif">'
        ),
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" rx="12" fill="#f3f8f3"/>',
        '<text class="s" x="16" y="22">A room imports only rooms that stand below it.</text>',
    ]
    for number, rooms in enumerate(rows):
        lines += _row(rooms, 32 + number * _ROW)
    return "\n".join([*lines, "</svg>", ""])


def main() -> int:
    """Write the picture, or with --check only tell whether it is in step."""
    return settle({ROOT / "docs/code-map.svg": picture()})


if __name__ == "__main__":
    sys.exit(main())
