"""POST /callbacks/<vendor>/<secret>: what a cloud tells by itself."""

import asyncio
import hmac
from collections.abc import Callable, Sequence

from aiohttp import web

from exporter.accounts import Account
from exporter.jsontext import parse_json
from exporter.logs import Log
from exporter.store import Applied
from exporter.telemetry import Telemetry

BODY_LIMIT = 64 * 1024
_BODY_TIME = 10.0
_MALFORMED, _FAILED = "malformed", "failed"
_WRONG_SECRET, _TOO_LARGE = "wrong_secret", "too_large"
_OUTCOMES = (
    Applied.APPLIED,
    Applied.DUPLICATE,
    Applied.UNKNOWN_DEVICE,
    Applied.DROPPED,
    _MALFORMED,
    _FAILED,
    _WRONG_SECRET,
    _TOO_LARGE,
)


class CallbackHandler:
    """Finds the account that a callback's secret belongs to, and lets it take the body."""

    def __init__(self, accounts: Callable[[], Sequence[Account]], telemetry: Telemetry) -> None:
        self._accounts = accounts
        self._counter = telemetry.callbacks
        self._log = Log("callbacks")
        for outcome in _OUTCOMES:
            self._counter.labels(outcome)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer 204 at once, 404 without a valid secret, 400 or 413 for a body of no use."""
        account = self._account(request.match_info["vendor"], request.match_info["secret"])
        if account is None:
            self._counter.labels(_WRONG_SECRET).inc()
            raise web.HTTPNotFound
        try:
            async with asyncio.timeout(_BODY_TIME):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self._counter.labels(_TOO_LARGE).inc()
            raise
        except TimeoutError:
            self._counter.labels(_MALFORMED).inc()
            raise web.HTTPRequestTimeout from None
        except (web.RequestPayloadError, ValueError):
            body = b""
        outcomes = self._take(account, body)
        for outcome in outcomes:
            self._counter.labels(outcome).inc()
        if outcomes and all(outcome == _MALFORMED for outcome in outcomes):
            raise web.HTTPBadRequest(text="expected an activity, or a list of them\n")
        return web.Response(status=204)

    def _account(self, vendor: str, given: str) -> Account | None:
        """Return the account with this secret; every secret is compared, in constant time."""
        found = None
        for account in self._accounts():
            secret = account.callback_secret
            if secret is None or account.vendor != vendor:
                continue
            if hmac.compare_digest(secret.reveal().encode(), given.encode(errors="replace")):
                found = account
        return found

    def _take(self, account: Account, body: bytes) -> list[str]:
        try:
            payload = parse_json(body)
        except ValueError:
            return [_MALFORMED]
        try:
            return account.callback(payload)
        except Exception as error:  # noqa: BLE001  # a bug in a mapping must not reach the sender
            self._log.bug("a callback could not be read", error)
            return [_FAILED]
