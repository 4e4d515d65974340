"""A meter's running total, kept from stepping back on a spurious zero."""

from dataclasses import replace

from exporter.model import Reading


class TotalGuard:
    """Withholds a zero or a step back until it holds for two different vendor times.

    A total that is `remembered` from before a restart only says what would be a step back.
    """

    __slots__ = ("_doubted", "_served", "last")

    def __init__(self, remembered: Reading | None = None) -> None:
        self.last = remembered
        self._served: Reading | None = None
        self._doubted: Reading | None = None

    def admit(self, new: Reading) -> Reading:
        """Return the reading to hold: the new one, or the last one while the new is doubted."""
        if new.value is None:
            return new
        if self._is_doubtful(new.value) and not self._is_confirmed(new):
            self._doubted = self._doubted or new
            # Without a time it can never be confirmed, and the last one must not stand for ever.
            is_undated = new.stamp is None
            return self._served if self._served and not is_undated else replace(new, value=None)
        self.last = self._served = new
        self._doubted = None
        return new

    def _is_doubtful(self, value: float) -> bool:
        if self.last is None or self.last.value is None:
            return value == 0
        return value < self.last.value

    def _is_confirmed(self, new: Reading) -> bool:
        return self._doubted is not None and new.stamp not in (None, self._doubted.stamp)
