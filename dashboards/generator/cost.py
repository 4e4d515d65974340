"""What a scrape and the process cost: a part of the Exporter dashboard."""

from typing import Any

from dashboards.generator.parts import QUARTER, About, Query, lines
from dashboards.generator.tables import Column, rows


def cost() -> list[Any]:
    """Return the panels."""
    ours = "and on (job, instance) home_exporter_build_info"
    scrape = About(
        title="Time of a scrape",
        text="As Prometheus sees it, and the part of it in which the page was made.",
        unit="s",
    )
    size = About(title="Size of a scrape", text="Samples on the page.", unit="short", width=QUARTER)
    memory = About(title="Memory", text="Of the process.", unit="bytes", width=QUARTER)
    processor = About(
        title="Processor", text="Cores that the process keeps busy.", unit="percentunit", low=0
    )
    shards = About(
        title="Shards and versions",
        text="Which part of the accounts each process holds.",
        unit="none",
        height=8,
    )
    render = "home_exporter_render_duration_seconds"
    rate = "sum by (instance) (rate({}[$__rate_interval]))"
    mean = f"{rate.format(render + '_sum')} / on (instance) {rate.format(render + '_count')}"
    busy = f"rate(process_cpu_seconds_total[$__rate_interval]) {ours}"
    by = "max by (job, instance)"
    version = "max by (job, instance, version, python) (home_exporter_build_info)"
    columns = [
        Column(expr=version),
        Column(expr=f"{by} (home_exporter_shard_ordinal)", title="Shard"),
        Column(expr=f"{by} (home_exporter_shards)", title="Of"),
        Column(expr=f"{by} (home_exporter_locations_owned)", title="Homes"),
    ]
    labels = {"job": "Job", "instance": "Instance", "version": "Version", "python": "Python"}
    return [
        lines(
            scrape,
            Query(f"scrape_duration_seconds {ours}", "scrape of {{instance}}"),
            Query(mean, "making the page of {{instance}}"),
        ),
        lines(size, Query(f"scrape_samples_scraped {ours}", "{{instance}}")),
        lines(memory, Query(f"process_resident_memory_bytes {ours}", "{{instance}}")),
        lines(processor, Query(busy, "{{instance}}")),
        rows(shards, labels, *columns, sort=("Shard", False), link=""),
    ]
