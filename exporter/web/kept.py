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


class Form(NamedTuple):
    """What a client can read."""

    is_openmetrics: bool
    is_gzip: bool


class Kept:
    """Makes the part where it has changed, else gives the one that was made; one at a time."""

    def __init__(self, exposition: Exposition, pool: Executor) -> None:
        self._exposition = exposition
        self._pool = pool
        self._made: dict[Form, tuple[int, Joined | Packed]] = {}

    async def get(self, form: Form) -> Joined | Packed:
        """Return the part as it is now."""
        generation, part = self._made.get(form, (None, None))
        if part is None or generation != self._exposition.generation:
            generation = self._exposition.generation
            # What is out of date goes first: a form that is seldom asked for may be large.
            self._made = {one: made for one, made in self._made.items() if made[0] == generation}
            part = await self._make(form)
            self._made[form] = generation, part
        return part

    async def _make(self, form: Form) -> Joined | Packed:
        families = self._exposition.families(openmetrics=form.is_openmetrics)
        make: Callable[[_Families], Joined | Packed] = Packed if form.is_gzip else Joined
        if self._exposition.series <= _SMALL:
            return make(families)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, make, families)
