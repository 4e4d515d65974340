"""What of the held state may be served at a moment, and until when: two clocks decide.

How long ago the cloud answered about a location (stale_after), and how long ago by its own time a
device took its periodic readings (device_stale_after).
"""

from collections.abc import Iterator

from exporter.model import Reading
from exporter.store.held import HeldDevice, HeldLocation


def is_up(location: HeldLocation, now: float) -> bool:
    """Return whether the last successful poll is younger than stale_after."""
    return now - location.polled < location.policy.stale_after


def alarm_is_fresh(location: HeldLocation, now: float) -> bool:
    """Return whether a poll or an alarm event is younger than stale_after."""
    return now - max(location.polled, location.alarm.pushed) < location.policy.stale_after


class DeviceView:
    """What one device may show at `now` (monotonic seconds)."""

    __slots__ = (
        "_device",
        "_limit",
        "_now",
        "_offset",
        "is_alive",
        "is_fresh",
        "is_served",
        "location",
    )

    def __init__(self, location: HeldLocation, device: HeldDevice, now: float) -> None:
        self.location = location
        self._device = device
        self._now = now
        self._offset = location.offset
        self._limit = location.policy.device_stale_after
        self.is_fresh = self._cloud_is_fresh()
        self.is_alive = self._device_is_alive()
        self.is_served = self.is_fresh and self.is_alive

    def shows(self, reading: Reading) -> bool:
        """Return whether the reading may be served."""
        if reading.metric.survives:
            return True
        return self.is_served and (not reading.metric.periodic or self._is_young(reading))

    def deadline(self) -> float:
        """Return the next moment at which something of it goes, if nothing is heard until then."""
        return min((moment for moment in self._ends() if moment > self._now), default=float("inf"))

    def _cloud_is_fresh(self) -> bool:
        heard = max(self.location.polled, self._device.contact)
        return self._now - heard < self.location.policy.stale_after

    def _device_is_alive(self) -> bool:
        # A push is a sign of life of its own: a leak must not hide behind old readings.
        if self._now - self._device.alive < self._limit:
            return True
        dated = [reading for reading in self._periodic() if reading.updated is not None]
        return not dated or any(self._is_young(reading) for reading in dated)

    def _is_young(self, reading: Reading) -> bool:
        if reading.updated is None:
            return True
        return self._now + self._offset - reading.updated < self._limit

    def _periodic(self) -> Iterator[Reading]:
        return (r for r in self._device.readings.values() if r.metric.periodic)

    def _ends(self) -> Iterator[float]:
        heard = max(self.location.polled, self._device.contact)
        yield heard + self.location.policy.stale_after
        yield self._device.alive + self._limit
        for reading in self._periodic():
            if reading.updated is not None:
                yield reading.updated - self._offset + self._limit
