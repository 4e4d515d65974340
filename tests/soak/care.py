"""How the clouds were treated: every call, held against the budget and the penalties."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import requests

from tests.soak.things import HOUR, MINUTE
from tests.soak.wire import Exchange

#: At most so many calls in an hour: twice what the configured cadence makes, each Homely poll
#: with a token before it, and a burst of 10 and 2 for each location.
_LOCATIONS = {"homely-1": 2, "homely-2": 1, "wally-1": 2}
_BURST, _PER_LOCATION = 10, 2
_PENALTY, _PENALTY_FACTOR = 120.0, 10.0
#: The longest hold of an account, a tenth longer by chance, and the longest interval after it.
_SILENCE = 1.1 * (HOUR + 20 * MINUTE)
_FLOORS = {"homely": 60.0, "wally": 10.0}


def budget(account: str) -> float:
    """Return how many calls any hour may hold."""
    homes = _LOCATIONS[account]
    if account.startswith("homely"):
        hourly = 2 * (homes * HOUR / (5 * MINUTE) + 1 / 6)
    else:
        hourly = (homes + 1) * HOUR / (10 * MINUTE)
    return _BURST + _PER_LOCATION * homes + 2 * hourly


@dataclass(frozen=True, slots=True)
class _Call:
    at: float
    path: str
    status: int | None
    retry_after: float | None


class Care:
    """Every call of every account, in order."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: defaultdict[str, list[_Call]] = defaultdict(list)
        self.endpoints: Counter[str] = Counter()

    def note(self, account: str, request: requests.PreparedRequest, exchange: Exchange) -> None:
        """Take a call and what the cloud answered."""
        status = None if exchange.error is not None else exchange.status
        asked: float | None = None
        if status == 429:
            asked = 4.0 if b": 4}" in exchange.body else 30.0 if b": 30}" in exchange.body else None
            asked = float(exchange.headers.get("Retry-After", asked or 0)) or None
        path = request.path_url
        self.endpoints[f"{account} {path.split('/')[2]}"] += 1
        self._calls[account].append(_Call(self._now(), path, status, asked))

    def most(self, account: str) -> int:
        """Return the most calls of any hour."""
        times = [call.at for call in self._calls[account]]
        return max(
            (number - bisect_left(times, at - HOUR) + 1 for number, at in enumerate(times)),
            default=0,
        )

    def total(self, account: str) -> int:
        """Return how many calls there were."""
        return len(self._calls[account])

    def longest_silence(self, account: str) -> float:
        """Return the longest time without a call."""
        times = [call.at for call in self._calls[account]]
        return max((b - a for a, b in pairwise(times)), default=0.0)

    def faults(self) -> list[str]:
        """Return what was done to the clouds that should not have been, and what was not done."""
        found: list[str] = []
        for account, calls in self._calls.items():
            silence = max(self.longest_silence(account), self._now() - calls[-1].at)
            if silence > _SILENCE:
                found.append(f"{account}: no call for {silence:.0f} s")
            most = self.most(account)
            if most > budget(account):
                found.append(f"{account}: {most} calls in an hour, allowed are {budget(account)}")
            found += _impatience(account, calls)
            found += _haste(account, calls)
        return found


def _impatience(account: str, calls: list[_Call]) -> list[str]:
    """Tell of calls within a penalty that the cloud asked for."""
    found = []
    for call, following in pairwise(calls):
        if call.status in (429, 439):
            wait = max(_PENALTY, _PENALTY_FACTOR * (call.retry_after or 0.0))
            if following.at - call.at < wait:
                found.append(f"{account}: called {following.at - call.at:.0f} s after a 429")
    return found


def _haste(account: str, calls: list[_Call]) -> list[str]:
    """Tell of a location that was polled again before the floor; a 401 is repeated at once."""
    found = []
    last: dict[str, _Call] = {}
    floor = _FLOORS[account.partition("-")[0]]
    for call in calls:
        before = last.get(call.path)
        is_poll = "oauth" not in call.path
        if before and is_poll and before.status != 401 and call.at - before.at < floor - 1:
            found.append(f"{account}: {call.path} again after {call.at - before.at:.0f} s")
        last[call.path] = call
    return found
