"""How many series one location may have, and which of them go without when there are more."""

from dataclasses import dataclass

from exporter.catalog import readings
from exporter.series import Sample

SERIES_LIMIT = 5_000
#: States that nobody has asked for may not take the place of a leak sensor's.
OTHER_STATES_LIMIT = SERIES_LIMIT // 2


@dataclass(slots=True)
class _Share:
    """What one device has of them."""

    known: int = 0
    others: int = 0
    dropped: int = 0


class Allowance:
    """The series of one location: its own first, then each device's as they come."""

    __slots__ = ("_own", "_shares", "_total")

    def __init__(self) -> None:
        self._own = 0
        self._shares: dict[str, _Share] = {}
        self._total = _Share()

    def reserve(self, own: int) -> None:
        """Set aside the series of the location itself."""
        self._own = own

    def cut(self, device_id: str, samples: list[Sample]) -> tuple[list[Sample], int]:
        """Return the samples that there is room for, and how many more are left out than before."""
        before = self.release(device_id)
        room = SERIES_LIMIT - self._own - self._total.known - self._total.others
        known = [one for one in samples if one.metric is not readings.DEVICE_STATE][: max(0, room)]
        others = [one for one in samples if one.metric is readings.DEVICE_STATE]
        room = min(room - len(known), OTHER_STATES_LIMIT - self._total.others)
        others = others[: max(0, room)]
        dropped = len(samples) - len(known) - len(others)
        self._shares[device_id] = _Share(len(known), len(others), dropped)
        self._total.known += len(known)
        self._total.others += len(others)
        return known + others, max(0, dropped - before.dropped)

    def release(self, device_id: str) -> _Share:
        """Give back and return what a device had."""
        share = self._shares.pop(device_id, _Share())
        self._total.known -= share.known
        self._total.others -= share.others
        return share
