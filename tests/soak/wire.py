"""What lies between the exporter and the clouds: calls that take their time, without sockets.

The product's own transport makes the calls; only the adapter under its session is in memory, so
that statuses, headers, bodies and exceptions take the same way as those of a real cloud.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from io import BytesIO
from typing import Any, Protocol

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from exporter.config import AccountConfig
from exporter.rest import Transport
from tests.soak.dice import Dice


@dataclass(slots=True)
class Exchange:
    """What comes back of one call: an answer or an exception, after a while.

    `arrived` is told when the call began, once the exporter has the answer.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None
    seconds: float = 0.1
    arriving: Callable[[], None] = lambda: None
    arrived: Callable[[float], None] = lambda _: None


class Answering(Protocol):
    """Both clouds, as the adapter asks them."""

    def answer(self, account: str, request: requests.PreparedRequest) -> Exchange:
        """Return what comes of a call of an account."""
        ...


class MemoryWire:
    """Carries calls to the clouds and back in the loop's own time."""

    def __init__(self, now: Callable[[], float], dice: Dice) -> None:
        self.now = now
        self._dice = dice
        self._loop = asyncio.get_running_loop()
        self._made = Exchange()

    def note(self, exchange: Exchange) -> None:
        """Take what the call that is being made comes to."""
        self._made = exchange

    def carry(self, call: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        """Make the call a moment from now, and settle the future when its answer is here."""
        way = self._dice.uniform(0.02, 0.5)
        self._loop.call_later(way, self._make, call, future, self._loop.time())

    def _make(self, call: Callable[[], Any], future: "asyncio.Future[Any]", began: float) -> None:
        result, error = None, None
        try:
            result = call()
        except Exception as caught:  # noqa: BLE001  # the exporter handles it, or must not have it
            error = caught
        self._loop.call_later(
            self._made.seconds, self._settle, self._made, future, began, result, error
        )

    def _settle(  # all that is known of one call
        self,
        exchange: Exchange,
        future: "asyncio.Future[Any]",
        began: float,
        result: Any,
        error: Exception | None,
    ) -> None:
        if future.done():
            return
        exchange.arriving()
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
        exchange.arrived(began)


class _Adapter(BaseAdapter):
    """Gives the requests of one account to the clouds."""

    def __init__(self, account: str, clouds: Answering, wire: MemoryWire) -> None:
        super().__init__()
        self._account = account
        self._clouds = clouds
        self._wire = wire
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return the cloud's answer as requests would build it from a socket."""
        made = self._clouds.answer(self._account, request)
        self._wire.note(made)
        if made.error is not None:
            raise made.error
        headers = {"Date": formatdate(self._wire.now(), usegmt=True), **made.headers}
        raw = HTTPResponse(BytesIO(made.body), headers, made.status, preload_content=False)
        response: requests.Response = self._builder.build_response(request, raw)
        return response

    def close(self) -> None:
        """Close nothing."""


class _Transport(Transport):
    """The product's transport; its watchdog is a thread, which would not know the time."""

    @contextmanager
    def _watchdog(self) -> Iterator[None]:
        yield


def transport(config: AccountConfig, clouds: Answering, wire: MemoryWire) -> Transport:
    """Return the product's transport over the wire."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _Adapter(config.name, clouds, wire))
    return _Transport(session)
