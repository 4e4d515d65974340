"""Homely's tokens: short-lived, in the shape of a JWT, with a refresh token that rotates."""

import base64
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from exporter.clock import Clock
from exporter.simulator.homes import Login
from exporter.simulator.stamps import Minter

_REMEMBERED = 10_000


@dataclass(slots=True)
class _Grant:
    login: Login
    expires: float


@dataclass(slots=True)
class TokenOffice:
    """Issue, renew and check tokens on the simulator's clock."""

    clock: Clock
    minter: Minter
    life: float = 60
    refresh_life: float = 1800
    issued: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _access: dict[str, _Grant] = field(default_factory=dict)
    _refresh: dict[str, _Grant] = field(default_factory=dict)

    def issue(self, login: Login) -> dict[str, Any]:
        """Return the token endpoint's answer for a login that has proved itself."""
        now = self.clock.monotonic()
        access, refresh = self._jwt(login, "RS256"), self._jwt(login, "HS256")
        self._access[access] = _Grant(login, now + self.life)
        self._refresh[refresh] = _Grant(login, now + self.refresh_life)
        self.issued.extend((access, refresh))
        self._prune(now)
        return {
            "access_token": access,
            "expires_in": int(self.life),
            "refresh_expires_in": int(self.refresh_life),
            "refresh_token": refresh,
            "token_type": "bearer",
            "not-before-policy": 1618215605,
            "session_state": self.minter.uuid(),
            "scope": "",
        }

    def renew(self, refresh_token: str) -> dict[str, Any] | None:
        """Exchange a refresh token, once; None when it is unknown, used or expired."""
        grant = self._refresh.pop(refresh_token, None)
        if grant is None or grant.expires <= self.clock.monotonic():
            return None
        return self.issue(grant.login)

    def check(self, access_token: str) -> Login | None:
        """Return whose token this is while it is valid."""
        grant = self._access.get(access_token)
        if grant is None or grant.expires <= self.clock.monotonic():
            return None
        return grant.login

    def owner(self, token: str) -> str:
        """Return the username a token was issued to, also once it is used or expired."""
        grant = self._access.get(token) or self._refresh.get(token)
        return grant.login.username if grant else ""

    def expire(self, access_token: str) -> None:
        """End an access token's life at once."""
        if grant := self._access.get(access_token):
            grant.expires = self.clock.monotonic()

    def expire_all(self, *, refresh: bool = False) -> None:
        """End the life of every access token, and of the refresh tokens when asked."""
        now = self.clock.monotonic()
        for grant in (*self._access.values(), *(self._refresh.values() if refresh else ())):
            grant.expires = min(grant.expires, now)

    def _jwt(self, login: Login, algorithm: str) -> str:
        claims = {
            "exp": int(self.clock.wall() + self.life),
            "sub": login.user_id,
            "jti": self.minter.uuid(),
        }
        parts = (_encode({"alg": algorithm, "typ": "JWT"}), _encode(claims))
        return ".".join((*parts, self.minter.hexdigits(64)))

    def _prune(self, now: float) -> None:
        for held in (self._access, self._refresh):
            while held:
                oldest = next(iter(held))
                if held[oldest].expires + self.refresh_life > now:
                    break
                del held[oldest]


def _encode(part: dict[str, Any]) -> str:
    raw = json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
