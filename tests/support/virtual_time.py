"""Time that passes as fast as the work in it: an event loop whose clock jumps to the next timer.

Everything that asks for time is answered from here: the loop's own timers, the product's Clock,
and the wall clock that APScheduler lives on, which may be set while the loop runs.
"""

import asyncio
import selectors
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime, tzinfo
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar
from unittest.mock import patch

from tests.support.manual_clock import START

_BEGIN = 1000.0
#: A turn of the loop takes time as well: what is tried again until a moment has come would
#: otherwise be tried for ever.
_TURN = 2e-6
_T = TypeVar("_T")


class Wire(Protocol):
    """What lies between the exporter and a cloud: how long a call takes on its way."""

    def carry(self, call: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        """Make the call after its way there, and settle the future after its way back."""
        ...


class _NoWaiting(selectors.BaseSelector):
    """A selector on which nothing ever happens: where one would wait, time moves on."""

    def __init__(self, move: Callable[[float], None]) -> None:
        self._move = move
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        return self._keys[number]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits for something that no timer brings about"
        self._move(max(0.0, timeout))
        return []

    def get_map(self) -> Any:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time; what it would run in a thread goes over the wire instead.

    Only what is for the `disk` is done at once.
    """

    def __init__(self) -> None:
        self.now = _BEGIN
        self.wire: Wire | None = None
        self.disk: Executor | None = None
        super().__init__(_NoWaiting(self._pass))

    def time(self) -> float:
        """Return the virtual time."""
        return self.now

    def run_in_executor(  # type: ignore[override]  # a future of this loop is all that is awaited
        self, executor: Executor | None, func: Callable[..., _T], *args: Any
    ) -> "asyncio.Future[_T]":
        """Carry a call over the wire; there are no threads, they would not know the time."""
        future: asyncio.Future[_T] = self.create_future()
        if executor is self.disk:
            try:
                future.set_result(func(*args))
            except Exception as error:  # noqa: BLE001  # as an executor does
                future.set_exception(error)
            return future
        assert self.wire is not None
        self.wire.carry(lambda: func(*args), future)
        return future

    def _pass(self, seconds: float) -> None:
        self.now += seconds + _TURN


class VirtualClock:
    """The product's Clock on a virtual loop; `set_wall` sets the machine's time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._ahead = 0.0

    def true(self) -> float:
        """Return the world's own wall time, which nobody sets."""
        return START + self._loop.now - _BEGIN

    def wall(self) -> float:
        """Return the wall time of the exporter's machine."""
        return self.true() + self._ahead

    def monotonic(self) -> float:
        """Return the loop's time."""
        return self._loop.now

    async def sleep(self, seconds: float) -> None:
        """Sleep on the loop."""
        await asyncio.sleep(seconds)

    def set_wall(self, ahead: float) -> None:
        """Let the machine's wall clock go that much ahead of the world's."""
        self._ahead = ahead


@contextmanager
def scheduler_on(clock: VirtualClock) -> Iterator[None]:
    """Let APScheduler, which takes no clock, and the planner around it live on the virtual one."""

    class Virtual(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(clock.wall(), tz)

    with (
        patch("apscheduler.schedulers.base.datetime", Virtual),
        patch("apscheduler.executors.base.datetime", Virtual),
        patch("exporter.schedule.datetime", Virtual),
        patch("exporter.schedule.time", SimpleNamespace(monotonic=clock.monotonic)),
    ):
        yield
