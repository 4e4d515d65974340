"""What the exporter's own metrics say in a fault: told in the table, and looked for on the page."""

from dataclasses import dataclass
from typing import Protocol

from exporter.catalog import READINGS
from tests.support.running import Page

_PREFIX = "home_exporter_"
#: What goes with the cloud or the device, and what stays while they are silent.
_GOING = frozenset(metric.name for metric in READINGS if not metric.survives)
_STAYING = frozenset(metric.name for metric in READINGS if metric.survives)
#: The exporter looks at its clock once a second, so a moment is seen that much later.
TICK = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A page as it was at a wall time; of which vendor and location the fault is about.

    `pushed` are the devices that were pushed about since the fault began.
    """

    page: Page
    vendor: str
    wall: float
    location_id: str = ""
    pushed: frozenset[str] = frozenset()

    @property
    def readings(self) -> frozenset[str]:
        """Every series that a silent cloud or device would take from the page."""
        return self._series(_GOING)

    @property
    def survivors(self) -> frozenset[str]:
        """Every series of the homes that stays whoever is silent."""
        return self._series(_STAYING)

    @property
    def polled(self) -> float:
        """When the location was last polled with success (wall time)."""
        name = "home_location_updated_timestamp_seconds"
        return self.page.one(name, source="poll", location_id=self.location_id)

    def of(self, **label: str) -> frozenset[str]:
        """Return the readings that have a label."""
        ((name, value),) = label.items()
        return frozenset(series for series in self.readings if f'{name}="{value}"' in series)

    def _series(self, names: frozenset[str]) -> frozenset[str]:
        lines = self.page.text.splitlines()
        return frozenset(
            line.rpartition(" ")[0] for line in lines if line.partition("{")[0] in names
        )

    def total(self, name: str, labels: tuple[tuple[str, str], ...]) -> float:
        """Return the sum of the metric's series that have these labels, the vendor's own only."""
        wanted = dict(labels)
        found = self.page.series(_PREFIX + name, **wanted)
        return sum(
            value
            for key, value in found.items()
            if dict(key).get("vendor", self.vendor) == self.vendor
        )


class Sign(Protocol):
    """One thing that the metrics say."""

    @property
    def text(self) -> str:
        """The sign in the words of the table."""
        ...

    def holds(self, before: Moment, now: Moment) -> bool:
        """Return whether it can be seen now, `before` being the last look before the fault."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """A counter grows."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return f"`{_shown(self.name, self.labels)}` grows"

    def holds(self, before: Moment, now: Moment) -> bool:
        return now.total(self.name, self.labels) > before.total(self.name, self.labels)


@dataclass(frozen=True, slots=True)
class Rests:
    """A counter does not move."""

    name: str

    @property
    def text(self) -> str:
        return f"`{self.name}` stands still"

    def holds(self, before: Moment, now: Moment) -> bool:
        return now.total(self.name, ()) == before.total(self.name, ())


@dataclass(frozen=True, slots=True)
class Shows:
    """A gauge has a value."""

    name: str
    value: int

    @property
    def text(self) -> str:
        return f"`{self.name}` {self.value}"

    def holds(self, before: Moment, now: Moment) -> bool:  # noqa: ARG002  # the protocol's
        return now.total(self.name, ()) == self.value


@dataclass(frozen=True, slots=True)
class Ahead:
    """A timestamp lies in the future, between two numbers of seconds."""

    name: str
    least: float
    most: float
    is_at_first: bool = False

    @property
    def text(self) -> str:
        when = " at first" if self.is_at_first else ""
        return f"`{self.name}` {self.least:.0f} to {self.most:.0f} s ahead{when}"

    def holds(self, before: Moment, now: Moment) -> bool:  # noqa: ARG002  # the protocol's
        ahead = now.total(self.name, ()) - now.wall
        return self.least - TICK <= ahead <= self.most


@dataclass(frozen=True, slots=True)
class Prose:
    """What no metric says, and the test itself looks for."""

    text: str

    def holds(self, before: Moment, now: Moment) -> bool:  # noqa: ARG002  # the protocol's
        return True


def _shown(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    pairs = ",".join(f'{key}="{value}"' for key, value in labels)
    return f"{name}{{{pairs}}}" if pairs else name


def outcome(value: str) -> Counts:
    """Return the sign that REST calls came out so."""
    return Counts("requests_total", (("outcome", value),))


def lost(reason: str) -> Counts:
    """Return the sign that a socket was lost or not had for a reason."""
    return Counts("stream_disconnects_total", (("reason", reason),))
