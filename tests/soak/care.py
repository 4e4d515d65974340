"""How the clouds were treated: every call, held against the budget and the penalties."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

import requests

from tests.soak.patience import Call, patience
from tests.soak.things import HOUR, MINUTE
from tests.soak.wire import Exchange

#: At most so many calls in an hour: twice what the configured cadence makes, each Homely poll
#: with a token before it, and a burst of 10 and 2 for each location.
_LOCATIONS = {"homely-1": 2, "homely-2": 1, "wally-1": 2}
_BURST, _PER_LOCATION = 10, 2
#: What follows an admitted call at once is on credit: a refresh, a login, the same call again.
_CREDIT = 4
_FLOORS = {"homely": 60.0, "wally": 10.0}


def budget(account: str) -> float:
    """Return how many calls any hour may hold."""
    return _burst(account) + _hourly(account)


def _burst(account: str) -> float:
    return _BURST + _PER_LOCATION * _LOCATIONS[account]


def _hourly(account: str) -> float:
    homes = _LOCATIONS[account]
    if account.startswith("homely"):
        return 2 * 2 * (homes * HOUR / (5 * MINUTE) + 1 / 6)
    return 2 * (homes + 1) * HOUR / (10 * MINUTE)


class Care:
    """Every call of every account, in order."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: defaultdict[str, list[Call]] = defaultdict(list)
        self.endpoints: Counter[str] = Counter()

    def note(
        self, account: str, request: requests.PreparedRequest, exchange: Exchange, *, usable: bool
    ) -> None:
        """Take a call and what the cloud answered."""
        status = None if exchange.error is not None else exchange.status
        asked: float | None = None
        if status == 429:
            asked = json.loads(exchange.body).get("retryAfter")
            asked = float(exchange.headers.get("Retry-After", asked or 0)) or None
        path, now = request.path_url, self._now()
        self.endpoints[f"{account} {path.split('/')[2]}"] += 1
        call = Call(now, now + exchange.seconds, path, status, asked, usable)
        self._calls[account].append(call)

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

    def is_failing(self, account: str) -> bool:
        """Return whether the last call failed: what waits for the next one waits with reason."""
        return bool(self._calls[account]) and not self._calls[account][-1].succeeded

    def longest_silence(self, account: str) -> float:
        """Return the longest time without a call."""
        times = [call.at for call in self._calls[account]]
        return max((b - a for a, b in pairwise(times)), default=0.0)

    def faults(self) -> list[str]:
        """Return what was done to the clouds that should not have been, and what was not done."""
        found: list[str] = []
        for account, calls in self._calls.items():
            most = self.most(account)
            if most > budget(account) + _CREDIT:
                found.append(f"{account}: {most} calls in an hour, allowed are {budget(account)}")
            told = [*_waste(account, calls), *patience(account, calls, self._now())]
            told += _haste(account, calls)
            found += [f"{account}: {one}" for one in told]
        return found


def _waste(account: str, calls: list[Call]) -> Iterator[str]:
    """Tell of a call that the budget had nothing left for, at any moment."""
    level, before = _burst(account), calls[0].at
    for call in calls:
        earned = (call.at - before) * _hourly(account) / HOUR
        level, before = min(_burst(account), level + earned) - 1, call.at
        if level < -_CREDIT:
            yield f"the budget was exceeded after {call.at:.0f} s, by {-level:.1f} calls"
            return


def _haste(account: str, calls: list[Call]) -> Iterator[str]:
    """Tell of a location that was polled again before the floor; a 401 is repeated at once."""
    last: dict[str, Call] = {}
    floor = _FLOORS[account.partition("-")[0]]
    for call in calls:
        before = last.get(call.path)
        is_poll = "oauth" not in call.path
        if before and is_poll and before.status != 401 and call.at - before.at < floor - 1:
            yield f"{call.path} again after {call.at - before.at:.0f} s"
        last[call.path] = call
