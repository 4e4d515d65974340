"""Sockets in memory: what the stream's supervisor sees of python-socketio's client."""

import asyncio
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

import socketio

from exporter.clock import Clock
from exporter.sources.homely import HomelyVendor
from exporter.sources.homely.stream import Connector
from tests.soak.dice import Dice
from tests.soak.things import HOUR

_PING = 45.0


class Switchboard(Protocol):
    """Where sockets are connected."""

    def connect(self, client: "MemoryClient", url: str) -> None:
        """Let a socket be connected, or not."""
        ...

    def left(self, client: "MemoryClient") -> None:
        """Take that a socket is no more."""
        ...


class MemoryClient:
    """Stands for one socketio.AsyncClient."""

    reason = socketio.AsyncClient.reason

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._handlers: dict[str, Callable[..., None]] = {}
        self._loop = asyncio.get_running_loop()
        self.eio = SimpleNamespace(read_loop_task=self._loop.create_future(), ws=None)
        self.is_open = False
        self.is_deaf = False
        self.location = ""

    def on(self, event: str, handler: Callable[..., None]) -> None:
        """Take a handler."""
        self._handlers[event] = handler

    async def connect(self, url: str, **_: Any) -> None:
        """Begin to connect; the handler is told what comes of it."""
        await asyncio.sleep(0.05)
        self._switchboard.connect(self, url)

    async def disconnect(self) -> None:
        """Close."""
        self.leave()

    def open(self) -> None:
        """Be connected."""
        self.is_open = True
        self._handlers["connect"]()

    def receive(self, payload: Any) -> bool:
        """Hand an event to the exporter; return whether it got there."""
        if self.is_open and not self.is_deaf:
            self._handlers["event"](payload)
        return self.is_open and not self.is_deaf

    def refuse(self) -> None:
        """Say that the token is not liked, and hang up."""
        self.open()
        self._handlers["*"]("exception", {"message": "Invalid JWT"})
        self.hang_up()

    def hang_up(self) -> None:
        """Be closed by the cloud, with a word."""
        if self.is_open:
            self._handlers["disconnect"](self.reason.SERVER_DISCONNECT)
            self.leave()

    def die(self) -> None:
        """End without a word to the handlers."""
        if self.is_open:
            self.leave()

    def go_deaf(self) -> None:
        """Hear nothing more, which the pings tell only after a while."""
        self.is_deaf = True
        self._loop.call_later(_PING, self.die)

    def leave(self) -> None:
        """Be gone."""
        self.is_open = False
        self._switchboard.left(self)
        if not self.eio.read_loop_task.done():
            self.eio.read_loop_task.set_result(None)


def vendor_over(switchboard: Switchboard) -> type[HomelyVendor]:
    """Return the Homely vendor with sockets in memory and everything else its own."""

    class MemoryConnector(Connector):
        def client(self) -> Any:
            return MemoryClient(switchboard)

    class MemoryHomely(HomelyVendor):
        def __init__(self, clock: Clock, rng: random.Random) -> None:
            super().__init__(clock, rng)
            self._connector = MemoryConnector(clock, rng)

    return MemoryHomely


def end(client: MemoryClient, dice: Dice) -> None:
    """Decide how and when a new socket ends."""
    lasts = dice.uniform(0.1, 29) if dice.hits(0.1) else 30 + dice.after(8 * HOUR)
    way = dice.choice((client.hang_up, client.die, client.go_deaf))
    asyncio.get_running_loop().call_later(lasts, way)
