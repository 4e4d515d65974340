"""One soak: the real exporter, two clouds in memory, days of virtual time, and an oracle."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import Mock, patch

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
from tests.soak.dice import Dice
from tests.soak.homely import HomelyCloud, credentials
from tests.soak.life import Life, News
from tests.soak.oracle import Oracle
from tests.soak.page import check_formats
from tests.soak.promises import LIMITS, LOOK, Promises
from tests.soak.sockets import MemoryClient, vendor_over
from tests.soak.things import DAY, MINUTE, Alert, Home, Thing, build
from tests.soak.troubles import Troubles
from tests.soak.wally import WallyCloud
from tests.soak.wire import Exchange, MemoryWire, transport
from tests.support.virtual_time import VirtualClock, VirtualLoop, scheduler_on

ACCOUNTS = ("homely-1", "homely-2", "wally-1")
_SECRET = "callback-secret-of-the-soak"
_HANGS = 0.1


class World:
    """Both clouds with all that befalls them: what the exporter meets."""

    def __init__(self, seed: int, clock: VirtualClock, care: Care) -> None:
        self.homes = build(clock.true(), Dice(seed, "homes"))
        self.oracle = Oracle(self.homes, clock.true)
        self.homely = HomelyCloud(self.homes, self.oracle, clock.true, Dice(seed, "homely"))
        self.wally = WallyCloud(self.homes, self.oracle, clock.true, Dice(seed, "wally"))
        self.troubles = Troubles(list(ACCOUNTS), clock.set_wall, Dice(seed, "troubles"))
        self.troubles.on_sockets_out = self._drop_all
        self.life = Life(self.homes, self, clock.true, Dice(seed, "life"))
        self._care = care
        self._dice = Dice(seed, "sockets")
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """Let everything begin."""
        self.life.begin()
        self.troubles.begin()

    def answer(self, account: str, request: requests.PreparedRequest) -> Exchange:
        """Answer a call, or let it fail."""
        vendor = self.homely if account.startswith("homely") else self.wally
        exchange = self.troubles.befalls(account) or vendor.answer(account, request)
        self._care.note(account, request, exchange)
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

    def connect(self, client: MemoryClient, url: str) -> None:
        """Let a socket be connected, refused, or left hanging."""
        client.location, token = credentials(url)
        if self.troubles.sockets_out:
            raise ConnectionError
        if self._dice.hits(_HANGS):
            self.troubles.counts["socket hangs"] += 1
            return
        if not self.homely.admits(token):
            self.troubles.counts["socket refused"] += 1
            self._loop.call_later(0.05, client.refuse)
            return
        self.homely.sockets[client.location].append(client)
        self._loop.call_later(0.05, client.open)
        sockets.end(client, self._dice)

    def left(self, client: MemoryClient) -> None:
        """Forget a socket."""
        if client in self.homely.sockets[client.location]:
            self.homely.sockets[client.location].remove(client)
            self.troubles.counts["socket lost"] += 1

    def _drop_all(self) -> None:
        for held in self.homely.sockets.values():
            for client in list(held):
                client.die()


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
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result: Result = runner.run(_soak(seed, days))
    result.seconds = time.process_time() - began
    return result


async def _soak(seed: int, days: float) -> Result:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = VirtualClock(loop)
    care = Care(loop.time)
    world = World(seed, clock, care)
    wire = loop.wire = MemoryWire(clock.true, Dice(seed, "wire"))
    with scheduler_on(clock), _rarer_looks(), _configuration() as path:
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
        await _watch(app, promises, loop.time() + days * DAY)
        result = Result(seed, days, promises.faults + care.faults(), 0.0, world, promises, care)
        _take_events(app, result)
        await app.stop()
    return result


async def _watch(app: App, promises: Promises, end: float) -> None:
    """Look at the page each minute, at its counts each hour, at its form each day."""
    dice = Dice(0, "looks")
    loop = asyncio.get_running_loop()
    minutes = 0
    while loop.time() < end and not promises.faults:
        await asyncio.sleep(MINUTE + dice.uniform(-1, 1))
        await _settle()
        promises.check()
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
    with patch("exporter.app._TICK", LOOK), patch("exporter.state.keeper._LOOK_EVERY", LOOK):
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
