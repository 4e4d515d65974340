"""The web configuration and its certificate are read again when they change."""

import asyncio
import hashlib
import logging
import ssl
import time
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.app import App
from exporter.web.protection import Protection
from tests.support.manual_clock import ManualClock
from tests.support.tls import certify
from tests.web.conftest import PASSWORD, USER, Serve, basic, write

PATIENCE = 10.0
HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"


async def certificate(app: App) -> str:
    """Return the fingerprint of the certificate that a new connection gets."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", app.server.port, ssl=context)
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return hashlib.sha256(found).hexdigest()


async def status(app: App, password: str, scheme: str = "http") -> int:
    url = f"{scheme}://127.0.0.1:{app.server.port}/metrics"
    headers = basic(USER, password)
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url, ssl=False) as answer:
        return answer.status


async def until(clock: ManualClock, caplog: pytest.LogCaptureFixture, words: str) -> str:
    """Let seconds pass until the log has a line with these words, and return its fields."""
    patience = time.monotonic() + PATIENCE
    while True:
        for record in caplog.records:
            if words in record.getMessage():
                return str(record.__dict__["fields"])
        assert time.monotonic() < patience, f"{words} was never logged"
        clock.advance(1.0)
        await asyncio.sleep(0.01)


async def seconds(clock: ManualClock, count: int) -> None:
    for _ in range(count):
        clock.advance(1.0)
        await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "exporter.web")


async def test_a_new_password_takes_the_place_of_the_old(
    serve: Serve, tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, PASSWORD)
    app = await serve()
    assert await status(app, PASSWORD) == 200
    write(tmp_path, "new-password")
    await until(clock, caplog, "read again")
    assert await status(app, PASSWORD) == 401
    assert await status(app, "new-password") == 200


async def test_a_new_certificate_is_for_new_connections(
    serve: Serve,
    tmp_path: Path,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    authority: trustme.CA,
) -> None:
    certify(authority, tmp_path)
    write(tmp_path, PASSWORD, tls=True)
    app = await serve()
    before = await certificate(app)
    url = f"https://127.0.0.1:{app.server.port}/metrics"
    async with aiohttp.ClientSession(headers=basic(USER, PASSWORD)) as http:
        for words in ("", "read again"):
            if words:
                certify(authority, tmp_path)
                await until(clock, caplog, words)
            # The same connection, from before the change.
            async with http.get(url, ssl=False) as answer:
                assert answer.status == 200
                await answer.read()
    assert await certificate(app) != before


BAD = {
    "no longer YAML": "basic_auth_users: [",
    "empty": "",
    "without users": "tls_server_config: {cert_file: cert.pem, key_file: key.pem}",
    "without TLS": f"basic_auth_users: {{me: {HASH}}}",
    "another key": "rate_limit: {burst: 1}",
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_version_keeps_the_old_and_says_so_once(
    serve: Serve,
    tmp_path: Path,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    authority: trustme.CA,
    kind: str,
) -> None:
    certify(authority, tmp_path)
    path = write(tmp_path, PASSWORD, tls=True)
    app = await serve()
    before = await certificate(app)
    good = path.read_text()
    path.write_text(BAD[kind])
    assert str(path) in await until(clock, caplog, "not taken")
    await seconds(clock, 5)
    assert len([r for r in caplog.records if "not taken" in r.getMessage()]) == 1
    assert await certificate(app) == before
    assert await status(app, PASSWORD, "https") == 200
    assert await status(app, "wrong", "https") == 401
    path.write_text(good)
    await until(clock, caplog, "read again")
    assert await status(app, PASSWORD, "https") == 200
    caplog.clear()
    path.write_text(BAD[kind])
    assert str(path) in await until(clock, caplog, "not taken"), "another slip, though the same"


async def test_what_is_still_being_written_is_not_read(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, PASSWORD)
    protection = Protection(path, clock=clock)
    watching = asyncio.ensure_future(protection.watch())

    async def look() -> None:
        """Let it look once, and come to rest."""
        async with asyncio.timeout(PATIENCE):
            while not clock.sleepers:  # noqa: ASYNC110  # a clock has no event
                await asyncio.sleep(0.001)
            clock.advance(1.0)
            while not clock.sleepers:  # noqa: ASYNC110  # same
                await asyncio.sleep(0.001)

    text = write(tmp_path, "new-password").read_text()
    for end in range(1, 6):
        path.write_text(text[:-end])
        await look()
    path.write_text(text)
    await look()
    assert caplog.records == []
    await look()
    assert [one.getMessage() for one in caplog.records] == ["web configuration read again"]
    watching.cancel()
    protection.close()


async def test_a_certificate_whose_key_comes_later_is_taken_when_the_key_is_there(
    serve: Serve,
    tmp_path: Path,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    authority: trustme.CA,
) -> None:
    certify(authority, tmp_path)
    write(tmp_path, tls=True)
    app = await serve()
    before = await certificate(app)
    (tmp_path / "new").mkdir()
    certify(authority, tmp_path / "new")
    (tmp_path / "new" / "cert.pem").replace(tmp_path / "cert.pem")
    assert "the key of the certificate" in await until(clock, caplog, "not taken")
    assert await certificate(app) == before
    (tmp_path / "new" / "key.pem").replace(tmp_path / "key.pem")
    await until(clock, caplog, "read again")
    assert await certificate(app) != before
