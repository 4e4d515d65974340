"""What goes wrong, when: single failures of calls and sockets, outages, clocks that are set."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable

import requests
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from tests.soak.dice import Dice
from tests.soak.things import DAY, HOUR, MINUTE
from tests.soak.wire import Exchange

_SEEN = ("401", "403", "404", "429", "429+retryAfter", "429+header", "439", "500", "502", "503")
_BODIES = {
    "html body": b"<html><body>Bad gateway</body></html>",
    "cut body": b'{"devices": [{"id": "villa-0-mot',
    "empty body": b"",
    "object or null": b"null",
    "list of junk": b'"[1, 2]"',
}
_SILENT = ("timeout", "connection refused", "connection reset", "name not found")
KINDS = (*_SEEN, *_BODIES, *_SILENT)
#: Whatever goes wrong, by the name that it is counted under.
ALL = (
    *KINDS,
    *("outage of a cloud", "outage of sockets", "short lives", "wall clock set"),
    *("socket hangs", "socket lost", "socket refused"),
)
#: What begins it all, so that also a short soak has it: how each account's cloud fails first, when
#: and for how long, and whose tokens and sockets then live so shortly that the budget is needed.
_FIRST = {"homely-2": ("429", 1.2 * HOUR, 2 * HOUR), "wally-1": ("403", 2 * HOUR, 1.5 * HOUR)}
_SHORT = ("homely-1", 1.5 * HOUR, 2 * HOUR)
_RARE, _OUTAGE, _PER_CALL = 36 * HOUR, 2 * DAY, 0.04
#: How far ahead the machine's wall clock is set, in seconds.
_SETTINGS = (0.0, 0.0, -2.0, 30.0, -HOUR, HOUR, -DAY, DAY, -40 * DAY, 365 * DAY)


class Troubles:
    """Says of each call and each connection what befalls it, and counts that."""

    def __init__(self, accounts: list[str], set_wall: Callable[[float], None], dice: Dice) -> None:
        self._accounts = accounts
        self._set_wall = set_wall
        self._dice = dice
        self._loop = asyncio.get_running_loop()
        self._outages: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.sockets_out = False
        self.short_lived: str | None = None
        self.on_sockets_lost: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Let things begin to go wrong."""
        for account in self._accounts:
            if account in _FIRST:
                kind, due, lasts = _FIRST[account]
                self._loop.call_later(due, self._fail, account, kind, lasts)
            else:
                self._loop.call_later(self._dice.after(_OUTAGE), self._break, account)
        self._loop.call_later(_SHORT[1], self._shorten)
        self._loop.call_later(self._dice.after(_RARE), self._break_sockets)
        self._loop.call_later(self._dice.after(2 * DAY), self._set_clock)

    def befalls(self, account: str) -> Exchange | None:
        """Return what comes of a call instead of its answer, if something does."""
        kind = self._outages.get(account)
        if kind is None and self._dice.hits(_PER_CALL):
            kind = self._dice.choice(KINDS)
        if kind is None:
            return None
        self.counts[kind] += 1
        return self._failure(kind)

    def _failure(self, kind: str) -> Exchange:
        if kind in _BODIES:
            return Exchange(body=_BODIES[kind])
        if kind in _SILENT:
            return _silence(kind)
        status = int(kind[:3])
        exchange = Exchange(status, b"<html>" if status in (502, 503) else b'{"message": "No"}')
        if kind == "429+retryAfter":
            asked = self._dice.choice((4, 30))
            exchange.body = json.dumps({"statusCode": 429, "retryAfter": asked}).encode()
        elif kind == "429+header":
            exchange.headers = {"Retry-After": "20"}
        return exchange

    def _break(self, account: str) -> None:
        """Let every call of an account fail in one way for minutes or hours."""
        long = self._dice.hits(0.4)
        lasts = self._dice.uniform(HOUR, 9 * HOUR) if long else self._dice.uniform(MINUTE, HOUR)
        self._fail(account, self._dice.choice(KINDS), lasts)

    def _fail(self, account: str, kind: str, lasts: float) -> None:
        self._outages[account] = kind
        self.counts["outage of a cloud"] += 1
        self._loop.call_later(lasts, self._outages.pop, account)
        self._loop.call_later(lasts + self._dice.after(_OUTAGE), self._break, account)

    def _shorten(self) -> None:
        """Let the tokens and sockets of an account die young for a while."""
        self.counts["short lives"] += 1
        self.short_lived, _, lasts = _SHORT
        self.on_sockets_lost()
        self._loop.call_later(lasts, setattr, self, "short_lived", None)
        self._loop.call_later(lasts + self._dice.after(4 * DAY), self._shorten)

    def _break_sockets(self) -> None:
        self.sockets_out = True
        self.counts["outage of sockets"] += 1
        self.on_sockets_lost()
        lasts = self._dice.uniform(2 * MINUTE, 5 * HOUR)
        self._loop.call_later(lasts, setattr, self, "sockets_out", False)
        self._loop.call_later(lasts + self._dice.after(_RARE), self._break_sockets)

    def _set_clock(self) -> None:
        self.counts["wall clock set"] += 1
        self._set_wall(self._dice.choice(_SETTINGS))
        self._loop.call_later(self._dice.after(2 * DAY), self._set_clock)


def _silence(kind: str) -> Exchange:
    if kind == "timeout":
        late = ReadTimeoutError(None, "/", "read timed out")  # type: ignore[arg-type]  # no pool
        return Exchange(error=requests.ReadTimeout(late), seconds=15.0)
    if kind == "connection refused":
        refused = NewConnectionError(None, "refused")  # type: ignore[arg-type]  # no connection
        return Exchange(error=requests.ConnectionError(refused))
    if kind == "connection reset":
        return Exchange(error=requests.ConnectionError(ConnectionResetError()))
    return Exchange(error=requests.ConnectionError(OSError("name or service not known")), seconds=5)
