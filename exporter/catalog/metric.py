"""What one metric is: the row type of the catalogue."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """OpenMetrics type; info and stateset are gauges in text 0.0.4."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"
    STATESET = "stateset"
    HISTOGRAM = "histogram"


class Scope(StrEnum):
    """What a series of the metric belongs to, hence its first labels."""

    DEVICE = "device"
    LOCATION = "location"
    ACCOUNT = "account"
    EXPORTER = "exporter"


SCOPE_LABELS: dict[Scope, tuple[str, ...]] = {
    Scope.DEVICE: ("vendor", "location_id", "location", "room", "device", "device_id"),
    Scope.LOCATION: ("vendor", "location_id", "location"),
    Scope.ACCOUNT: ("vendor", "account"),
    Scope.EXPORTER: (),
}

_SUFFIX = {Kind.COUNTER: "_total", Kind.INFO: "_info"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Metric:
    """One metric of the public interface; compared and hashed by identity.

    `labels` are those beyond the scope's own. `periodic` readings go when their own time is old;
    `survives` ones stay while the cloud or the device is silent. `bounds` is the physical range of
    a number, inclusive. `rises` and `falls` name the events that a change of a bool counts as.
    An `is_homonym` counter would share its OpenMetrics family with a gauge: there its type is
    unknown, as a strict parser refuses a whole page with two families of one name.
    `reading` is its name in `home_reading_updated_timestamp_seconds`.
    """

    name: str
    help: str
    kind: Kind = Kind.GAUGE
    scope: Scope = Scope.DEVICE
    labels: tuple[str, ...] = ()
    unit: str = ""
    homely: str = ""
    wally: str = ""
    periodic: bool = False
    survives: bool = False
    boolean: bool = False
    bounds: tuple[float, float] | None = None
    rises: str = ""
    falls: str = ""
    reading: str = ""
    buckets: tuple[float, ...] = ()
    is_homonym: bool = False

    @property
    def family(self) -> str:
        """The OpenMetrics family name: without `_total` or `_info`."""
        return self.name.removesuffix(_SUFFIX.get(self.kind, ""))

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label name of a series, in the order it is written."""
        return SCOPE_LABELS[self.scope] + self.labels

    @property
    def documentation(self) -> str:
        """The HELP text: what it says and which vendor field it comes from."""
        sources = [
            f"{vendor} {field}"
            for vendor, field in (("Homely", self.homely), ("Wally", self.wally))
            if field
        ]
        return f"{self.help} From {'; '.join(sources)}." if sources else self.help
