"""The exporter's own metrics, kept in a registry of prometheus_client."""

import platform
from collections.abc import Callable
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

from exporter import __version__
from exporter.catalog import Metric, own

_Made = TypeVar("_Made", bound=MetricWrapperBase)


class Telemetry:
    """Every metric of the catalogue's own part that has no location among its labels."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # unannotated upstream
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self._make(Info, own.BUILD_INFO, labels=()).info(
            {"version": __version__, "python": platform.python_version()}
        )
        self.account_up = self._make(Gauge, own.ACCOUNT_UP)
        self.account_last_success = self._make(Gauge, own.ACCOUNT_LAST_SUCCESS)
        self.requests = self._make(Counter, own.REQUESTS)
        self.request_duration = self._histogram(own.REQUEST_DURATION)
        self.rate_limited_until = self._make(Gauge, own.RATE_LIMITED_UNTIL)
        self.budget_tokens = self._make(Gauge, own.BUDGET_TOKENS)
        self.auth_failures = self._make(Counter, own.AUTH_FAILURES)
        self.stream_connects = self._make(Counter, own.STREAM_CONNECTS)
        self.stream_disconnects = self._make(Counter, own.STREAM_DISCONNECTS)
        self.stream_events = self._make(Counter, own.STREAM_EVENTS)
        self.event_lag = self._histogram(own.EVENT_LAG)
        self.callbacks = self._make(Counter, own.CALLBACKS)
        self.unmapped_states = self._make(Gauge, own.UNMAPPED_STATES)
        self.rejected_values = self._make(Counter, own.REJECTED_VALUES)
        self.series = self._make(Gauge, own.SERIES)
        self.series_dropped = self._make(Counter, own.SERIES_DROPPED)
        self.render_duration = self._histogram(own.RENDER_DURATION)
        self.shard_ordinal = self._make(Gauge, own.SHARD_ORDINAL)
        self.shards = self._make(Gauge, own.SHARDS)
        self.locations_owned = self._make(Gauge, own.LOCATIONS_OWNED)
        self.reload_successful = self._make(Gauge, own.CONFIG_LAST_RELOAD_SUCCESSFUL)
        self.reload_success = self._make(Gauge, own.CONFIG_LAST_RELOAD_SUCCESS)
        self.state_file_errors = self._make(Counter, own.STATE_FILE_ERRORS)
        self.shards.set(1)

    def _make(
        self, kind: Callable[..., _Made], metric: Metric, labels: tuple[str, ...] | None = None
    ) -> _Made:
        names = metric.labels if labels is None else labels
        return kind(metric.family, metric.help, names, unit=metric.unit, registry=self.registry)

    def _histogram(self, metric: Metric) -> Histogram:
        return Histogram(
            metric.family,
            metric.help,
            metric.labels,
            unit=metric.unit,
            buckets=metric.buckets,
            registry=self.registry,
        )
