"""A chart in SVG that is readable on light and on dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _GAP = 400, 230, 20
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 18, 40, 42
_TICKS = 4
_STEPS = (1, 2, 4, 6, 8, 10)
_STYLE = """\
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .faint { fill: #57606a; }
  .grid { stroke: #d0d7de; }
  .line { stroke: #0969da; stroke-width: 2; fill: none; }
  .dot { fill: #0969da; }
  .back { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .faint { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .line { stroke: #58a6ff; }
    .dot { fill: #58a6ff; }
    .back { fill: #0d1117; }
  }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One line over the number of homes."""

    title: str
    unit: str
    points: Sequence[tuple[float, float]]


def draw(panels: Sequence[Panel], described: str) -> str:
    """Return the panels, two in a row, as one picture."""
    rows = (len(panels) + 1) // 2
    width, height = 2 * _WIDTH + _GAP, rows * (_HEIGHT + _GAP) - _GAP
    drawn = [
        _panel(panel, (index % 2) * (_WIDTH + _GAP), (index // 2) * (_HEIGHT + _GAP))
        for index, panel in enumerate(panels)
    ]
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    label = f'role="img" aria-label="{escape(described)}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>',
            f"<style>\n{_STYLE}</style>",
            f'<rect class="back" width="{width}" height="{height}"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def _panel(panel: Panel, left: float, top: float) -> str:
    farthest, highest = (_above(max(column)) for column in zip(*panel.points, strict=True))
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return round(_LEFT + wide * x / farthest, 1), round(_TOP + high * (1 - y / highest), 1)

    parts = [f'<text class="title" x="{_LEFT}" y="22">{escape(panel.title)}</text>']
    for tick in range(_TICKS + 1):
        x, y = farthest * tick / _TICKS, highest * tick / _TICKS
        across, down = at(0, y)[1], at(x, 0)[0]
        parts += [
            f'<line class="grid" x1="{_LEFT}" y1="{across}" x2="{_LEFT + wide}" y2="{across}"/>',
            _faint(_LEFT - 6, across + 4, f"{y:,g}", "end"),
            _faint(down, _TOP + high + 17, f"{x:,g}", "middle"),
        ]
    parts.append(_faint(_LEFT + wide / 2, _HEIGHT - 8, f"homes; {panel.unit}", "middle"))
    places = [at(*point) for point in panel.points]
    line = " ".join(f"{x},{y}" for x, y in places)
    parts.append(f'<polyline class="line" points="{line}"/>')
    parts += [f'<circle class="dot" cx="{x}" cy="{y}" r="3.5"/>' for x, y in places]
    return f'<g transform="translate({left},{top})">\n' + "\n".join(parts) + "\n</g>"


def _faint(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text class="faint" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _above(value: float) -> float:
    """Return a round number that is not below the value."""
    size = 1.0
    while size * 10 < value:
        size *= 10
    while size > value > 0:
        size /= 10
    return next((size * step for step in _STEPS if size * step >= value), 1.0)
