"""What of the homes is served in a fault: told in the table, and held against the page."""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from tests.faults.signs import TICK, Moment

STALE_AFTER: dict[str, float] = {
    model.vendor: model.model_fields["stale_after"].default for model in (HomelyConfig, WallyConfig)
}
#: Meters are not served before they are heard again: a restart may hide a reset.
_METERS = ("home_energy_imported_joules_total", "home_energy_exported_joules_total")


def in_words(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds == 0:
        return "at once"
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a change that was not pushed came to the page: how late, and over which socket's head."""

    after: float
    is_streaming: bool


@dataclass(slots=True)
class Course:
    """What a test has seen of its fault: looks before and after `stale_after`, and changes."""

    looks: set[bool] = field(default_factory=set)
    arrivals: list[Arrival] = field(default_factory=list)


class Served(Protocol):
    """What stays served; it is looked for as the signs of the metrics are."""

    @property
    def text(self) -> str:
        """What is served, in the words of the table."""
        ...

    def holds(self, before: Moment, now: Moment) -> bool:
        """Return whether the page has it now, `before` being the last look before the fault."""
        ...

    def is_proved_by(self, course: Course) -> bool:
        """Return whether a test that has gone through this course has seen all that is said."""
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """No reading of any home goes."""

    text: ClassVar[str] = "everything"

    def holds(self, before: Moment, now: Moment) -> bool:
        return bool(before.readings) and before.readings <= now.readings

    def is_proved_by(self, course: Course) -> bool:
        return bool(course.looks) and not course.arrivals


@dataclass(frozen=True, slots=True)
class ByPoll:
    """No reading goes, and what is not pushed comes with a poll: once there is a socket, or not."""

    words: str
    within: float
    is_streaming: bool

    @property
    def text(self) -> str:
        return f"everything; {self.words.format(in_words(self.within))}"

    def holds(self, before: Moment, now: Moment) -> bool:
        return Everything().holds(before, now)

    def is_proved_by(self, course: Course) -> bool:
        return bool(course.looks and course.arrivals) and all(
            one.is_streaming == self.is_streaming and one.after <= self.within + TICK
            for one in course.arrivals
        )


@dataclass(frozen=True, slots=True)
class UntilStale:
    """All is served for a time; then nothing of the homes that are hit but what is pushed."""

    words: str
    is_one_location: bool

    @property
    def text(self) -> str:
        return self.words.format(
            f"`stale_after` (Homely {in_words(STALE_AFTER['homely'])}, "
            f"Wally {in_words(STALE_AFTER['wally'])})"
        )

    def holds(self, before: Moment, now: Moment) -> bool:
        hit = before.of(location_id=before.location_id)
        others = before.of(vendor=before.vendor) - hit
        if not hit or self.is_one_location != bool(others):
            return False
        age, limit = now.wall - before.polled, STALE_AFTER[before.vendor]
        if age < limit - TICK:
            return before.readings <= now.readings
        if age < limit + TICK:
            return True
        pushed = frozenset().union(*(before.of(device_id=one) for one in now.pushed))
        left = now.of(location_id=before.location_id)
        rest = before.readings - hit
        return left == pushed and rest <= now.readings and before.survivors <= now.survivors

    def is_proved_by(self, course: Course) -> bool:
        return course.looks == {False, True} and not course.arrivals


@dataclass(frozen=True, slots=True)
class OnceRestarted:
    """No page while there is no process; then what was saved, but for the meters."""

    text: ClassVar[str] = "nothing until the process is started again; then what it had saved last"

    def holds(self, before: Moment, now: Moment) -> bool:
        saved = {series for series in before.readings if not series.startswith(_METERS)}
        return bool(saved) and (not now.page.text or saved <= now.readings)

    def is_proved_by(self, course: Course) -> bool:
        return course.looks == {False, True}


@dataclass(frozen=True, slots=True)
class Nothing:
    """No page."""

    text: ClassVar[str] = "nothing: the process ends"

    def holds(self, before: Moment, now: Moment) -> bool:  # noqa: ARG002  # the protocol's
        return not now.page.text

    def is_proved_by(self, course: Course) -> bool:
        return bool(course.looks)
