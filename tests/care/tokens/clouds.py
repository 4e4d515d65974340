"""Clouds whose token endpoints answer as a test says."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from exporter.errors import AuthError, CloudError, OnHoldError
from exporter.sources.homely.source import HomelySource
from tests.care.rig import Call
from tests.support.manual_clock import ManualClock

GOOD: dict[str, Any] = {
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": 60,
    "refresh_expires_in": 1800,
}


def office(answer: Callable[[int], Any]) -> Callable[[Call], Any]:
    """Return a cloud whose token endpoint gives an answer by the number of the call."""
    asked: list[str] = []

    def reply(call: Call) -> Any:
        if call.path.startswith("/homely/oauth/"):
            asked.append(call.path)
            return answer(len(asked) - 1)
        return []

    return reply


def desk(**answers: Callable[[int], Any]) -> Callable[[Call], Any]:
    """Return a cloud that answers a login or a refresh by the number of such calls."""
    asked: Counter[str] = Counter()

    def reply(call: Call) -> Any:
        name = {"token": "login", "refresh-token": "refresh"}.get(call.path.rsplit("/", 1)[-1])
        if name is None:
            return []
        asked[name] += 1
        number = asked[name]
        own = {"access_token": f"{name}-{number}", "refresh_token": f"refresh-{name}-{number}"}
        answer = answers.get(name)
        return answer(number) if answer else GOOD | own

    return reply


async def tries(source: HomelySource, clock: ManualClock, count: int) -> None:
    """Ask for the locations so many times, each when the back-off of the one before is over."""
    for _ in range(count):
        with pytest.raises(CloudError) as caught:
            await source.locations()
        assert not isinstance(caught.value, OnHoldError | AuthError)
        clock.advance(301)


LASTING = GOOD | {"refresh_expires_in": 1e6}
