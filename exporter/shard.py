"""Which of many processes owns an account: jump consistent hash over the account's name.

Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014. With one shard more,
accounts move to the new one and to no other.
"""

import hashlib
import re
from dataclasses import dataclass

# As a StatefulSet names its pods: home-exporter-3.
_ORDINAL = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*-)?([0-9]{1,9})")
_MULTIPLIER = 2862933555777941757


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `total` processes that share the accounts; `ordinal` counts from 0."""

    ordinal: int = 0
    total: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.ordinal < self.total:
            raise ValueError(f"expected a shard from 0 to {self.total - 1}")

    def owns(self, name: str) -> bool:
        """Return whether the account of this name is this shard's."""
        return owner(name, self.total) == self.ordinal


#: Where there is one process, it owns all accounts.
ALONE = Shard()


def owner(name: str, total: int) -> int:
    """Return the shard that owns the account of this name, from 0 to `total` - 1."""
    # Another digest would move every account: never `hash`, which differs in each process.
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return jump(int.from_bytes(digest[:8], "big"), total)


def jump(key: int, buckets: int) -> int:
    """Return the bucket of a 64-bit key, from 0 to `buckets` - 1."""
    bucket, following = 0, 0
    while following < buckets:
        bucket = following
        key = (key * _MULTIPLIER + 1) % 2**64
        following = int((bucket + 1) * (2**31 / ((key >> 33) + 1)))
    return bucket


def parse_ordinal(text: str) -> int:
    """Return the number that a text is or ends with; raises ValueError for any other."""
    match = _ORDINAL.fullmatch(text)
    if match is None:
        example = "or a name that ends in one, such as home-exporter-3"
        raise ValueError(f"expected a number from 0 {example}, not {text!r}")
    return int(match[1])
