"""Takes the configuration anew: whole or not at all, one reload at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from exporter.clock import Clock
from exporter.config import Config
from exporter.errors import ConfigError
from exporter.logs import Log
from exporter.tasks import Tasks
from exporter.telemetry import Telemetry

_READ_LIMIT = 30.0
_STOPPING = "the exporter stops"
_BUG = "the exporter failed; its log says where"


class Reloader:
    """Loads the configuration and applies it; those who ask while a reload waits share it."""

    def __init__(
        self,
        load: Callable[[], Config],
        apply: Callable[[Config], None],
        *,
        clock: Clock,
        tasks: Tasks,
        telemetry: Telemetry,
    ) -> None:
        self._load = load
        self._apply = apply
        self._clock = clock
        self._tasks = tasks
        self._telemetry = telemetry
        # Files may lie on a disk that hangs; a large one takes seconds to read.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="config")
        self._has_begun = asyncio.Event()
        self._is_closed = False
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[list[str]] | None = None
        self._waiting: asyncio.Task[list[str]] | None = None
        self._log = Log("reload")

    def begin(self) -> None:
        """Take that the first configuration is in use; what was asked for meanwhile is done now."""
        self._note(is_taken=True)
        self._has_begun.set()

    def close(self) -> None:
        """Take no other configuration any more."""
        self._is_closed = True
        for task in (self._running, self._waiting):
            if task is not None:
                task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self) -> asyncio.Task[list[str]] | None:
        """Have what the files say from now on taken; None once the exporter stops."""
        if self._is_closed:
            return None
        if self._waiting is None:
            self._waiting = self._tasks.start(self._next(), "reload")
        return self._waiting

    async def reload(self) -> list[str]:
        """Take what the files say; return their faults, none if it is in use now."""
        task = self.ask()
        if task is None:
            return [_STOPPING]
        # Others may wait for the same reload when one of them goes away.
        await asyncio.wait([task])
        return [_STOPPING] if task.cancelled() else task.result()

    async def _next(self) -> list[str]:
        await self._has_begun.wait()
        async with self._lock:
            # The files are read from here on: whoever asks now may know of a later change.
            self._running, self._waiting = self._waiting, None
            faults = await self._take()
            for fault in faults:
                self._log.error("the configuration is not taken, the former stays", fault=fault)
            self._note(is_taken=not faults)
            return faults

    async def _take(self) -> list[str]:
        read = asyncio.get_running_loop().run_in_executor(self._pool, self._load)
        try:
            async with asyncio.timeout(_READ_LIMIT):
                config = await read
            self._apply(config)
        except ConfigError as error:
            return error.faults
        except TimeoutError:
            return [f"expected files that can be read within {_READ_LIMIT:.0f} s"]
        except Exception as error:  # noqa: BLE001  # a bug must not end the process
            self._log.bug("a configuration could not be taken", error)
            return [_BUG]
        return []

    def _note(self, *, is_taken: bool) -> None:
        self._telemetry.reload_successful.set(is_taken)
        if is_taken:
            self._telemetry.reload_success.set(self._clock.wall())
