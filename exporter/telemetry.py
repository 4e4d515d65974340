"""The exporter's own metrics, kept in a registry of prometheus_client."""

import platform
from collections.abc import Callable
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from exporter import __version__
from exporter.catalog import Kind, Metric, own
from exporter.meter import Meter, Standing
from exporter.series import Page
from exporter.watched import Watched

_CLASSES: dict[Kind, type[Any]] = {
    Kind.COUNTER: Counter,
    Kind.GAUGE: Gauge,
    Kind.HISTOGRAM: Histogram,
    Kind.INFO: Info,
}


class Telemetry:
    """Every own metric of the process as a whole, and a meter for each account."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._restless: dict[Meter, float] = {}
        disable_created_metrics()  # type: ignore[no-untyped-call]  # unannotated upstream
        self.registry = CollectorRegistry(auto_describe=True)
        #: What the registry holds, each with whether it has changed.
        self.watched = [Watched(ProcessCollector, registry=self.registry, is_live=True)]
        self._make(own.BUILD_INFO, labels=()).info(
            {"version": __version__, "python": platform.python_version()}
        )
        self.request_duration = self._make(own.REQUEST_DURATION)
        self.stream_connects = self._make(own.STREAM_CONNECTS)
        self.stream_disconnects = self._make(own.STREAM_DISCONNECTS)
        self._stream_events = self._make(own.STREAM_EVENTS)
        self._event_counters: dict[tuple[str, str], Any] = {}
        self.event_lag = self._make(own.EVENT_LAG)
        self.callbacks = self._make(own.CALLBACKS)
        # Its values are asked for.
        self.unmapped_states = self._make(own.UNMAPPED_STATES, is_live=True)
        self.rejected_values = self._make(own.REJECTED_VALUES)
        self.series = self._make(own.SERIES)
        self.series_dropped = self._make(own.SERIES_DROPPED)
        self.render_duration = self._make(own.RENDER_DURATION)
        self.shard_ordinal = self._make(own.SHARD_ORDINAL)
        self.shards = self._make(own.SHARDS)
        self.locations_owned = self._make(own.LOCATIONS_OWNED)
        self.reload_successful = self._make(own.CONFIG_LAST_RELOAD_SUCCESSFUL)
        self.reload_success = self._make(own.CONFIG_LAST_RELOAD_SUCCESS)
        self.state_file_errors = self._make(own.STATE_FILE_ERRORS)

    def meter(self, vendor: str, account: str, standing: Callable[[], Standing]) -> Meter:
        """Return what counts for an account, which asks for its `standing`."""
        return Meter(self._page, (vendor, account), standing, self._restless)

    def count_event(self, event: str, outcome: str) -> None:
        """Count an event of a stream, by its type and by what became of it."""
        counter = self._event_counters.get((event, outcome))
        if counter is None:  # to find it costs more than to count
            counter = self._event_counters[event, outcome] = self._stream_events.labels(
                event, outcome
            )
        counter.inc()

    def look(self, now: float) -> None:
        """Publish what of the accounts has changed by itself until now (monotonic)."""
        for meter in [one for one, due in self._restless.items() if due <= now]:
            meter.look()

    def _make(
        self, metric: Metric, labels: tuple[str, ...] | None = None, *, is_live: bool = False
    ) -> Any:
        # The catalogue alone says of which class a metric is, and no type checker reads that.
        buckets: dict[str, Any] = {"buckets": metric.buckets} if metric.buckets else {}
        watched = Watched(
            _CLASSES[metric.kind],
            metric.family,
            metric.help,
            metric.labels if labels is None else labels,
            unit=metric.unit,
            registry=self.registry,
            is_live=is_live,
            **buckets,
        )
        self.watched.append(watched)
        return watched.metric
