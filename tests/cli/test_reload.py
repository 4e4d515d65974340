"""A reload of the real process: by signal, and over HTTP where that is allowed."""

import json
import signal
from pathlib import Path

import aiohttp
import pytest
import yaml

from exporter.simulator import Simulator
from tests.cli.command import config_for, free_port, get, until_served
from tests.cli.conftest import Start
from tests.support.waiting import eventually

SUCCESSFUL = "home_exporter_config_last_reload_successful"


@pytest.fixture
def port() -> int:
    return free_port()


def sids(sim: Simulator) -> set[str]:
    return set(sim.homely.sockets._by_sid)


async def post(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.post(url) as response:
        return response.status, await response.text()


async def test_hangup_takes_the_file_anew_and_a_bad_one_keeps_the_former(
    command: Start, sim: Simulator, tmp_path: Path, port: int
) -> None:
    config, url = config_for(sim, tmp_path), f"http://127.0.0.1:{port}"
    running = await command(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    await until_served(f"{url}/-/ready")
    await eventually(lambda: len(sids(sim)) == 1)
    connected, good = sids(sim), yaml.safe_load(config.read_text())

    config.write_text("homely: [\n")
    running.process.send_signal(signal.SIGHUP)
    assert "expected valid YAML" in await running.line("configuration is not taken")
    page = await get(f"{url}/metrics")
    assert f"{SUCCESSFUL} 0.0" in page
    assert 'home_up{vendor="wally"' in page

    del good["wally"]
    config.write_text(yaml.safe_dump(good))
    for _ in range(100):
        running.process.send_signal(signal.SIGHUP)
    assert "removed=1" in await running.line("the configuration was reloaded")
    page = await get(f"{url}/metrics")
    assert f"{SUCCESSFUL} 1.0" in page
    assert 'vendor="wally",' not in "".join(x for x in page.splitlines(True) if "home_up" in x)
    assert sids(sim) == connected

    status, text = await post(f"{url}/-/reload")
    assert (status, text) == (403, "Lifecycle API is not enabled.\n")
    done = await running.stop(signal.SIGTERM)
    assert done.code == 0
    assert "Traceback" not in done.err


async def test_with_the_flag_a_request_takes_the_file_anew(
    command: Start, sim: Simulator, tmp_path: Path, port: int
) -> None:
    config, url = config_for(sim, tmp_path), f"http://127.0.0.1:{port}"
    secret = tmp_path / "token"
    document = yaml.safe_load(config.read_text())
    secret.write_text(document["wally"][0].pop("token"))
    document["wally"][0]["token_file"] = "token"
    config.write_text(yaml.safe_dump(document))
    flags = (f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    running = await command(*flags, "--web.enable-lifecycle", "--log.format=json")
    await until_served(f"{url}/-/ready")
    assert (await post(f"{url}/-/reload"))[0] == 200
    secret.unlink()
    status, text = await post(f"{url}/-/reload")
    assert status == 500
    assert "wally[0].token_file: expected a readable file" in text
    done = await running.stop(signal.SIGTERM)
    told = [json.loads(line) for line in done.lines]
    assert "the configuration is not taken, the former stays" in [one["msg"] for one in told]
    assert done.code == 0


async def test_a_hangup_during_the_start_does_not_end_it(
    command: Start, sim: Simulator, tmp_path: Path, port: int
) -> None:
    config, url = config_for(sim, tmp_path), f"http://127.0.0.1:{port}"
    running = await command(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    await running.line("home-exporter started")
    running.process.send_signal(signal.SIGHUP)
    await running.line("the configuration was reloaded")
    assert await until_served(f"{url}/-/ready")
    assert (await running.stop(signal.SIGTERM)).code == 0
