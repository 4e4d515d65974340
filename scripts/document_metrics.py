"""Write docs/metrics.md from the catalogue.

Usage: python -m scripts.document_metrics [--check]
"""

import sys
from collections.abc import Sequence

from exporter.catalog import OWN, READINGS, Metric
from exporter.catalog.left_out import LEFT_OUT
from scripts.generated import ROOT, settle


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _name(metric: Metric) -> str:
    return _series(metric, metric.labels)


def _series(metric: Metric, shown: Sequence[str]) -> str:
    return f"`{metric.name}{{{','.join(shown)}}}`" if shown else f"`{metric.name}`"


def _readings() -> list[str]:
    rows = ["| metric | type | meaning | Homely | Wally |", "|---|---|---|---|---|"]
    return rows + [
        f"| {_name(m)}{' (periodic)' if m.periodic else ''} | {m.kind.value} "
        f"| {_cell(m.help)} | {_cell(m.homely)} | {_cell(m.wally)} |"
        for m in READINGS
    ]


def _own() -> list[str]:
    rows = ["| metric | type | meaning |", "|---|---|---|"]
    return rows + [
        f"| {_series(m, m.label_names)} | {m.kind.value} | {_cell(m.help)} |" for m in OWN
    ]


def _left_out() -> list[str]:
    rows = ["| vendor | field | why |", "|---|---|---|"]
    return rows + [f"| {one.vendor} | `{one.field}` | {_cell(one.reason)} |" for one in LEFT_OUT]


def metrics_page() -> str:
    """Return docs/metrics.md."""
    return "\n".join(
        [
            "# Metrics",
            "",
            "Written by `make docs` from `exporter/catalog/`; a test keeps it in step.",
            "",
            "Series of a device have the labels `vendor, location_id, location, room, device,",
            "device_id`, series of a location `vendor, location_id, location`. Join and group by",
            "`location_id` and `device_id`: names repeat. A reading that is not known is absent:",
            "never 0, never NaN, never an old value. Metrics marked *periodic* go when the",
            "device's own time of the reading is older than `device_stale_after`.",
            "",
            "## Homes",
            "",
            *_readings(),
            "",
            "## The exporter itself",
            "",
            "`account` is the account's configured name. `process_*` of prometheus_client is",
            "served as well.",
            "",
            *_own(),
            "",
            "## Left out on purpose",
            "",
            *_left_out(),
            "",
        ]
    )


def main() -> int:
    """Write the page, or with --check only tell whether it is in step."""
    return settle({ROOT / "docs/metrics.md": metrics_page()})


if __name__ == "__main__":
    sys.exit(main())
