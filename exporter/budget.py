"""How many calls one account may make: a token bucket, and penalties that grow.

Times are monotonic seconds. Pure but for the random generator it is given.
"""

import math
import random
from dataclasses import dataclass

from exporter.backoff import doubled

PENALTY_FLOOR = 120.0
PENALTY_FACTOR = 10.0
PENALTY_CAP = 3600.0
RETRY_AFTER_CAP = 6 * 3600.0
_FORGIVEN_AFTER = 3600.0
_JITTER = 0.1


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` calls at once, `rate` more each second."""

    burst: float
    rate: float
    level: float
    stamp: float

    def tokens(self, now: float) -> float:
        """Return how many calls are allowed at this moment."""
        return min(self.burst, self.level + max(0.0, now - self.stamp) * self.rate)

    def wait(self, now: float) -> float:
        """Return how many seconds until one call is allowed."""
        missing = 1.0 - self.tokens(now)
        return missing / self.rate if missing > 0 else 0.0

    def grows_at(self, now: float) -> float:
        """Return when one whole token more is there, infinity for a full bucket."""
        tokens = self.tokens(now)
        if tokens >= self.burst:
            return math.inf
        return now + (math.floor(tokens) + 1.0 - tokens) / self.rate

    def take(self, now: float) -> None:
        """Spend one token."""
        self.level, self.stamp = self.tokens(now) - 1.0, now

    def resize(self, burst: float, rate: float, now: float) -> None:
        """Follow the number of locations; what is left of the tokens is kept."""
        grown = max(0.0, burst - self.burst)
        self.level, self.stamp = min(burst, self.tokens(now) + grown), now
        self.burst, self.rate = burst, rate


@dataclass(slots=True)
class Penalty:
    """A time without calls that the cloud asked for; it doubles with each repeat."""

    until: float = 0.0
    step: int = 0

    def is_on(self, now: float) -> bool:
        """Return whether no call may be made."""
        return now < self.until

    def open(self, now: float, retry_after: float | None, rng: random.Random) -> None:
        """Begin or lengthen the penalty; jitter only lengthens it."""
        if now - self.until > _FORGIVEN_AFTER:
            self.step = 0
        asked = min(PENALTY_FACTOR * (retry_after or 0.0), RETRY_AFTER_CAP)
        floor = max(PENALTY_FLOOR, asked)
        wait = max(floor, doubled(floor, self.step, PENALTY_CAP))
        self.until = max(self.until, now + wait * (1.0 + rng.uniform(0.0, _JITTER)))
        self.step += 1
