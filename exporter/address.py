"""The address to listen on, as people write it."""

import re

_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,5})")
_LAST_PORT = 65535


def parse_address(text: str) -> tuple[str | None, int]:
    """Return host and port of `127.0.0.1:10874`, `[::1]:10874` or `:10874`; raises ValueError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _LAST_PORT:
        raise ValueError("expected host:port, such as 127.0.0.1:10874")
    return match["ipv6"] or match["host"] or None, int(match["port"])
