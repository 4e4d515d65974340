"""A meter's running total, kept from stepping back on a spurious zero."""

from dataclasses import replace

from exporter.model import Reading


class TotalGuard:
    """Withholds a zero or a step back until it holds for two different vendor times."""

    __slots__ = ("_accepted", "_doubted")

    def __init__(self) -> None:
        self._accepted: Reading | None = None
        self._doubted: Reading | None = None

    def admit(self, new: Reading) -> Reading:
        """Return the reading to hold: the new one, or the last one while the new is doubted."""
        if new.value is None:
            return new
        if self._is_doubtful(new.value) and not self._is_confirmed(new):
            self._doubted = self._doubted or new
            return self._accepted or replace(new, value=None)
        self._accepted, self._doubted = new, None
        return new

    def _is_doubtful(self, value: float) -> bool:
        if self._accepted is None or self._accepted.value is None:
            return value == 0
        return value < self._accepted.value

    def _is_confirmed(self, new: Reading) -> bool:
        return self._doubted is not None and new.stamp not in (None, self._doubted.stamp)
