"""Who takes a large page slowly holds the memory of it: of a few versions, and no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from exporter.web.sending import Sending

#: More than the system takes for a client that does not read.
PAGE = 12 * 1024 * 1024
_PATIENCE = 60.0

Reader = asyncio.StreamReader
Ask = Callable[[], Awaitable[Reader]]


@pytest.fixture
def page() -> list[bytes]:
    """Return what is served: another list is another scrape, another piece another version."""
    return [b"a" * PAGE]


@pytest.fixture
async def ask(page: list[bytes]) -> AsyncIterator[Ask]:
    """Return what asks for the page as it is and reads no more than the head."""
    sending = Sending()
    writers: list[asyncio.StreamWriter] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        served = [*page, b"end"]
        headers = {"Content-Length": str(sum(map(len, served)))}
        return web.Response(body=sending.chunks(served, request.transport), headers=headers)

    application = web.Application()
    application.router.add_get("/", handle)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server()

    async def start() -> Reader:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writers.append(writer)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(_PATIENCE):
            await reader.readuntil(b"\r\n\r\n")
        return reader

    yield start
    for writer in writers:
        writer.close()
    await server.close()


async def taken(reader: Reader) -> int:
    """Return how much of its page a client gets."""
    size = 0
    async with asyncio.timeout(_PATIENCE):
        while data := await _read(reader):
            size += len(data)
            if size == PAGE + len(b"end"):
                break
    return size


async def _read(reader: Reader) -> bytes:
    try:
        return await reader.read(1024 * 1024)
    except ConnectionError:
        return b""


async def test_the_oldest_versions_make_room(ask: Ask, page: list[bytes]) -> None:
    slow = []
    for letter in b"abcde":
        page[:] = [bytes([letter]) * PAGE]
        slow.append(await ask())
    sizes = [await taken(reader) for reader in slow]
    assert all(size < PAGE for size in sizes[:2])
    assert sizes[2:] == [PAGE + len(b"end")] * 3


async def test_any_number_may_take_one_version(ask: Ask) -> None:
    slow = [await ask() for _ in range(8)]
    assert [await taken(reader) for reader in slow] == [PAGE + len(b"end")] * 8


async def test_who_has_gone_leaves_nothing_behind(ask: Ask, page: list[bytes]) -> None:
    for letter in b"abcdefgh":
        page[:] = [bytes([letter]) * PAGE]
        assert await taken(await ask()) == PAGE + len(b"end")
    kept = await ask()
    page[:] = [b"x" * PAGE]
    await ask()
    assert await taken(kept) == PAGE + len(b"end")
