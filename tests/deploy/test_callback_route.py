"""The documented way of a callback to the shard that has its account, through a real nginx."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from exporter.app import App
from exporter.config import load
from exporter.shard import Shard, owner
from exporter.sources.vendors import MODELS
from scripts.stack import process
from tests.cli.command import PATIENCE, free_port
from tests.documents.blocks import of

ROOT = Path(__file__).parents[2]
TOTAL = 4
# One is called as a word of nginx's own.
NAMES = ["default", *(f"place-{number}" for number in range(7))]
SBIN = "/usr/sbin:/usr/bin:/usr/local/bin"
NGINX = shutil.which("nginx", path=SBIN)

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed"),
]


def secret(name: str) -> str:
    """Return a callback secret as shards want it, with much in it that may stand in a path."""
    return f"{name}/~a'$;(secret)*,=:@{name}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write accounts of a cloud that is not there, one file each."""
    (tmp_path / "accounts").mkdir()
    url = f"http://127.0.0.1:{free_port()}"
    for name in NAMES:
        text = f"vendor: wally\nbase_url: {url}\ntoken: t\ncallback_secret_file: {name}.callback\n"
        (tmp_path / "accounts" / f"{name}.yml").write_text(text)
        (tmp_path / "accounts" / f"{name}.callback").write_text(f"{secret(name)}\n")
    (tmp_path / "exporter.yml").write_text("accounts_dir: accounts\n")
    return tmp_path


@pytest.fixture
async def shards(folder: Path) -> AsyncIterator[list[App]]:
    """Return every shard at work."""
    apps = []
    for ordinal in range(TOTAL):
        environ = {"STATE_DIRECTORY": str(folder / f"state-{ordinal}")}
        shard = Shard(ordinal, TOTAL)
        apps.append(App(load(folder / "exporter.yml", MODELS, environ, shard=shard)))
        await apps[-1].start("127.0.0.1:0")
    yield apps
    for app in apps:
        await app.stop()


async def make_map(folder: Path) -> Path:
    """Run what docs/running.md says, and return the map."""
    (block,) = (one.text for one in of("sh") if "callback-shards.map" in one.text)
    command = folder / "bin" / "home-exporter"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m exporter "$@"\n')
    command.chmod(0o700)
    environ = {"PATH": f"{command.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    ran = await asyncio.create_subprocess_exec("sh", "-ec", block, cwd=folder, env=environ)
    assert await asyncio.wait_for(ran.wait(), PATIENCE) == 0
    return folder / "callback-shards.map"


def write_nginx(folder: Path, shards: list[App], callback_map: Path, port: int) -> Path:
    """Write the example, with what a test has instead of its addresses."""
    text = (ROOT / "deploy" / "proxy" / "nginx-shards.conf").read_text()
    assert "/etc/nginx/callback-shards.map" in text
    text = text.replace("/etc/nginx/callback-shards.map", str(callback_map))
    for ordinal, app in enumerate(shards):
        address = f"upstream shard-{ordinal} {{ server 10.0.0.1{ordinal}:10874; }}"
        assert address in text
        text = text.replace(
            address, address.replace(f"10.0.0.1{ordinal}:10874", f"127.0.0.1:{app.server.port}")
        )
    text += f"server {{ listen 127.0.0.1:{port}; access_log off;\n"
    text += "location /callbacks/ { proxy_pass http://shard-$shard; } }\n"
    main = f"daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\n"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        main += f"{kind}_temp_path {folder}/{kind};\n"
    path = folder / "nginx.conf"
    path.write_text(f"{main}{text}}}\n")
    return path


async def post(http: aiohttp.ClientSession, port: int, given: str) -> int:
    """Post a callback through the proxy as soon as it is up, and return the status."""
    url = f"http://127.0.0.1:{port}/callbacks/wally/{given}"
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with http.post(url, json=[]) as response:
                    return response.status
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


def refused(app: App) -> float:
    found = app.telemetry.registry.get_sample_value(
        "home_exporter_callbacks_total", {"outcome": "wrong_secret"}
    )
    assert found is not None
    return found


async def test_the_map_holds_no_secret_and_only_who_is_sent_callbacks(folder: Path) -> None:
    (folder / "accounts" / "place-0.yml").write_text("vendor: wally\ntoken: t\n")
    text = (await make_map(folder)).read_text()
    called = sorted({*NAMES} - {"place-0"})
    assert text.splitlines() == [f"wally/{name} {owner(name, TOTAL)};" for name in called]


async def test_each_callback_reaches_the_shard_of_its_account(
    folder: Path, shards: list[App]
) -> None:
    assert len({owner(name, TOTAL) for name in NAMES}) > 1
    port = free_port()
    config = write_nginx(folder, shards, await make_map(folder), port)
    log = folder / "log"
    async with (
        process(str(NGINX), "-e", str(log), "-c", str(config), log=log),
        aiohttp.ClientSession() as http,
    ):
        for name in NAMES:
            assert (name, await post(http, port, secret(name))) == (name, 204)
        assert [refused(app) for app in shards] == [0] * TOTAL
        for nobodys in ("a-secret-that-nobody-has", "nobody/a-secret-that-nobody-has"):
            assert await post(http, port, nobodys) == 404
        assert [refused(app) for app in shards] == [2] + [0] * (TOTAL - 1)
