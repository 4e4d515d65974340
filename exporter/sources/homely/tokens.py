"""The token of one Homely login: fetched when needed, refreshed, or had by one full login."""

import random
from typing import Any

from exporter.backoff import doubled, full_jitter
from exporter.clock import Clock
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.jsontext import is_number
from exporter.logs import Log
from exporter.rest import Request
from exporter.secret import Secret
from exporter.sources.gate import Gate, Reply
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.values import mapping

#: A token with less than this left is not used for a new call or connection.
_MARGIN = 10.0
_DEFAULT_LIFE = 60.0
_RETRY, _RETRY_CAP = 5.0, 300.0
_DISTRUST, _DISTRUST_CAP = 30.0, 3600.0
_TRANSIENT = frozenset(
    {
        Outcome.CLIENT_ERROR,
        Outcome.CONNECTION,
        Outcome.DNS,
        Outcome.RATE_LIMITED,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
        Outcome.TLS,
    }
)
#: A refresh that keeps failing so may be past mending, and the login beside it be well.
_BROKEN = frozenset({Outcome.SERVER_ERROR, Outcome.TIMEOUT})
_REFRESH_TRIES = 3
_REFUSED = frozenset({Outcome.BAD_REQUEST, Outcome.FORBIDDEN, Outcome.UNAUTHORIZED})


class Tokens:
    """Holds one login's tokens; whoever asks for a new one holds the gate."""

    def __init__(self, config: HomelyConfig, gate: Gate, clock: Clock, rng: random.Random) -> None:
        self._config = config
        self._gate = gate
        self._clock = clock
        self._access: tuple[Secret, float] | None = None
        self._refresh: tuple[Secret, float] | None = None
        self._failures = 0
        self._refresh_failures = 0
        self._hold = self._distrust = float("-inf")
        self._distrusted = 0
        self._rng = rng
        self._log = Log("account", vendor=config.vendor, account=config.name)

    def held(self) -> Secret | None:
        """Return the token that is held, if it lives long enough to be used."""
        return self._alive(self._access, _MARGIN)

    async def get(self) -> Secret:
        """Return a usable token, with a call only if none is held."""
        return self.held() or await self.renew()

    async def renew(self) -> Secret:
        """Return a new token: by the refresh token, else by one login.

        Raises OnHoldError for a while after a try that failed: polls and streams that all want a
        token share one back-off.
        """
        if self._clock.monotonic() < self._hold:
            raise OnHoldError(self._hold)
        try:
            token = await self._renew()
        except CloudError as error:
            self._failed(error)
            raise
        if self._failures:
            self._log.info("tokens can be had again")
        self._failures = 0
        return token

    def _failed(self, error: CloudError) -> None:
        if isinstance(error, AuthError | RateLimitedError):
            return  # the gate holds all calls
        if not self._failures:
            self._log.warning("no token can be had", reason=str(error))
        wait = _RETRY + full_jitter(self._failures, _RETRY, _RETRY_CAP, self._rng)
        self._hold = self._clock.monotonic() + wait
        self._failures += 1

    async def _renew(self) -> Secret:
        self._access = None
        refresh = self._alive(self._refresh, 0.0)
        if refresh is not None:
            try:
                token = await self._post("refresh-token", {"refresh_token": refresh.reveal()})
            except CloudError as error:
                # Where the cloud never judged the refresh token, it may still be good.
                self._refresh_failures += error.outcome in _BROKEN
                if error.outcome in _TRANSIENT and self._refresh_failures < _REFRESH_TRIES:
                    raise
            else:
                self._refresh_failures = 0
                return token
        self._refresh = None
        return await self._login()

    def forget(self) -> None:
        """Drop what the cloud has refused."""
        self._access = self._refresh = None

    def distrust(self, token: Secret) -> None:
        """Drop an access token that a stream was refused with: the next need refreshes it.

        Rarely, where new tokens are refused as well: then the token is not what is wrong.
        """
        now = self._clock.monotonic()
        if self._access is None or self._access[0] != token or now < self._distrust:
            return
        self._distrusted = 0 if now > self._distrust + _DISTRUST_CAP else self._distrusted + 1
        self._distrust = now + doubled(_DISTRUST, self._distrusted, _DISTRUST_CAP)
        self._access = None

    async def _login(self) -> Secret:
        credentials = {
            "username": self._config.username.get_secret_value(),
            "password": self._config.secret("password").reveal(),
        }
        try:
            return await self._post("token", credentials)
        except CloudError as error:
            if error.outcome in _REFUSED:
                raise await self._gate.refuse(error) from None
            raise

    async def _post(self, name: str, body: dict[str, str]) -> Secret:
        endpoint = "refresh" if name == "refresh-token" else name
        request = Request("POST", f"/homely/oauth/{name}", body=body)
        return await self._gate.call(endpoint, request, self._take)

    def _take(self, reply: Reply) -> Secret:
        answer = mapping(reply.body)
        access, refresh = _token(answer.get("access_token")), _token(answer.get("refresh_token"))
        if access is None:
            raise CloudError(Outcome.UNUSABLE)
        self._access = (access, reply.began + _life(answer.get("expires_in")))
        if refresh is not None:
            self._refresh = (refresh, reply.began + _life(answer.get("refresh_expires_in")))
        return access

    def _alive(self, token: tuple[Secret, float] | None, margin: float) -> Secret | None:
        if token is None or token[1] - self._clock.monotonic() < margin:
            return None
        return token[0]


def _token(raw: Any) -> Secret | None:
    if isinstance(raw, str) and raw and raw.isascii() and raw.isprintable():
        return Secret(raw)
    return None


def _life(raw: Any) -> float:
    return float(raw) if is_number(raw) and raw > 0 else _DEFAULT_LIFE
