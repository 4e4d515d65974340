"""The tasks of the process: created, named, watched and cancelled in one place."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from exporter.logs import Log

_T = TypeVar("_T")
_AGAIN = 1.0


class Tasks:
    """Owns tasks; one that fails is a bug, which is logged and ends that task alone."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._log = Log("tasks")

    def start(self, work: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
        """Run a coroutine as a task."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """Cancel all tasks and wait for their end."""
        while self._running:
            for task in self._running:
                task.cancel()
            # A library may swallow a cancellation, as wait_for of Python 3.11 can.
            await asyncio.wait(self._running, timeout=_AGAIN)

    def __len__(self) -> int:
        """Return how many tasks run now."""
        return len(self._running)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            assert error is not None  # noqa: S101  # for the type checker
            self._log.bug(f"task {task.get_name().split(' ')[0]} failed", error)
