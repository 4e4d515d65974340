"""Large pages on their way: in chunks, and not many versions of them for clients that are slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence

_CHUNK = 64 * 1024
#: So much may be held for those who have not taken all of their page yet; or, where a page is
#: larger than that, so many times the latest.
_HELD = 16 * 1024 * 1024
_VERSIONS = 3

Pieces = Sequence[bytes]


class Sending:
    """What is held for clients that are still taking it; versions of a page share their pieces."""

    def __init__(self) -> None:
        self._held: dict[asyncio.Transport, Pieces] = {}

    async def chunks(self, page: Pieces, to: asyncio.Transport) -> AsyncIterator[bytes]:
        """Yield a page as fast as it is taken; those who have taken the longest make room."""
        self._held[to] = page
        self._make_room(max(_HELD, _VERSIONS * sum(map(len, page))))
        try:
            for piece in page:
                for begin in range(0, len(piece), _CHUNK):
                    yield piece[begin : begin + _CHUNK]
        finally:
            self._held.pop(to, None)

    def _make_room(self, limit: int) -> None:
        while self._size() > limit:
            first = next(iter(self._held))
            del self._held[first]
            first.abort()

    def _size(self) -> int:
        """Return the bytes that are held, each piece counted once."""
        pieces = {id(piece): len(piece) for page in self._held.values() for piece in page}
        return sum(pieces.values())
