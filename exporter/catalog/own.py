"""Every `home_exporter_` metric, once: what the exporter says about itself."""

from exporter.catalog.metric import Kind, Metric, Scope


def _own(
    name: str,
    text: str,
    *labels: str,
    kind: Kind = Kind.GAUGE,
    scope: Scope = Scope.EXPORTER,
    unit: str = "",
    buckets: tuple[float, ...] = (),
) -> Metric:
    return Metric(
        name=f"home_exporter_{name}",
        help=text,
        kind=kind,
        scope=scope,
        labels=labels,
        unit=unit,
        buckets=buckets,
    )


def _of_account(
    name: str, text: str, *labels: str, kind: Kind = Kind.GAUGE, unit: str = ""
) -> Metric:
    """Declare a metric of which each account has its own, and so is rendered with the readings."""
    return _own(name, text, *labels, kind=kind, scope=Scope.ACCOUNT, unit=unit)


def _of_location(name: str, text: str, *, unit: str = "") -> Metric:
    """Declare a metric that follows its location's names, and so is rendered with the readings."""
    return Metric(
        name=f"home_exporter_{name}", help=text, scope=Scope.LOCATION, unit=unit, survives=True
    )


BUILD_INFO = _own(
    "build_info", "Version of the exporter; always 1.", "version", "python", kind=Kind.INFO
)
ACCOUNT_UP = _of_account(
    "account_up",
    "0 until a call of the account first succeeds, while its credentials are refused or it is rate"
    " limited, while a call about all of it fails, or the calls of all its locations do; else 1.",
)
ACCOUNT_LAST_SUCCESS = _of_account(
    "account_last_success_timestamp_seconds",
    "When a call of the account last succeeded.",
    unit="seconds",
)
REQUESTS = _of_account(
    "requests_total",
    "REST calls by what came of them.",
    "endpoint",
    "outcome",
    kind=Kind.COUNTER,
)
REQUEST_DURATION = _own(
    "request_duration_seconds",
    "Time of a REST call, from its wait for a thread to its answer having been understood.",
    "vendor",
    "endpoint",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    buckets=(0.1, 0.5, 1, 2.5, 10, 30),
)
RATE_LIMITED_UNTIL = _of_account(
    "rate_limited_until_timestamp_seconds",
    "When the account's penalty for too many calls ends; 0 when there is none.",
    unit="seconds",
)
BUDGET_TOKENS = _of_account(
    "budget_tokens", "Whole calls that the account's budget allows at this moment."
)
AUTH_FAILURES = _of_account(
    "auth_failures_total",
    "Logins and calls that the cloud refused for their credentials, after a renewal where tokens"
    " can be renewed.",
    kind=Kind.COUNTER,
)
NEXT_POLL = _of_location(
    "next_poll_timestamp_seconds", "When the location is polled next.", unit="seconds"
)
STREAM_CONNECTED = _of_location(
    "stream_connected", "1 while the location's socket is connected; only where there is one."
)
STREAM_CONNECTS = _own("stream_connects_total", "Sockets that were connected.", kind=Kind.COUNTER)
STREAM_DISCONNECTS = _own(
    "stream_disconnects_total",
    "Sockets that were lost or not had, by reason.",
    "reason",
    kind=Kind.COUNTER,
)
STREAM_EVENTS = _own(
    "stream_events_total",
    "Events received on sockets, by type and by what became of them.",
    "event",
    "outcome",
    kind=Kind.COUNTER,
)
EVENT_LAG = _own(
    "event_lag_seconds",
    "Arrival of an event minus the vendor's own time in it; below zero counts as 0.",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    buckets=(0.25, 1, 5, 30, 300),
)
CALLBACKS = _own(
    "callbacks_total",
    "Activities received by callbacks, and callbacks refused, by what became of them.",
    "outcome",
    kind=Kind.COUNTER,
)
UNMAPPED_STATES = _own(
    "unmapped_states",
    "Distinct states seen since the start that the catalogue does not know, counted up to 50.",
    "vendor",
)
REJECTED_VALUES = _own(
    "rejected_values_total",
    "Values from a cloud that were not believed, by reason.",
    "vendor",
    "reason",
    kind=Kind.COUNTER,
)
SERIES = _own("series", "Series of homes and accounts that are held now.")
SERIES_DROPPED = _own(
    "series_dropped_total", "Series left out because a bound was reached.", kind=Kind.COUNTER
)
RENDER_DURATION = _own(
    "render_duration_seconds",
    "Time to make the page of a scrape.",
    kind=Kind.HISTOGRAM,
    unit="seconds",
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5),
)
SHARD_ORDINAL = _own("shard_ordinal", "Which shard this process is, from 0.")
SHARDS = _own("shards", "How many shards there are.")
LOCATIONS_OWNED = _own("locations_owned", "Locations that this process polls.")
CONFIG_LAST_RELOAD_SUCCESSFUL = _own(
    "config_last_reload_successful", "1 while the last (re)load of the configuration succeeded."
)
CONFIG_LAST_RELOAD_SUCCESS = _own(
    "config_last_reload_success_timestamp_seconds",
    "When the configuration was last (re)loaded with success.",
    unit="seconds",
)
STATE_FILE_ERRORS = _own(
    "state_file_errors_total",
    "State files that could not be read or written.",
    kind=Kind.COUNTER,
)

OWN: tuple[Metric, ...] = tuple(m for m in list(globals().values()) if isinstance(m, Metric))
