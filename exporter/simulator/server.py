"""The simulator: both clouds and the control interface on loopback, on one clock."""

import asyncio
import ssl
from collections.abc import Callable, Iterable

from exporter.clock import Clock
from exporter.simulator.calls import Call, CallLog
from exporter.simulator.changes import ActivityChange, Change
from exporter.simulator.control import Control
from exporter.simulator.door import Door
from exporter.simulator.faults import HANDSHAKE_KINDS, Fault, FaultBook
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

_BREATH = 50


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
        self._is_secure = certify is not None
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
        self._doors = {
            "homely": Door(self.homely.app, self._tls("homely", certify)),
            "wally": Door(self.wally.app, self._tls("wally", certify)),
            "control": Door(Control(self).app),
        }
        self._heart: asyncio.Task[None] | None = None

    @property
    def homely_url(self) -> str:
        """Return the base address of the Homely cloud."""
        return self._doors["homely"].url

    @property
    def wally_url(self) -> str:
        """Return the base address of the Wally cloud."""
        return self._doors["wally"].url

    @property
    def control_url(self) -> str:
        """Return the base address of the control interface."""
        return self._doors["control"].url

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
        ports = {"homely": port, "wally": wally_port, "control": control_port}
        try:
            for name, door in self._doors.items():
                await door.open(host, ports[name])
        except OSError:
            await self.stop()
            raise
        if not self.told:
            self.play(self._scenario.name)
        self._heart = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Close everything; calling it again does no harm, and `start` may follow."""
        heart, self._heart = self._heart, None
        if heart is not None:
            heart.cancel()
            await asyncio.wait([heart])
        try:
            await self.homely.sockets.stop()
        finally:
            for door in self._doors.values():
                await door.close()
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
            if not self._is_secure:
                raise ValueError(f"{fault.kind}: only where the clouds are served over TLS")
            self.hang_up()
        self._shared.faults.add(fault)

    def hang_up(self) -> None:
        """Close every connection but the sockets, as a cloud does with those that are idle."""
        for door in self._doors.values():
            door.hang_up(self.homely.sockets.holds)

    async def shut(self, vendor: str) -> None:
        """Refuse every connection to a vendor's cloud until `reopen`; its sockets are closed."""
        if vendor == "homely":
            await self.homely.sockets.stop()
        await self._doors[vendor].shut()

    async def reopen(self, vendor: str) -> None:
        """Let a vendor's cloud be reached again, at the same address."""
        await self._doors[vendor].reopen()

    def clear_faults(self) -> None:
        """Lift every fault."""
        self._shared.faults.clear()

    async def drop_sockets(self) -> None:
        """Close every Homely socket."""
        await self.homely.drop_sockets()

    def _tls(self, vendor: str, certify: Certify | None) -> Callable[[str], ssl.SSLContext] | None:
        if certify is None:
            return None
        return lambda host: tls_context(vendor, host, certify, self._shared.faults)

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
