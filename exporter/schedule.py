"""When something is due: one-shot jobs of APScheduler over due times on the monotonic clock."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from exporter.clock import Clock

_PARTED = 1.0


class Planner:
    """Calls back at due times, whatever happens to the wall clock that APScheduler lives on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._due: dict[str, tuple[float, Callable[[], None]]] = {}
        self._offsets = self._clock_offsets()

    def start(self) -> None:
        """Begin to call back; the event loop runs by now."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing back any more."""
        self._due.clear()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def at(self, key: str, due: float, action: Callable[[], None]) -> None:
        """Call `action` once at `due` (monotonic seconds); a plan of the same key is replaced."""
        self._due[key] = (due, action)
        self._plan(key, due)

    def due(self, key: str) -> float | None:
        """Return when the key is due, None when it is not planned."""
        plan = self._due.get(key)
        return plan[0] if plan else None

    def cancel(self, key: str) -> None:
        """Forget a plan, if there is one."""
        if self._due.pop(key, None) is not None:
            self._unplan(key)

    def watch_clocks(self) -> None:
        """Plan everything again if a clock was set, or the machine slept, since the last look."""
        offsets = self._clock_offsets()
        parted = any(
            abs(now - before) > _PARTED for now, before in zip(offsets, self._offsets, strict=True)
        )
        if parted:
            self._offsets = offsets
            for key, (due, _) in self._due.items():
                self._plan(key, due)

    def _plan(self, key: str, due: float) -> None:
        wait = max(0.0, due - self._clock.monotonic())
        self._scheduler.add_job(
            self._fire,
            "date",
            run_date=datetime.now(UTC) + timedelta(seconds=wait),
            args=[key],
            id=key,
            replace_existing=True,
            misfire_grace_time=None,
        )

    def _unplan(self, key: str) -> None:
        with suppress(JobLookupError):  # it may have fired just now
            self._scheduler.remove_job(key)

    # A coroutine, so that APScheduler runs it on the loop and not in a thread.
    async def _fire(self, key: str) -> None:
        plan = self._due.get(key)
        if plan is None:
            return
        due, action = plan
        if due > self._clock.monotonic() + _PARTED:
            self._plan(key, due)
            return
        del self._due[key]
        action()

    def _clock_offsets(self) -> tuple[float, float]:
        """Return how far APScheduler's clock and the loop's own are ahead of ours."""
        now = self._clock.monotonic()
        return datetime.now(UTC).timestamp() - now, time.monotonic() - now
