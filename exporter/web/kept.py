"""The homes' part of the page, joined and compressed once for each change of it."""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, TypeAlias

from exporter.exposition import Exposition

_GZIP_LEVEL = 1
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
#: More series than these are joined and compressed in a thread: the loop is for events.
_SMALL = 1_000

_Families: TypeAlias = Sequence[Sequence[bytes]]


class Joined:
    """The part as plain pieces."""

    def __init__(self, families: _Families) -> None:
        self._pieces = [b"".join(blocks) for blocks in families]

    def with_end(self, end: bytes) -> list[bytes]:
        """Return the pieces of the whole body."""
        return [*self._pieces, end]


class Packed:
    """The part as gzip, which is not ended: each scrape appends what is new each time."""

    def __init__(self, families: _Families) -> None:
        self._compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        # Family by family, so that another thread gets its turn between them.
        self._begin = b"".join([self._compressor.compress(b"".join(one)) for one in families])

    def with_end(self, end: bytes) -> list[bytes]:
        """Return the pieces of the whole body."""
        compressor = self._compressor.copy()
        return [self._begin, compressor.compress(end) + compressor.flush()]


class _Made(NamedTuple):
    part: Joined | Packed
    generation: int
    number: int


class Kept:
    """Makes the part for a scrape, or gives one that is as good as new."""

    def __init__(self, exposition: Exposition, pool: Executor) -> None:
        self._exposition = exposition
        self._pool = pool
        self._made: dict[tuple[bool, bool], _Made] = {}
        self._begun = 0
        # One after the other: a crowd that scrapes must not hold up what else the loop does.
        self._turn = asyncio.Lock()

    async def get(self, *, openmetrics: bool, gzip: bool) -> Joined | Packed:
        """Return the part as it is now, or was at a moment since this was asked."""
        begun = self._begun
        async with self._turn:
            made = self._made.get((openmetrics, gzip))
            is_good = made is not None and (
                made.generation == self._exposition.generation or made.number > begun
            )
            if made is None or not is_good:
                made = await self._make(openmetrics=openmetrics, gzip=gzip)
                self._made[openmetrics, gzip] = made
            return made.part

    async def _make(self, *, openmetrics: bool, gzip: bool) -> _Made:
        self._begun += 1
        number, generation = self._begun, self._exposition.generation
        families = self._exposition.families(openmetrics=openmetrics)
        form: Callable[[_Families], Joined | Packed] = Packed if gzip else Joined
        if self._exposition.series <= _SMALL:
            return _Made(form(families), generation, number)
        loop = asyncio.get_running_loop()
        part = await loop.run_in_executor(self._pool, form, families)
        return _Made(part, generation, number)
