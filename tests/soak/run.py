"""One soak: the real exporter, two clouds in memory, days of virtual time, and an oracle."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import Mock, patch

import aiohttp
import requests
import yaml
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from exporter.app import App
from exporter.config import load
from exporter.sources.vendors import MODELS, VENDORS
from tests.soak import sockets
from tests.soak.care import Care
from tests.soak.complaints import complaints
from tests.soak.dice import Dice
from tests.soak.homely import HomelyCloud, credentials
from tests.soak.life import Life, News
from tests.soak.oracle import Oracle
from tests.soak.page import check_formats
from tests.soak.promises import LIMITS, LOOK, Promises
from tests.soak.sockets import MemorySocket, vendor_over
from tests.soak.things import DAY, HOUR, MINUTE, Alert, Home, Thing, build
from tests.soak.troubles import Troubles
from tests.soak.wally import WallyCloud
from tests.soak.wire import Exchange, MemoryWire, transport
from tests.support.virtual_time import VirtualClock, VirtualLoop, scheduler_on

ACCOUNTS = ("homely-1", "homely-2", "wally-1")
_SECRET = "callback-secret-of-the-soak"
_HANGS, _REFUSALS = 0.05, 0.03
#: The longest back-off many times over: some tries fail by chance.
_LONGEST_WITHOUT = HOUR
#: Each home has one task that supervises its socket and four of the library that read and write;
#: some calls, events and callbacks are under way. One left behind by each try would be hundreds.
_MOST_TASKS = 40


class World:
    """Both clouds with all that befalls them: what the exporter meets."""

    def __init__(self, seed: int, clock: VirtualClock, care: Care) -> None:
        self.homes = build(clock.true(), Dice(seed, "homes"))
        self.oracle = Oracle(self.homes, clock.true)
        self.homely = HomelyCloud(self.homes, self.oracle, clock.true, Dice(seed, "homely"))
        self.wally = WallyCloud(self.homes, self.oracle, clock.true, Dice(seed, "wally"))
        self.troubles = Troubles(list(ACCOUNTS), clock.set_wall, Dice(seed, "troubles"))
        self.troubles.on_sockets_lost = self._drop_all
        self.homely.short_lived = lambda: self.troubles.short_lived
        self.life = Life(self.homes, self, clock.true, Dice(seed, "life"))
        self.homely.on_overtaken = self.life.stir
        self.faults: list[str] = []
        self._care = care
        self._dice = Dice(seed, "sockets")
        self._without: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """Let everything begin."""
        self.life.begin()
        self.troubles.begin()

    def answer(self, account: str, request: requests.PreparedRequest) -> Exchange:
        """Answer a call, or let it fail."""
        vendor = self.homely if account.startswith("homely") else self.wally
        trouble = self.troubles.befalls(account)
        exchange = trouble or vendor.answer(account, request)
        self._care.note(account, request, exchange, usable=trouble is None)
        if exchange.status == 401:
            self.homely.doubt(account)
        return exchange

    # --- what comes to the clouds

    def learn(self, home: Home, thing: Thing, news: News) -> None:
        """Let Homely push; Wally tells no readings."""
        if home.vendor == "homely":
            self.homely.learn(home, thing, news)

    def alarm(self, home: Home) -> None:
        """Let Homely push an alarm's state."""
        self.homely.alarm(home)

    def alert(self, home: Home, thing: Thing, alert: Alert) -> None:
        """Let Wally post an activity."""
        self.wally.alert(home, thing, alert)

    # --- sockets

    def connect(self, socket: MemorySocket, url: str) -> None:
        """Let a socket be connected, refused, or left hanging before or after its greeting."""
        if self.troubles.sockets_out:
            raise aiohttp.ClientConnectionError
        socket.location, socket.token = credentials(url)
        if self._dice.hits(_HANGS):
            self.troubles.counts["socket hangs"] += 1
            return
        socket.greet()

    def judge(self, socket: MemorySocket) -> None:
        """Welcome a socket, turn its token away, or never answer."""
        account = next(home.account for home in self.homes if home.id == socket.location)
        if not self.homely.admits(socket.token) or self._dice.hits(_REFUSALS):
            self.troubles.counts["socket refused"] += 1
            self.homely.doubt(account)
            self._dice.choice((socket.drop, socket.reject))()
        elif self._dice.hits(_HANGS):
            self.troubles.counts["socket hangs"] += 1
        else:
            self.homely.sockets[socket.location].append(socket)
            socket.welcome()
            is_short = account == self.troubles.short_lived
            sockets.end(socket, self._dice, is_short=is_short)

    def left(self, socket: MemorySocket) -> None:
        """Forget a socket."""
        if socket in self.homely.sockets[socket.location]:
            self.homely.sockets[socket.location].remove(socket)
            self.troubles.counts["socket lost"] += 1
            self.homely.doubt(next(h.account for h in self.homes if h.id == socket.location))

    def look(self) -> None:
        """Find homes whose sockets were not had again for long, though they could be."""
        now = self._loop.time()
        for home in self.homes:
            if home.vendor != "homely" or self.homely.sockets[home.id]:
                self._without.pop(home.id, None)
            elif self.troubles.sockets_out or self._care.is_failing(home.account):
                self._without[home.id] = now
            elif now - self._without.setdefault(home.id, now) > _LONGEST_WITHOUT:
                self.faults.append(f"{home.id}: no socket for {_LONGEST_WITHOUT:.0f} s")

    def _drop_all(self) -> None:
        for held in self.homely.sockets.values():
            for socket in list(held):
                socket.die()


