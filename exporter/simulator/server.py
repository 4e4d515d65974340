"""The simulator: both clouds and the control interface on loopback, on one clock."""

import asyncio
from collections.abc import Callable, Iterable

from aiohttp import web

from exporter.clock import Clock
from exporter.simulator.calls import Call, CallLog
from exporter.simulator.changes import ActivityChange, Change
from exporter.simulator.control import Control
from exporter.simulator.faults import HANDSHAKE_KINDS, VENDORS, Fault, FaultBook
from exporter.simulator.gate import Shared
from exporter.simulator.homely import HomelyCloud
from exporter.simulator.homely_socket import HomelySockets, TurnAway
from exporter.simulator.people import PRIVATE_MARKERS
from exporter.simulator.scenarios import SCENARIOS, Scenario, Step
from exporter.simulator.stamps import Minter
from exporter.simulator.tls import Certify, tls_context
from exporter.simulator.tokens import TokenOffice
from exporter.simulator.wally import WallyCloud
from exporter.simulator.world import World
from exporter.simulator.worlds import demo_world

_GRACE = 0.2
_BREATH = 50
_BACKLOG = 4096


class Simulator:
    """Both clouds as real servers, moved by a clock and disturbed by a scenario.

    With `certify` both clouds are served over TLS with the certificates that it makes.
    """

    def __init__(  # noqa: PLR0913 - every argument is one knob of the same machine
        self,
        *,
        clock: Clock,
        seed: int = 1,
        scenario: str = "calm",
        world: World | None = None,
        speed: float = 1.0,
        token_life: float = 60,
        refresh_life: float = 1800,
        ping_interval: float = 25,
        ping_timeout: float = 20,
        turn_away: TurnAway = "drop",
        tick: float = 1.0,
        certify: Certify | None = None,
    ) -> None:
        self.clock = clock
        self.world = world or demo_world(seed)
        self.world.speed = speed
        self.world.begin(clock.wall())
        self.tick = tick
        self._certify = certify
        self.told: list[Step] = []
        self.on_step: Callable[[Step], None] | None = None
        self._shared = Shared(clock, self.world, FaultBook(), CallLog())
        tokens = TokenOffice(clock, Minter(seed + 1), token_life, refresh_life)
        sockets = HomelySockets(self._shared, tokens, ping_interval, ping_timeout, turn_away)
        self.homely = HomelyCloud(self._shared, tokens, sockets)
        self.wally = WallyCloud(self._shared)
        self._scenario = SCENARIOS[scenario]
        self._waiting = list(self._scenario.steps)
        self._started = clock.monotonic()
        self._lock = asyncio.Lock()
        self._runners: list[web.AppRunner] = []
        self._urls: dict[str, str] = {}
        self._heart: asyncio.Task[None] | None = None

    @property
    def homely_url(self) -> str:
        """Return the base address of the Homely cloud."""
        return self._urls["homely"]

    @property
    def wally_url(self) -> str:
        """Return the base address of the Wally cloud."""
        return self._urls["wally"]

    @property
    def control_url(self) -> str:
        """Return the base address of the control interface."""
        return self._urls["control"]

    @property
    def homely_logins(self) -> list[tuple[str, str]]:
        """Return the username and password of every Homely login."""
        return [(login.username, login.password) for login in self.world.logins]

    @property
    def wally_tokens(self) -> list[str]:
        """Return the token of every Wally account."""
        return [account.token for account in self.world.accounts]

    @property
    def callback_targets(self) -> list[str]:
        """Return the first Wally account's list of callback addresses, to be added to."""
        return next(iter(self.wally.targets.values()), [])

    @property
    def calls(self) -> list[Call]:
        """Return every call the clients made, in order."""
        return self._shared.calls.all()

    @property
    def call_log(self) -> CallLog:
        """Return the log itself, to count and to reset."""
        return self._shared.calls

    @property
    def scenario(self) -> Scenario:
        """Return the scenario that plays."""
        return self._scenario

    @property
    def finished(self) -> bool:
        """Tell whether the scenario has reached its end."""
        return not self._waiting

    def secrets(self) -> list[str]:
        """Return everything that must never leak: markers, passwords, tokens, user ids."""
        logins = self.world.logins
        return [
            *PRIVATE_MARKERS,
            *(login.password for login in logins),
            *(login.user_id for login in logins),
            *self.wally_tokens,
            *self.homely.tokens.issued,
        ]

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        wally_port: int = 0,
        control_port: int = 0,
    ) -> None:
        """Open the three servers and begin to move."""
        control = Control(self).app()
        apps = (
            ("homely", self.homely.app(), port),
            ("wally", self.wally.app(), wally_port),
            ("control", control, control_port),
        )
        try:
            for name, app, wanted in apps:
                self._urls[name] = await self._serve(name, app, host, wanted)
        except OSError:
            await self.stop()
            raise
        if not self.told:
            self.play(self._scenario.name)
        self._heart = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Close everything; calling it again does no harm, and `start` may follow."""
        if not self._runners:
            return
        heart, self._heart = self._heart, None
        if heart is not None:
            heart.cancel()
            await asyncio.wait([heart])
        try:
            await self.homely.sockets.stop()
        finally:
            for runner in self._runners:
                await runner.cleanup()
            self._runners.clear()
        if heart is not None and not heart.cancelled():
            heart.result()

    def now(self) -> float:
        """Return the wall time of the simulator's clock."""
        return self.clock.wall()

    def play(self, scenario: str) -> Scenario:
        """Start a scenario from its beginning; KeyError for an unknown one."""
        self._scenario = SCENARIOS[scenario]
        self._waiting = list(self._scenario.steps)
        self._started = self.clock.monotonic()
        return self._scenario

    async def advance(self) -> None:
        """Bring the world and the scenario up to the clock, and send what changed."""
        async with self._lock:
            await self.publish(self.world.advance(self.now()))
            await self._play_due()

    async def publish(self, changes: Iterable[Change]) -> None:
        """Send changes to the sockets and the callback targets."""
        for number, change in enumerate(changes, 1):
            if isinstance(change, ActivityChange):
                await self.wally.publish(change)
            else:
                await self.homely.publish(change)
            if number % _BREATH == 0:
                await asyncio.sleep(0)

    async def inject(self, fault: Fault) -> None:
        """Put a fault in force, or bring it upon the sockets that are open."""
        if fault.now:
            await self.homely.sockets.afflict(fault)
            return
        if fault.kind in HANDSHAKE_KINDS:
            if self._certify is None:
                raise ValueError(f"{fault.kind}: only where the clouds are served over TLS")
            self.hang_up()
        self._shared.faults.add(fault)

    def hang_up(self) -> None:
        """Close every connection but the sockets, as a cloud does with those that are idle."""
        for runner in self._runners:
            for connection in runner.server.connections if runner.server else ():
                if not self.homely.sockets.holds(connection):
                    connection.force_close()

    def clear_faults(self) -> None:
        """Lift every fault."""
        self._shared.faults.clear()

    async def drop_sockets(self) -> None:
        """Close every Homely socket."""
        await self.homely.drop_sockets()

    async def _serve(self, name: str, app: web.Application, host: str, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
        self._runners.append(runner)
        await runner.setup()
        tls = None
        if self._certify is not None and name in VENDORS:
            tls = tls_context(name, host, self._certify, self._shared.faults)
        await web.TCPSite(runner, host, port, backlog=_BACKLOG, ssl_context=tls).start()
        return f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"

    async def _beat(self) -> None:
        while True:
            await self.advance()
            await self.clock.sleep(self.tick)

    async def _play_due(self) -> None:
        elapsed = self.clock.monotonic() - self._started
        while self._waiting and self._waiting[0].at <= elapsed:
            step = self._waiting.pop(0)
            self.told.append(step)
            if self.on_step is not None:
                self.on_step(step)
            await step.action.play(self)
