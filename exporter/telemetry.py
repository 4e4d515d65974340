"""The exporter's own metrics, kept in a registry of prometheus_client."""

import platform
from collections.abc import Callable, Collection
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

_CLASSES: dict[Kind, Callable[..., Any]] = {
    Kind.COUNTER: Counter,
    Kind.GAUGE: Gauge,
    Kind.HISTOGRAM: Histogram,
    Kind.INFO: Info,
}


class Telemetry:
    """Every metric of the catalogue's own part that has no location among its labels."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # unannotated upstream
        self.registry = CollectorRegistry(auto_describe=True)
        self._of_accounts: list[tuple[Metric, Any]] = []
        ProcessCollector(registry=self.registry)
        self._make(own.BUILD_INFO, labels=()).info(
            {"version": __version__, "python": platform.python_version()}
        )
        self.account_up = self._make(own.ACCOUNT_UP)
        self.account_last_success = self._make(own.ACCOUNT_LAST_SUCCESS)
        self.requests = self._make(own.REQUESTS)
        self.request_duration = self._make(own.REQUEST_DURATION)
        self.rate_limited_until = self._make(own.RATE_LIMITED_UNTIL)
        self.budget_tokens = self._make(own.BUDGET_TOKENS)
        self.auth_failures = self._make(own.AUTH_FAILURES)
        self.stream_connects = self._make(own.STREAM_CONNECTS)
        self.stream_disconnects = self._make(own.STREAM_DISCONNECTS)
        self.stream_events = self._make(own.STREAM_EVENTS)
        self.event_lag = self._make(own.EVENT_LAG)
        self.callbacks = self._make(own.CALLBACKS)
        self.unmapped_states = self._make(own.UNMAPPED_STATES)
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
        self.shards.set(1)

    def forget_accounts(self, accounts: Collection[tuple[str, str]]) -> None:
        """Drop every series of accounts (vendor, name) that are no more."""
        for metric, made in self._of_accounts:
            for sample in [one for family in made.collect() for one in family.samples]:
                vendor, account, *rest = [sample.labels[name] for name in metric.labels]
                if (vendor, account) in accounts:
                    made.remove(vendor, account, *rest)

    def _make(self, metric: Metric, labels: tuple[str, ...] | None = None) -> Any:
        # The catalogue alone says of which class a metric is, and no type checker reads that.
        made = _CLASSES[metric.kind](
            metric.family,
            metric.help,
            metric.labels if labels is None else labels,
            unit=metric.unit,
            registry=self.registry,
            **({"buckets": metric.buckets} if metric.buckets else {}),
        )
        if metric.labels[: len(own.ACCOUNT)] == own.ACCOUNT:
            self._of_accounts.append((metric, made))
        return made
