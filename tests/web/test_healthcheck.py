"""The health check of a container: right about every kind of server, without any secret."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from exporter.commands import healthcheck as module
from exporter.commands.codes import Code
from exporter.commands.healthcheck import healthcheck
from tests.cli.command import free_port
from tests.support.tls import certify
from tests.web.conftest import PASSWORD, Serve, write


@pytest.fixture
async def speak() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """Return what starts a server that says the same whatever is asked, and nothing for b""."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(said: bytes) -> str:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            if said:
                writer.write(said)
                writer.close()

        servers.append(await asyncio.start_server(answer, "127.0.0.1", 0))
        return f"127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
    for writer in writers:
        writer.close()


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["open", "password"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_an_exporter_that_lives_is_healthy_however_it_is_protected(
    serve: Serve,
    tmp_path: Path,
    authority: trustme.CA,
    capsys: pytest.CaptureFixture[str],
    password: str | None,
    *,
    tls: bool,
) -> None:
    certify(authority, tmp_path)
    write(tmp_path, password, tls=tls)
    port = (await serve()).server.port
    for host in ("127.0.0.1", "", "0.0.0.0", "localhost"):  # noqa: S104  # asked, not bound
        assert await healthcheck(f"{host}:{port}") is Code.OK, host
    assert capsys.readouterr() == ("", "")


async def test_an_exporter_that_is_gone_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    address = f"127.0.0.1:{free_port()}"
    assert await healthcheck(address) is Code.FAILED
    assert capsys.readouterr() == ("", f"home-exporter: {address}: Connection refused\n")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: other\r\n\r\n", "something else listens there"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "something else listens there"),
        (b"HTTP/1.1 500 x\r\nServer: home-exporter\r\n\r\n", "it answers 500"),
        (b"SSH-2.0-x\r\n", "the answer is neither HTTP nor TLS"),
    ],
)
async def test_another_answer_is_told(
    speak: Callable[[bytes], Awaitable[str]],
    capsys: pytest.CaptureFixture[str],
    said: bytes,
    why: str,
) -> None:
    address = await speak(said)
    assert await healthcheck(address) is Code.FAILED
    assert capsys.readouterr().err == f"home-exporter: {address}: {why}\n"


async def test_a_server_that_says_nothing_is_not_waited_for(
    speak: Callable[[bytes], Awaitable[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    assert await healthcheck(await speak(b"")) is Code.FAILED
    assert "no answer within" in capsys.readouterr().err
