"""Nothing that the process writes holds a secret or a person, whatever it has handled."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Fault, Simulator, demo_world
from tests.cli.command import free_port
from tests.support.waiting import eventually

_SECRET = "callback-secret-that-nobody-may-see"
_FAULTS = ("html_200", "truncated_json", "object_for_list", "disconnect", "redirect")


async def _disturb(simulator: Simulator, http: aiohttp.ClientSession, url: str) -> str:
    """Put the exporter through payloads full of people and through faults; return all pages."""
    pages = ""
    world = simulator.world
    for kind in _FAULTS:
        calls = len(simulator.calls)
        await simulator.inject(Fault(kind=kind, times=2))  # type: ignore[arg-type]  # a literal
        for home in world.homes:
            alarm = world.set_alarm(home, "ARMED_AWAY", simulator.now())
            await simulator.publish([alarm])
            private = {"type": "device-state-changed", "data": {"userName": "Kari Eksempel"}}
            await simulator.homely.emit(home.location_id, private)
        await simulator.homely.drop_sockets()
        body = {"snid": "Kari Eksempel", "type": "alarm", "viewParams": {"label": "Eksempelby"}}
        for secret in (_SECRET, "wrong-secret-Kari-Eksempel"):
            async with http.post(f"{url}/callbacks/wally/{secret}", json=body) as answer:
                pages += await answer.text()
        await eventually(lambda calls=calls: len(simulator.calls) > calls + 2)  # type: ignore[misc]
        for path in ("/metrics", "/", "/-/ready", "/nowhere"):
            async with http.get(f"{url}{path}") as answer:
                pages += await answer.text()
    return pages


async def test_no_output_holds_a_secret_or_a_person(tmp_path: Path) -> None:
    simulator = Simulator(clock=SystemClock(), world=demo_world(), token_life=3)
    await simulator.start()
    local = {"poll_interval": "1s"}
    config = {
        "homely": [
            {"base_url": simulator.homely_url, "username": user, "password": word, **local}
            | {"locations_refresh": "1s"}
            for user, word in simulator.homely_logins
        ],
        "wally": [
            {"base_url": simulator.wally_url, "token": token, "callback_secret": _SECRET, **local}
            for token in simulator.wally_tokens
        ],
        "state_dir": str(tmp_path / "state"),
    }
    path = tmp_path / "exporter.yml"
    path.write_text(yaml.safe_dump(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "dev", "-m", "exporter", f"--config.file={path}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=debug"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:
            await _until_ready(http, url)
            pages = await _disturb(simulator, http, url)
    finally:
        process.terminate()
        output, _ = await process.communicate()
        await simulator.stop()

    assert process.returncode == 0
    written = [output.decode(), pages]
    written += [file.read_text() for file in (tmp_path / "state").rglob("*") if file.is_file()]
    usernames = [user for user, _ in simulator.homely_logins]
    assert re.search(r'requests_total\{[^}]*outcome="(?!success)', pages), "the faults were met"
    assert "Traceback" not in written[0]
    assert "home_alarm_state" in pages
    for secret in (*simulator.secrets(), *usernames, _SECRET):
        for text in written:
            assert secret not in text


async def _until_ready(http: aiohttp.ClientSession, url: str) -> None:
    for _ in range(1200):
        try:
            async with http.get(f"{url}/-/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.025)
    raise AssertionError("the exporter never became ready")
