"""The log of every call a client made, so that tests can count them."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

_REMEMBERED = 200_000


@dataclass(slots=True)
class Call:
    """One request or socket handshake; its status stays 0 until it is answered."""

    monotonic: float
    wall: float
    vendor: str
    endpoint: str
    account: str = ""
    location: str = ""
    status: int = 0

    def payload(self) -> dict[str, Any]:
        """Return the call as JSON data."""
        return asdict(self)


@dataclass(slots=True)
class CallLog:
    """The calls in the order they arrived."""

    _calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def add(self, call: Call) -> Call:
        """Remember a call."""
        self._calls.append(call)
        return call

    def all(self) -> list[Call]:
        """Return every call remembered."""
        return list(self._calls)

    def count(
        self, endpoint: str, *, account: str | None = None, location: str | None = None
    ) -> int:
        """Count the calls of one endpoint, of one account or location when given."""
        return sum(
            call.endpoint == endpoint
            and account in (None, call.account)
            and location in (None, call.location)
            for call in self._calls
        )

    def reset(self) -> None:
        """Forget every call."""
        self._calls.clear()
