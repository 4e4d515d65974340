"""Sockets in memory: the frames of Engine.IO that python-socketio's own client reads and writes.

The product's connector makes its real client; only the HTTP session under that is in memory. So
what the product touches of the client, and when the client's loops end, is the library's affair.
"""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp

from exporter.clock import Clock
from exporter.sources.homely import HomelyVendor
from exporter.sources.homely.stream import Connector
from tests.soak.dice import Dice
from tests.soak.things import HOUR

#: Pings keep a socket up; a deaf one is found out after both together. Rarer than the vendor's 25
#: and 20 s, so that days pass in seconds.
_PING, _PONG = 240.0, 20.0
_WAY, _FAREWELL = 0.05, 5.0
_GARBAGE = ('42["event",{"type":', "4{{{", "4", '42{"a": 1}', "49")

_TEXT, _CLOSED = aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.CLOSED


class Switchboard(Protocol):
    """Where sockets are connected."""

    def connect(self, socket: "MemorySocket", url: str) -> None:
        """Take a new socket; raises aiohttp.ClientConnectionError where none can be had."""
        ...

    def judge(self, socket: "MemorySocket") -> None:
        """Welcome a socket whose client has said hello, or turn it away."""
        ...

    def left(self, socket: "MemorySocket") -> None:
        """Take that a socket is no more."""
        ...


class MemorySocket:
    """One websocket with its two ends."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[tuple[str | None, Callable[[], None]]] = asyncio.Queue()
        self._is_answered = True
        self.closed = False
        self.is_open = False
        self.is_deaf = False
        self.location = ""
        self.token = ""

    # --- the client's end: what it uses of aiohttp.ClientWebSocketResponse

    async def receive(self) -> aiohttp.WSMessage:
        """Return the next frame; what is taken from here is the exporter's to keep."""
        if self.closed:
            return aiohttp.WSMessage(_CLOSED, None, None)
        text, taken = await self._frames.get()
        taken()
        return aiohttp.WSMessage(_CLOSED if text is None else _TEXT, text, None)

    async def send_str(self, text: str) -> None:
        """Take a frame of the client."""
        if self.closed:
            raise aiohttp.ClientConnectionResetError
        if text.startswith("40"):
            self._loop.call_later(_WAY, self._switchboard.judge, self)
        self._is_answered = self._is_answered or text == "3"

    async def close(self) -> bool:
        """Close; a peer that is deaf says no farewell."""
        if self.closed:
            return False
        self.closed = True
        self._end()
        if self.is_deaf:
            await asyncio.sleep(_FAREWELL)
        return True

    # --- the cloud's end

    def greet(self) -> None:
        """Begin the session, and ping from then on."""
        times = {"pingInterval": int(_PING * 1000), "pingTimeout": int(_PONG * 1000)}
        self._put("0" + json.dumps({"sid": "s", "upgrades": [], **times}))
        self._loop.call_later(_PING, self._ping)

    def welcome(self) -> None:
        """Accept the client; from now on there are events for it."""
        self.is_open = True
        self._put('40{"sid":"s"}')

    def send(self, payload: Any, taken: Callable[[], None]) -> bool:
        """Send an event, and tell when the client has taken it; return whether it will."""
        reaches = self.is_open and not self.is_deaf
        if reaches:
            self._put("42" + json.dumps(["event", payload]), taken)
        return reaches

    def babble(self, dice: Dice) -> bool:
        """Send what no client can read; return whether it gets there."""
        if self.is_open:
            self._put(dice.choice(_GARBAGE))
        return self.is_open and not self.is_deaf

    def drop(self) -> None:
        """Say that the token is not liked, and hang up, as the cloud does."""
        self.welcome()
        self._put('42["exception",{"message":"Invalid JWT"}]')
        self.hang_up()

    def reject(self) -> None:
        """Refuse the client, as a Socket.IO server does."""
        self._put('44{"message":"Invalid JWT"}')

    def hang_up(self) -> None:
        """Leave with a word of Socket.IO."""
        self._finish("41")

    def shut(self) -> None:
        """Leave with a word of Engine.IO."""
        self._finish("1")

    def die(self) -> None:
        """Leave without a word."""
        self._finish(None)

    def go_deaf(self) -> None:
        """Hear and say nothing more, which the missing pings alone tell."""
        self.is_deaf = True

    def _finish(self, word: str | None) -> None:
        if not self.closed and not self.is_deaf:
            self._put(word)
            self._end()

    def _end(self) -> None:
        self._put(None)
        self.is_open = False
        self._switchboard.left(self)

    def _ping(self) -> None:
        if self.closed or self.is_deaf:
            return
        if not self._is_answered:
            self.die()
            return
        self._is_answered = False
        self._put("2")
        self._loop.call_later(_PING, self._ping)

    def _put(self, text: str | None, taken: Callable[[], None] = lambda: None) -> None:
        if not self.is_deaf or text is None:
            self._frames.put_nowait((text, taken))


class _Session:
    """What the client uses of aiohttp.ClientSession."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self.closed = False

    async def ws_connect(self, url: str, **_: Any) -> MemorySocket:
        await asyncio.sleep(_WAY)
        socket = MemorySocket(self._switchboard)
        self._switchboard.connect(socket, url)
        return socket

    async def close(self) -> None:
        """Be closed: the library makes an event loop to close what a client leaves open."""
        self.closed = True


def vendor_over(switchboard: Switchboard) -> type[HomelyVendor]:
    """Return the Homely vendor with sockets in memory and everything else its own."""

    class MemoryConnector(Connector):
        _session: Any

        @property
        def session(self) -> Any:
            self._session = self._session or _Session(switchboard)
            return self._session

    class MemoryHomely(HomelyVendor):
        def __init__(self, clock: Clock, rng: random.Random) -> None:
            super().__init__(clock, rng)
            self._connector = MemoryConnector(clock, rng)

    return MemoryHomely


def end(socket: MemorySocket, dice: Dice, *, is_short: bool) -> None:
    """Decide how and when a new socket ends."""
    ways = [socket.hang_up, socket.shut, socket.die]
    if is_short:
        lasts = dice.uniform(31, 40)
    else:
        lasts = dice.uniform(0.1, 29) if dice.hits(0.1) else 30 + dice.after(8 * HOUR)
        ways.append(socket.go_deaf)
    asyncio.get_running_loop().call_later(lasts, dice.choice(ways))
