"""How long to wait before the next call of one kind."""

import random

from exporter.backoff import after_refusal, full_jitter
from exporter.errors import AuthError
from exporter.sources.base import Source

_JITTER = 0.1
_RETRY_SPAN = 5.0


class Cadence:
    """The waits of one repeated call: its interval when it succeeds, a back-off when it fails."""

    def __init__(self, source: Source, rng: random.Random) -> None:
        self._source = source
        self._rng = rng
        self.failures = 0

    def after_success(self, interval: float) -> float:
        """Return the wait in seconds; jitter only lengthens it."""
        self.failures = 0
        return interval * (1.0 + self._rng.uniform(0.0, _JITTER))

    def after_failure(self, error: Exception) -> float:
        """Return the wait in seconds: the floor and full jitter up to a cap.

        Credentials that were refused are tried again slowly.
        """
        if isinstance(error, AuthError):
            wait = after_refusal(self.failures)
            self.failures += 1
            return wait
        config = self._source.config
        floor = config.floor
        cap = max(config.poll_interval, _RETRY_SPAN * floor)
        wait = floor + full_jitter(self.failures, floor, cap, self._rng)
        self.failures += 1
        return wait
