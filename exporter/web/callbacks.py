"""POST /callbacks/<vendor>/<secret>: what a cloud tells by itself."""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from enum import StrEnum

from aiohttp import web

from exporter.accounts import Account
from exporter.jsontext import parse_json
from exporter.logs import Log
from exporter.model import Applied
from exporter.telemetry import Telemetry

BODY_LIMIT = 64 * 1024
_BODY_TIME = 10.0


class Refused(StrEnum):
    """Why a request was not read: joins what becomes of activities behind the `outcome` label."""

    WRONG_SECRET = "wrong_secret"  # noqa: S105  # an outcome, not a secret
    TOO_LARGE = "too_large"


_OUTCOMES = (
    Applied.APPLIED,
    Applied.DUPLICATE,
    Applied.UNKNOWN_DEVICE,
    Applied.DROPPED,
    Applied.IGNORED,
    Applied.MALFORMED,
    Applied.FAILED,
    *Refused,
)
_LOST = frozenset({Applied.DROPPED, Applied.FAILED})


class CallbackHandler:
    """Finds the account that a callback's secret belongs to, and lets it take the body."""

    def __init__(self, accounts: Callable[[], Sequence[Account]], telemetry: Telemetry) -> None:
        self._accounts = accounts
        self._counter = telemetry.callbacks
        self._log = Log("callbacks")
        for outcome in _OUTCOMES:
            self._counter.labels(outcome.value)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer 204 at once, 404 without a valid secret, 400 or 413 for a body of no use.

        What could not be kept is answered with 503, so that it is sent again.
        """
        account = self._account(request.match_info["vendor"], request.match_info["secret"])
        if account is None:
            self._counter.labels(Refused.WRONG_SECRET.value).inc()
            raise web.HTTPNotFound
        try:
            async with asyncio.timeout(_BODY_TIME):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self._counter.labels(Refused.TOO_LARGE.value).inc()
            raise
        except TimeoutError:
            self._counter.labels(Applied.MALFORMED.value).inc()
            raise web.HTTPRequestTimeout from None
        except (web.RequestPayloadError, ValueError):
            body = b""
        outcomes = self._take(account, body)
        for outcome in outcomes:
            self._counter.labels(outcome.value).inc()
        if outcomes and all(outcome is Applied.MALFORMED for outcome in outcomes):
            raise web.HTTPBadRequest(text="expected an activity, or a list of them\n")
        if not _LOST.isdisjoint(outcomes):
            raise web.HTTPServiceUnavailable
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

    def _take(self, account: Account, body: bytes) -> list[Applied]:
        try:
            payload = parse_json(body)
        except ValueError:
            return [Applied.MALFORMED]
        try:
            return account.callback(payload)
        except Exception as error:  # noqa: BLE001  # a bug in a mapping must not reach the sender
            self._log.bug("a callback could not be read", error)
            return [Applied.FAILED]
