"""Builds the parts, and owns start-up, reload and shutdown."""

import asyncio
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exporter.accounts import Account, Claims, Roster, Tools
from exporter.clock import Clock, SystemClock
from exporter.config import AccountConfig, Config
from exporter.exposition import Exposition
from exporter.logs import Log
from exporter.reload import Reloader
from exporter.rest import Transport
from exporter.schedule import Planner
from exporter.sources.base import Reason, Vendor
from exporter.sources.clouds import Clouds, transport_for
from exporter.sources.vendors import VENDORS
from exporter.state import Keeper, StateFiles
from exporter.store import Store
from exporter.tasks import Tasks
from exporter.telemetry import Telemetry
from exporter.web.callbacks import CallbackHandler
from exporter.web.lifecycle import ReloadHandler
from exporter.web.metrics import MetricsHandler
from exporter.web.page import PageHandler
from exporter.web.protection import Protection
from exporter.web.server import Routes, Server

_TICK = 1.0


class App:
    """The whole process but its command line; everything runs on the loop that starts it."""

    def __init__(  # noqa: PLR0913  # each is one seam of the same process
        self,
        config: Config,
        *,
        load: Callable[[], Config] | None = None,
        enable_lifecycle: bool = False,
        clock: Clock | None = None,
        vendors: Mapping[str, type[Vendor]] = VENDORS,
        make_transport: Callable[[AccountConfig], Transport] = transport_for,
        rng: random.Random | None = None,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._on_tick = on_tick
        self._was_ready = False
        self.exposition = Exposition()
        self.telemetry = Telemetry(self.exposition)
        self.telemetry.shard_ordinal.set(config.shard.ordinal)
        self.telemetry.shards.set(config.shard.total)
        self.store = Store(self._clock, self.exposition, self.telemetry.series_dropped.inc)
        self._planner = Planner(self._clock)
        self._tasks = Tasks()
        self._page_pool = ThreadPoolExecutor(1, thread_name_prefix="page")
        # One thread, so that writes of one file keep their order.
        self._state_pool = ThreadPoolExecutor(1, thread_name_prefix="state")
        files = StateFiles(config.state_dir, self._state_pool, self.telemetry.state_file_errors.inc)
        self._keeper = Keeper(files, self.store, self._clock)
        rng = rng or random.Random()  # noqa: S311  # jitter, not a secret
        self._clouds = Clouds(
            clock=self._clock,
            rng=rng,
            telemetry=self.telemetry,
            memory=self._keeper,
            vendors=vendors,
            make_transport=make_transport,
        )
        for reason in Reason:
            self.telemetry.stream_disconnects.labels(reason.value)
        claims = Claims(self.store, self.telemetry.locations_owned.set)
        self._tools = Tools(
            self._clock,
            self.store,
            self._planner,
            self.telemetry,
            self._tasks,
            rng,
            claims,
        )
        self._roster = Roster(self._build, self._tools, self._keeper)
        self.reloader = Reloader(
            load or (lambda: config),
            self._apply,
            clock=self._clock,
            tasks=self._tasks,
            telemetry=self.telemetry,
        )
        self.server = Server(self._routes(enable_lifecycle=enable_lifecycle))
        self._log = Log("app")

    @property
    def accounts(self) -> list[Account]:
        """The accounts that run now, in the order of the configuration."""
        return self._roster.accounts

    async def start(self, address: str, protection: Protection | None = None) -> None:
        """Serve, then begin with the accounts; raises StartError where the address is taken."""
        asyncio.get_running_loop().set_exception_handler(self._on_loop_error)
        await self._keeper.load()
        self._roster.apply(self._config.accounts)
        await self.server.start(address, protection or Protection())
        self._planner.start()
        self._roster.start()
        self._tasks.start(self._tick(), "tick")
        self._tasks.start(self._keeper.run(), "keeper")
        self.reloader.begin()

    async def stop(self) -> None:
        """Close the server, the sockets and the calls under way."""
        self.reloader.close()
        await self.server.stop()
        # First, as a call to a cloud that hangs can hold up the end of its task.
        await self._keeper.save()
        self._roster.stop()
        self._planner.stop()
        await self._tasks.stop()
        await self._keeper.close()
        await self._clouds.close()
        for pool in (self._page_pool, self._state_pool):
            pool.shutdown(wait=False, cancel_futures=True)

    def is_ready(self) -> bool:
        """Return whether every account has been tried; those that a reload adds do not count."""
        self._was_ready = self._was_ready or self._roster.is_tried
        return self._was_ready

    def _routes(self, *, enable_lifecycle: bool) -> Routes:
        return Routes(
            pages=PageHandler(
                self.store, lambda: self.accounts, self._clock, self._page_pool
            ).routes(),
            metrics=MetricsHandler(self.exposition, self.telemetry, self._page_pool).handle,
            callbacks=CallbackHandler(lambda: self.accounts, self.telemetry).handle,
            reload=ReloadHandler(self.reloader.reload, is_enabled=enable_lifecycle).handle,
            is_ready=self.is_ready,
        )

    def _build(self, config: AccountConfig, order: int) -> Account:
        gate, source = self._clouds.open(config)
        account = Account(source, gate, self._tools, order)
        account.remember(self._keeper.locations(config))
        return account

    def _apply(self, config: Config) -> None:
        """Go on with another configuration."""
        changes = self._roster.apply(config.accounts)
        if config.state_dir != self._config.state_dir:
            self._log.warning("another state_dir is used after a restart only")
        self._log.info("the configuration was reloaded", **changes._asdict())

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK)
            for look in (
                self.store.expire,
                self._planner.watch_clocks,
                self._roster.tidy,
                lambda: self.telemetry.look(self._clock.monotonic()),
                self._on_tick,
            ):
                try:
                    while look():  # noqa: ASYNC110  # events have their turn between
                        await asyncio.sleep(0)
                except Exception as error:  # noqa: BLE001  # one bug must not freeze all readings
                    self._log.bug("a regular look failed", error)

    def _on_loop_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # The loop's own report would print the exception's text, and with it what a cloud sent.
        error = context.get("exception")
        if isinstance(error, Exception):
            self._log.bug("something failed outside of any task", error)
        else:
            self._log.warning("something failed outside of any task")
