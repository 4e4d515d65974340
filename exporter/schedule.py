"""When something is due: one-shot jobs of APScheduler over due times on the monotonic clock."""

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
        self._offset = self._wall_offset()

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
        """Plan everything again if the wall clock was set since the last look."""
        offset = self._wall_offset()
        if abs(offset - self._offset) > _PARTED:
            self._offset = offset
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

    def _wall_offset(self) -> float:
        return datetime.now(UTC).timestamp() - self._clock.monotonic()
