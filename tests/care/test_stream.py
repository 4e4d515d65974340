"""When a stream connects again: spread among many, ever more slowly where it fails."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import socketio

from exporter.errors import OnHoldError
from exporter.secret import Secret
from exporter.simulator import Simulator
from exporter.sources.base import Reason
from exporter.sources.homely.source import HomelySource
from exporter.sources.homely.stream import Connector, Stream
from tests.care.conftest import homely_at
from tests.care.rig import HOUR, MINUTE, Surroundings
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually

URL = "https://sdk.iotiliti.cloud"
CAP = 5 * MINUTE


class Most(random.Random):
    """Draws always the most of what it is asked for."""

    def uniform(self, _: float, b: float) -> float:
        return b


class Clients(Connector):
    """A connector that keeps its clients at hand, and may connect them as the test says."""

    def __init__(self, clock: ManualClock, connect: Callable[..., Awaitable[None]] | None) -> None:
        super().__init__(clock, Most())
        self._connect = connect
        self.made: list[Any] = []

    def client(self) -> socketio.AsyncClient:
        client = super().client()
        if self._connect is not None:
            client.connect = self._connect
        self.made.append(client)
        return client


class Listener:
    """Remembers what a stream tells."""

    def __init__(self) -> None:
        self.connects = 0
        self.losses: list[Reason] = []

    def connected(self) -> None:
        self.connects += 1

    def disconnected(self, reason: Reason) -> None:
        self.losses.append(reason)

    def event(self, payload: Any) -> None:
        raise AssertionError(payload)


class Tokens:
    """Gives a token, or says until when none may be had."""

    def __init__(self) -> None:
        self.hold: float | None = None
        self.asked = 0

    async def stream_token(self) -> Secret:
        self.asked += 1
        if self.hold is not None:
            raise OnHoldError(self.hold)
        return Secret("a-token")

    def stream_refused(self, token: Secret) -> None:
        raise AssertionError(token)


class Scene:
    """One stream on a clock that the test moves, and so many beside it."""

    def __init__(
        self, clock: ManualClock, others: int, connect: Callable[..., Awaitable[None]]
    ) -> None:
        self.clock = clock
        self.connector = Clients(clock, connect)
        self.connector.streams = others
        self.listener = Listener()
        self.tokens = Tokens()
        stream = Stream(self.connector, URL, "home-1", self.tokens, self.listener)
        self._running = asyncio.create_task(stream.run())

    async def next_wait(self) -> float:
        """Let the stream act until it waits, let that time pass and return it."""
        await eventually(lambda: self.clock.sleepers == 1)
        wait = self.clock.next_wake
        assert wait is not None
        self.clock.advance(wait)
        await self.clock.settle()
        return wait

    async def stop(self) -> None:
        """End the stream."""
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        await self.connector.close()


Begin = Callable[[int, Callable[..., Awaitable[None]]], Scene]


@pytest.fixture
async def begin(clock: ManualClock) -> AsyncIterator[Begin]:
    scenes: list[Scene] = []

    def made(others: int, connect: Callable[..., Awaitable[None]]) -> Scene:
        scenes.append(Scene(clock, others, connect))
        return scenes[-1]

    yield made
    for scene in scenes:
        await scene.stop()


async def refuse(*_: Any, **__: Any) -> None:
    raise ConnectionRefusedError


async def test_a_handshake_that_hangs_is_a_failed_try_and_tries_become_rare(
    begin: Begin, clock: ManualClock
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        clock.advance(30)
        raise TimeoutError

    scene = begin(0, hang)
    await scene.next_wait()
    waits = [await scene.next_wait() for _ in range(10)]
    assert waits == pytest.approx([2, 4, 8, 16, 32, 64, 128, 256, CAP, CAP])
    assert set(scene.listener.losses) == {Reason.CONNECT_TIMEOUT}
    assert scene.listener.connects == 0


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        (1, [0.01, 2, 4, 8]),
        (200, [2, 2, 4, 8]),
        (2000, [20, 20, 40, 80, 160, CAP, CAP]),
        (60_000, [600, CAP, CAP]),
    ],
)
async def test_many_streams_that_were_lost_at_once_come_back_no_faster_than_100_a_second(
    begin: Begin, streams: int, expected: list[float]
) -> None:
    scene = begin(streams - 1, refuse)
    waits = [await scene.next_wait() for _ in expected]
    assert waits == pytest.approx(expected)


async def test_streams_that_share_a_hold_do_not_end_it_at_once(
    begin: Begin, clock: ManualClock
) -> None:
    scene = begin(1999, refuse)
    scene.tokens.hold = clock.monotonic() + 20 + HOUR
    await scene.next_wait()
    assert await scene.next_wait() == pytest.approx(HOUR + 20)
    scene.tokens.hold = clock.monotonic() - 1
    await scene.next_wait()
    assert await scene.next_wait() == pytest.approx(20), "a hold that is over by then"
    assert scene.listener.losses == [], "nothing was tried"


# --- on real sockets


@pytest.fixture
async def live(
    sim: Simulator, around: Surroundings, clock: ManualClock, tmp_path: Any
) -> AsyncIterator[tuple[Clients, Listener]]:
    """Return the connector and the listener of a stream that is connected."""
    config = homely_at(sim.homely_url, sim.homely_logins[0], tmp_path)
    connector, listener = Clients(clock, None), Listener()
    source: HomelySource = around.homely(config)
    home = sim.world.homes[0].location_id
    stream = Stream(connector, config.base_url, home, source, listener)
    running = asyncio.create_task(stream.run())
    await clock.settle()
    clock.advance(1)
    await eventually(lambda: listener.connects == 1)
    yield connector, listener
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await connector.close()


async def test_a_connection_whose_reader_dies_without_a_word_is_replaced(
    live: tuple[Clients, Listener], clock: ManualClock, sim: Simulator
) -> None:
    async def die(_: Any) -> None:
        raise KeyError

    connector, listener = live
    connector.made[0].eio._receive_packet = die
    await sim.homely.emit(sim.world.homes[0].location_id, {})
    await eventually(lambda: listener.losses == [Reason.TRANSPORT])
    await eventually(lambda: clock.sleepers >= 1)
    clock.advance(CAP)
    await eventually(lambda: listener.connects == 2)


async def test_a_connection_that_has_lived_is_had_again_soon(
    live: tuple[Clients, Listener], clock: ManualClock, sim: Simulator
) -> None:
    _, listener = live
    for number in range(1, 4):
        clock.advance(31)
        await sim.homely.drop_sockets()
        await eventually(lambda number=number: len(listener.losses) == number)  # type: ignore[misc]  # bound now
        await eventually(lambda: clock.sleepers >= 1)
        clock.advance(2)
        await eventually(lambda number=number: listener.connects == number + 1)  # type: ignore[misc]  # bound now
