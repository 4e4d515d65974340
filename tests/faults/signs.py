"""What the exporter's own metrics say in a fault: told in the table, and looked for on the page."""

from dataclasses import dataclass
from typing import Protocol

from tests.support.running import Page

_PREFIX = "home_exporter_"
#: The exporter looks at its clock once a second, so a moment is seen that much later.
TICK = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A page as it was at a wall time, of the vendor that the fault is about."""

    page: Page
    vendor: str
    wall: float

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
    when: str = ""

    @property
    def text(self) -> str:
        return f"`{self.name}` {self.least:.0f} to {self.most:.0f} s ahead{self.when}"

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
