"""Times and identifiers in the shapes the vendors use."""

import random
from datetime import UTC, datetime
from uuid import UUID


def iso(moment: float) -> str:
    """Write seconds since the epoch as `2025-10-05T07:01:39.181Z`."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


class Minter:
    """Make identifiers that repeat with the seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a repeatable run is the point

    def uuid(self) -> str:
        """Return an identifier like Homely's."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def serial(self, prefix: str = "0015BC00") -> str:
        """Return a Zigbee address of 16 hex digits."""
        return f"{prefix}{self._random.getrandbits(32):08X}"

    def hexdigits(self, count: int) -> str:
        """Return an opaque identifier of `count` hex digits."""
        return f"{self._random.getrandbits(count * 4):0{count}x}"

    def octets(self, count: int) -> str:
        """Return a Wally serial number such as `90-7a-f1-ff-ff-ff`."""
        return "-".join(f"{self._random.getrandbits(8):02x}" for _ in range(count))

    def key(self) -> int:
        """Return a number that seeds one curve."""
        return self._random.getrandbits(63)
