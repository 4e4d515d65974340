"""The examples of reverse proxies, run for real: callbacks get through, and nothing else does."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from scripts.stack import process
from tests.cli.command import PATIENCE, free_port
from tests.support.running import CALLBACK_SECRET, Running
from tests.support.tls import certify

PROXY = Path(__file__).parents[2] / "deploy" / "proxy"
CERTIFICATES = "/etc/letsencrypt/live/home.example.org"


@dataclass
class Proxy:
    """A reverse proxy in front of the exporter."""

    port: int
    log: Path
    tls: ssl.SSLContext

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        """Return status and text of an answer; the path is sent as it is."""
        connection = asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
        reader, writer = await asyncio.wait_for(connection, PATIENCE)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = (await asyncio.wait_for(reader.read(), PATIENCE)).decode()
        writer.close()
        return int(answer.split()[1]), answer


def nginx(folder: Path, port: int, exporter: int) -> list[str]:
    """Write the example, with what a test has instead, and return the command."""
    text = (PROXY / "nginx.conf").read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        f"{CERTIFICATES}/fullchain.pem": str(folder / "cert.pem"),
        f"{CERTIFICATES}/privkey.pem": str(folder / "key.pem"),
        "/var/log/nginx/home-exporter.log": str(folder / "log"),
        "http://127.0.0.1:10874": f"http://127.0.0.1:{exporter}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    main = f"daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log {folder}/log;\n"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        main += f"{kind}_temp_path {folder}/{kind};\n"
    (folder / "nginx.conf").write_text(f"{main}{text}\n}}\n")
    return ["-e", str(folder / "log"), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, exporter: int) -> list[str]:
    """Write the example, with what a test has instead, and return the command."""
    text = (PROXY / "Caddyfile").read_text()
    pair = f"tls {folder}/cert.pem {folder}/key.pem"
    for old, new in {
        "{\n\tservers": "{\n\tadmin off\n\tauto_https off\n\tservers",
        "home.example.org {": f"https://127.0.0.1:{port} {{\n\t{pair}\n\tlog",
        "127.0.0.1:10874": f"127.0.0.1:{exporter}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "Caddyfile").write_text(text)
    return ["run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


Write = Callable[[Path, int, int], list[str]]


@pytest.fixture(params=[nginx, caddy])
async def proxy(
    request: pytest.FixtureRequest, running: Running, tmp_path: Path
) -> AsyncIterator[Proxy]:
    write: Write = request.param
    binary = shutil.which(write.__name__, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        pytest.skip(f"{write.__name__} is not installed")
    authority = trustme.CA()
    certify(authority, tmp_path)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    port = free_port()
    arguments = write(tmp_path, port, running.app.server.port)
    made = Proxy(port, tmp_path / "log", tls)
    async with process(binary, *arguments, log=made.log):
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await made.ask("GET", "/")
                    break
                except OSError:
                    await asyncio.sleep(0.02)
        yield made


async def test_a_callback_gets_through(proxy: Proxy) -> None:
    path = f"/callbacks/wally/{CALLBACK_SECRET}"
    body = b'{"snid": "x", "type": "alarm"}'
    status, _ = await proxy.ask("POST", path, body)
    assert status in (204, 400)
    assert (await proxy.ask("POST", f"{path}x", body))[0] == 404
    assert (await proxy.ask("POST", path, b" " * 70_000))[0] in (413, 502)


async def test_nothing_else_does(proxy: Proxy) -> None:
    for method in ("GET", "POST"):
        for path in (
            *("/", "/metrics", "/-/healthy", "/-/reload", "/callbacks", "//metrics"),
            *("/callbacks/../metrics", "/callbacks/%2e%2e/metrics", "/callbacks/..%2fmetrics"),
            *("/callbacks/wally/../../metrics", "/callbacks//../metrics", "/metrics/callbacks/"),
        ):
            status, answer = await proxy.ask(method, path)
            assert status in (301, 308, 400, 403, 404, 405), (method, path)
            assert "home_" not in answer
    assert (await proxy.ask("GET", f"/callbacks/wally/{CALLBACK_SECRET}"))[0] in (403, 404)


async def test_the_secret_reaches_no_log(proxy: Proxy, running: Running) -> None:
    path = f"/callbacks/wally/{CALLBACK_SECRET}"
    await proxy.ask("POST", path, b"{}")
    await running.end()
    assert (await proxy.ask("POST", path, b"{}"))[0] == 502
    assert CALLBACK_SECRET not in proxy.log.read_text()
