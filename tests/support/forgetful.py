"""A memory that keeps nothing, for tests of what a process does by itself."""

from exporter.budget import Bucket
from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.sources.record import CallRecord


class Forgetful:
    """Gives every account a new record; counts how often one was to be kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept = 0

    def record(self, _: AccountConfig, bucket: Bucket) -> CallRecord:
        """Return a new record."""
        return CallRecord(bucket, began=self._clock.monotonic())

    async def keep(self, _: AccountConfig, __: CallRecord) -> None:
        """Count."""
        self.kept += 1
