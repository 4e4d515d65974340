"""Basic auth: names and passwords against bcrypt hashes, cheaply for those who come again."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto

import bcrypt

from exporter.secret import Secret

_WAITING = 10
# What bcrypt looks at; other servers cut there too, so their files work here.
_PASSWORD_BYTES = 72

#: The hash of each user's password.
Users = Mapping[str, Secret]


class Verdict(Enum):
    """What became of a name and a password."""

    RIGHT = auto()
    WRONG = auto()
    #: Too many are waiting to be checked.
    BUSY = auto()


class Passwords:
    """Checks one password at a time, in a thread of its own.

    One that was right is remembered, for its user, as a keyed hash of it and of the bcrypt hash, so
    that a new hash in the file ends it.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        self._nobody = secrets.token_bytes(32)
        self._pending = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="password")

    async def check(self, users: Users, authorization: str) -> Verdict:
        """Return what an Authorization header is worth."""
        credentials = _credentials(authorization)
        if credentials is None:
            return Verdict.WRONG
        name, password = credentials
        stored = users.get(name)
        against = (stored or self._stand_in(users, name)).reveal().encode()
        seen = self._digest(against, password)
        is_remembered = hmac.compare_digest(self._right.get(name, self._nobody), seen)
        if is_remembered and stored is not None:
            return Verdict.RIGHT
        if self._pending > _WAITING:
            return Verdict.BUSY
        self._pending += 1
        try:
            loop = asyncio.get_running_loop()
            matches = await loop.run_in_executor(self._pool, _matches, password, against)
        finally:
            self._pending -= 1
        if not matches or stored is None:
            return Verdict.WRONG
        self._right[name] = seen
        return Verdict.RIGHT

    def close(self) -> None:
        """End the thread once it has finished what it does."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _stand_in(self, users: Users, name: str) -> Secret:
        """Return some user's hash: for an unknown name too the same work is done."""
        choice = int.from_bytes(self._digest(name.encode())[:8])
        return list(users.values())[choice % len(users)]

    def _digest(self, *parts: bytes) -> bytes:
        told_apart = b"".join(len(part).to_bytes(8) + part for part in parts)
        return hmac.digest(self._key, told_apart, hashlib.sha256)


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None


def _matches(password: bytes, against: bytes) -> bool:
    return bcrypt.checkpw(password[:_PASSWORD_BYTES], against)
