"""Times as people read them: a moment in UTC, and how far it is from now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from exporter.clock import Clock

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
#: Below the first a length is told in the second.
_UNITS = ((_MINUTE, 1.0, "s"), (_HOUR, _MINUTE, "min"), (2 * _DAY, _HOUR, "h"))
#: What datetime can write; a cloud may send any year.
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0


class When(NamedTuple):
    """A moment: for machines, in full, and relative to now."""

    iso: str
    full: str
    words: str


@dataclass(frozen=True, slots=True)
class Now:
    """One instant of the exporter's clock, from which ages are counted."""

    wall: float
    monotonic: float

    @classmethod
    def of(cls, clock: Clock) -> "Now":
        """Look at the clock."""
        return cls(clock.wall(), clock.monotonic())

    def since(self, monotonic: float) -> When:
        """Return a moment of the past on the monotonic clock."""
        age = max(0.0, self.monotonic - monotonic)
        return _when(self.wall - age, "just now" if age < 1 else f"{span(age)} ago")

    def past(self, wall: float) -> When:
        """Return a moment of the past on the wall clock."""
        return self.since(self.monotonic - (self.wall - wall))

    def coming(self, wall: float) -> When:
        """Return a moment that is to come on the wall clock."""
        wait = wall - self.wall
        return _when(wall, "now" if wait < 1 else f"in {span(wait)}")

    def itself(self) -> When:
        """Return the instant itself, by its time of day."""
        moment = _when(self.wall, "")
        return moment._replace(words=moment.full[11:19])


def span(seconds: float) -> str:
    """Return a length of time in its largest sensible unit."""
    for limit, unit, name in _UNITS:
        if seconds < limit:
            return f"{int(seconds / unit)} {name}"
    days = int(seconds / _DAY)
    return f"{days:,} day{'' if days == 1 else 's'}"


def _when(wall: float, words: str) -> When:
    moment = datetime.fromtimestamp(int(min(max(wall, _EARLIEST), _LATEST)), UTC)
    date, clock = moment.replace(tzinfo=None).isoformat().split("T")
    return When(f"{date}T{clock}Z", f"{date} {clock} UTC", words)
