"""Spares the collector what lives long: at thousands of homes to look through all takes a second.

What is no longer used goes at once, by its count of references; the collector is for what refers to
itself in a circle, as a closed socket does.
"""

import gc

from exporter.clock import Clock

#: Young objects are looked through by the thousand, and the rest by `Sweeper` alone.
_THRESHOLDS = (10_000, 1_000, 1_000)
_SWEEP_EVERY = 5.0
_SWEEP_ALL_EVERY = 3600.0


class Sweeper:
    """Looks through what is new every few seconds, and once an hour through everything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        now = clock.monotonic()
        self._next, self._next_whole = now + _SWEEP_EVERY, now + _SWEEP_ALL_EVERY
        gc.set_threshold(*_THRESHOLDS)

    def look(self) -> None:
        """Sweep if it is time."""
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + _SWEEP_EVERY
        if now >= self._next_whole:
            self._next_whole = now + _SWEEP_ALL_EVERY
            gc.unfreeze()
        gc.collect()
        gc.freeze()
