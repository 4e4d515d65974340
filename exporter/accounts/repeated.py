"""A call that is made again and again: when it is due, and what its failures mean for the next."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exporter.accounts.cadence import Cadence
from exporter.accounts.tools import Tools
from exporter.config import AccountConfig
from exporter.errors import CloudError, OnHoldError
from exporter.logs import Log


@dataclass(frozen=True, slots=True)
class Told:
    """What the log says when the call begins to fail, and when it succeeds again."""

    log: Log
    failing: str
    recovered: str


class Repeated:
    """Makes one call of an account, never twice at once; it returns the interval to the next."""

    def __init__(
        self,
        key: str,
        call: Callable[[], Awaitable[float]],
        config: AccountConfig,
        tools: Tools,
        told: Told,
    ) -> None:
        self._key = key
        self._call = call
        self._cadence = Cadence(config, tools.rng)
        self._tools = tools
        self._told = told
        self._is_failing = False
        self._wish: tuple[float, float] | None = None
        self._task: asyncio.Task[None] | None = None
        self.on_planned: Callable[[float], None] = lambda _: None
        self.is_stopped = False
        self.is_tried = False

    def begin(self, due: float) -> None:
        """Make the first call when it is due (monotonic); one that is not due counts as tried."""
        self.is_tried = due > self._tools.clock.monotonic()
        self._plan(due)

    def hasten(self, due: float, spread: float) -> None:
        """Bring the next call forward (monotonic), unless calls fail and wait for that.

        Up to `spread` seconds are added: what happens to many at once must not call at once. What
        is asked while a call is under way holds for the next one.
        """
        planned = self._tools.planner.due(self._key)
        if planned is None:
            self._wish = (due, spread)
        elif due < planned and not self._cadence.failures:
            soon = max(due, self._tools.clock.monotonic())
            self._plan(min(planned, soon + self._tools.rng.uniform(0.0, spread)))

    def stop(self) -> None:
        """Call no more, and end a call that is under way."""
        self.is_stopped = True
        self._tools.planner.cancel(self._key)
        if self._task is not None:
            self._task.cancel()

    def _plan(self, due: float) -> None:
        self._tools.planner.at(self._key, due, self._start)
        self.on_planned(due)

    def _start(self) -> None:
        self._task = self._tools.tasks.start(self._run(), self._key)

    async def _run(self) -> None:
        due = await self._attempt()
        self.is_tried = True
        if not self.is_stopped:
            self._plan(due)
            wish, self._wish = self._wish, None
            if wish is not None:
                self.hasten(*wish)

    async def _attempt(self) -> float:
        """Make the call and return when the next is due."""
        clock = self._tools.clock
        try:
            interval = await self._call()
        except OnHoldError as hold:
            return hold.until
        except CloudError as error:
            if not self._is_failing:
                self._told.log.warning(self._told.failing, reason=str(error))
            self._is_failing = True
            return clock.monotonic() + self._cadence.after_failure(error)
        except Exception as error:  # noqa: BLE001  # a bug must not end the calls
            if not self._is_failing:
                self._told.log.bug("an answer could not be taken", error)
            self._is_failing = True
            return clock.monotonic() + self._cadence.after_failure(error)
        if self._is_failing:
            self._told.log.info(self._told.recovered)
        self._is_failing = False
        return clock.monotonic() + self._cadence.after_success(interval)
