"""Stand-ins of the same shape: the same for the same original, and back to it leads no way."""

import hashlib
import hmac
import math
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

#: Makes an endless stream of numbers below a bound that depends on the original alone.
_Draw: TypeAlias = Callable[[int], int]

_DIGITS, _HEX = "0123456789", "0123456789abcdef"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OCTETS = re.compile(r"[0-9a-f]{2}([-:][0-9a-f]{2}){3,}", re.IGNORECASE)
_LONG_HEX = re.compile(r"(?=.*[0-9])[0-9a-f]{6,}", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?[0-9][-+0-9 ().,/]*")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LARGEST = sys.float_info.max
_TRIES = 64
_WORD = 10


class Pseudonyms:
    """The stand-ins of one document; the key is random and goes with the object."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._given: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()

    def text(self, original: str) -> str:
        """Return the stand-in of a text; blanks around it stay, as does the empty text."""
        core = original.strip()
        if not core:
            return original
        before, _, after = original.partition(core)
        return f"{before}{self._text(core)}{after}"

    def number(self, original: float) -> int | float:
        """Return a number of as many digits, with as many after the point."""
        if not math.isfinite(original):
            return original
        written, exponent, power = repr(abs(original)).partition("e")
        shown = self._digits(written) + exponent + power
        sign = -1 if original < 0 else 1
        return sign * (int(shown) if isinstance(original, int) else min(float(shown), _LARGEST))

    def key_name(self, original: str) -> str:
        """Return the stand-in of a key that is not part of the vendor's vocabulary."""
        return f"key-{self._word(original, 'key')}"

    def _text(self, core: str) -> str:
        if _UUID.fullmatch(core) or _OCTETS.fullmatch(core) or _LONG_HEX.fullmatch(core):
            # One id may be written in capitals here and with dashes there.
            identity = re.sub(r"[-:]", "", core).lower()
            return self._like(core, "hex", _HEX, identity)
        if _NUMBER.fullmatch(core):
            return self._digits(core)
        if _MAIL.fullmatch(core):
            return f"mail-{self._word(core.lower(), 'mail')}@example.invalid"
        return f"text-{self._word(core, 'text')}"

    def _word(self, original: str, kind: str) -> str:
        return self._unique(kind, original, lambda draw: _drawn(draw, _HEX, _WORD))

    def _digits(self, shape: str) -> str:
        return self._like(shape, "digits", _DIGITS, re.sub(r"[^0-9]", "", shape))

    def _like(self, shape: str, kind: str, alphabet: str, identity: str) -> str:
        """Return `shape` with its digits drawn anew, in capitals if it has any."""
        count = sum(character.lower() in alphabet for character in shape)
        body = self._unique(f"{kind}{count}", identity, lambda draw: _body(draw, alphabet, count))
        drawn = iter(body.upper() if any(map(str.isupper, shape)) else body)
        return "".join(
            next(drawn) if character.lower() in alphabet else character for character in shape
        )

    def _unique(self, kind: str, original: str, make: Callable[[_Draw], str]) -> str:
        """Return the original's stand-in, of which no other original has the same if it can be."""
        known = self._given.get((kind, original))
        if known is not None:
            return known
        found = ""
        for attempt in range(_TRIES):
            found = make(self._draw(f"{kind} {attempt} {original}"))
            if found != original and (kind, found) not in self._taken:
                break
        self._taken.add((kind, found))
        self._given[kind, original] = found
        return found

    def _draw(self, name: str) -> _Draw:
        stream = self._bytes(name)
        return lambda bound: next(stream) % bound

    def _bytes(self, name: str) -> Iterator[int]:
        for counter in range(1 << 32):
            message = f"{counter} {name}".encode(errors="surrogatepass")
            yield from hmac.digest(self._key, message, hashlib.sha256)


def _drawn(draw: _Draw, alphabet: str, count: int) -> str:
    return "".join(alphabet[draw(len(alphabet))] for _ in range(count))


def _body(draw: _Draw, alphabet: str, count: int) -> str:
    """Return digits of which the first is not 0, so that a number keeps its length."""
    first = alphabet[1 + draw(len(alphabet) - 1)]
    return first + _drawn(draw, alphabet, count - 1)
