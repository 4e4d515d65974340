"""What is remembered of one account's calls, so that a restart calls no sooner than it may."""

from dataclasses import dataclass, field

from exporter.backoff import doubled
from exporter.budget import Bucket, Penalty

_CALM_AFTER = 600.0
_RESTART_BASE, _RESTART_CAP = 5.0, 3600.0
_FREE_RESTARTS = 1


@dataclass(slots=True)
class CallRecord:
    """Budget, holds and last attempts of one account; times are monotonic seconds.

    `began` is when the process did. `listed` is when the account's locations were last had, and
    how many they were. `succeeded_at` is the wall time of the last answer of use. `restarts`
    counts the starts in a row of which none lived long.
    """

    bucket: Bucket
    began: float
    penalty: Penalty = field(default_factory=Penalty)
    refused: Penalty = field(default_factory=Penalty)
    attempts: dict[str, float] = field(default_factory=dict)
    listed: tuple[float, int] | None = None
    succeeded_at: float | None = None
    restarts: int = 0
    _own: set[str] = field(default_factory=set)

    def note(self, endpoint: str, location_id: str, now: float) -> None:
        """Take that a call is about to be made."""
        key = _key(endpoint, location_id)
        self.attempts[key] = now
        self._own.add(key)
        if now - self.began > _CALM_AFTER:
            self.restarts = 0

    def last(self, endpoint: str, location_id: str = "") -> float | None:
        """Return when such a call was last attempted, by this process or one before it."""
        return self.attempts.get(_key(endpoint, location_id))

    def hold(self, endpoint: str, location_id: str = "") -> float:
        """Return until when such a call may not be made; a time in the past is no hold."""
        until = max(self.penalty.until, self.refused.until)
        last = self.last(endpoint, location_id)
        is_own = _key(endpoint, location_id) in self._own
        if last is None or is_own or self.restarts <= _FREE_RESTARTS:
            return until
        # One restart costs no wait, further ones do: a crash loop must not be a call loop.
        return max(until, last + doubled(_RESTART_BASE, self.restarts, _RESTART_CAP))

    def due(self, endpoint: str, location_id: str, *, had: float, wait: float, gap: float) -> float:
        """Return when a process that has just started makes such a call.

        `wait` seconds after it was last `had`, and `gap` seconds after an attempt that failed.
        """
        last = self.last(endpoint, location_id)
        if last is None:
            return self.began
        return had + wait if had >= last else last + gap

    def pardon(self) -> None:
        """Take that the credentials are others: what came of the former is forgotten."""
        self.refused = Penalty()
        self.listed = None

    def forget(self, locations: set[str]) -> None:
        """Forget the attempts at locations that are none of these."""
        self.attempts = {
            key: moment
            for key, moment in self.attempts.items()
            if " " not in key or key.partition(" ")[2] in locations
        }


def _key(endpoint: str, location_id: str) -> str:
    return f"{endpoint} {location_id}" if location_id else endpoint