@dataclass(slots=True)
class Result:
    """What a soak came to."""

    seed: int
    days: float
    faults: list[str]
    seconds: float
    world: World
    promises: Promises
    care: Care
    events: Counter[str] = field(default_factory=Counter)


def soak(seed: int, days: float) -> Result:
    """Run one soak in virtual time."""
    began = time.process_time()
    # What other tests have left is not looked through again and again.
    gc.freeze()
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            result: Result = runner.run(_soak(seed, days))
    finally:
        gc.unfreeze()
    result.seconds = time.process_time() - began
    return result


async def _soak(seed: int, days: float) -> Result:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = VirtualClock(loop)
    care = Care(loop.time)
    world = World(seed, clock, care)
    wire = loop.wire = MemoryWire(clock.true, Dice(seed, "wire"))
    with complaints() as logged, scheduler_on(clock), _rarer_looks(), _configuration() as path:
        app = App(
            load(path, MODELS),
            clock=clock,
            vendors={**VENDORS, "homely": vendor_over(world)},
            make_transport=lambda config: transport(config, world, wire),
            rng=Dice(seed, "exporter"),
        )
        loop.disk = app._state_pool
        world.wally.post = lambda body, right: _post(app, body, right=right)
        promises = Promises(
            world.oracle,
            lambda: app.exposition.render(openmetrics=False).decode(),
            loop.time,
            clock.true,
        )
        await app.start("127.0.0.1:0")
        world.begin()
        await _watch(app, promises, world, loop.time() + days * DAY)
        found = [*promises.faults, *care.faults(), *world.faults, *world.homely.wasted]
        result = Result(seed, days, found, 0.0, world, promises, care)
        _take_events(app, result)
        tasks = len(asyncio.all_tasks())
        if tasks > _MOST_TASKS:
            result.faults.append(f"{tasks} tasks at the end")
        await app.stop()
        result.faults += logged
    return result


async def _watch(app: App, promises: Promises, world: World, end: float) -> None:
    """Look at the page each minute, at its counts each hour, at its form each day."""
    dice = Dice(0, "looks")
    loop = asyncio.get_running_loop()
    minutes = 0
    while loop.time() < end and not (promises.faults or world.faults or world.homely.wasted):
        await asyncio.sleep(MINUTE + dice.uniform(-1, 1))
        await _settle()
        promises.check()
        world.look()
        minutes += 1
        if minutes % 60 == 0:
            promises.check_counts()
        if minutes % 1440 == 0:
            openmetrics = app.exposition.render(openmetrics=True).decode()
            check_formats(app.exposition.render(openmetrics=False).decode(), openmetrics)
    promises.check_counts()
    promises.close_all()


async def _settle() -> None:
    """Let what is ready at this instant run; time stands still meanwhile."""
    for _ in range(10):
        await asyncio.sleep(0)


@contextmanager
def _rarer_looks() -> Iterator[None]:
    """Let the exporter look at what grew old or changed more rarely: nobody waits for it here."""
    with ExitStack() as stack:
        for place in ("app._TICK", "state.keeper._LOOK_EVERY", "web.listener._LOOK"):
            stack.enter_context(patch(f"exporter.{place}", LOOK))
        yield


@contextmanager
def _configuration() -> Iterator[Path]:
    """Write the configuration of the three accounts: real addresses, so that all floors apply."""
    logins = [{"username": f"user-{n}@example.com", "password": "s3cr3t"} for n in (1, 2)]
    stale, device_stale = (f"{int(limit)}s" for limit in LIMITS["wally"])
    wally = {
        "token": "s3cr3t-token",
        "callback_secret": _SECRET,
        "poll_interval": "10m",
        "stale_after": stale,
        "device_stale_after": device_stale,
    }
    memory = Path("/dev/shm")  # noqa: S108  # only for a folder of our own
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "exporter.yml"
        document = {"homely": logins, "wally": [wally], "state_dir": f"{folder}/state"}
        path.write_text(yaml.safe_dump(document))
        yield path


async def _post(app: App, body: bytes, *, right: bool) -> int:
    """Give a callback to the exporter's own handler and return the status."""
    loop = asyncio.get_running_loop()
    payload = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    payload.feed_data(body)
    payload.feed_eof()
    secret = _SECRET if right else "a-wrong-secret-of-the-soak"
    match = {"vendor": "wally", "secret": secret}
    request = make_mocked_request("POST", "/", match_info=match, payload=payload, loop=Mock())
    try:
        answer = await app.server._routes.callbacks(request)
    except web.HTTPException as refused:
        return refused.status
    return answer.status


def _take_events(app: App, result: Result) -> None:
    """Keep what became of the events by the exporter's own account."""
    for family in app.telemetry.registry.collect():
        for sample in family.samples:
            if sample.name == "home_exporter_stream_events_total":
                result.events[sample.labels["outcome"]] += int(sample.value)
