"""The command at work: it serves, it logs, and it stops when it is told to."""

import asyncio
import json
import re
import shlex
import signal
import socket
from pathlib import Path

import pytest

from exporter.simulator import SCENARIOS, Fault, Simulator
from tests.cli.command import STOP_WITHIN, config_for, free_port, get, has_ipv6, until_served
from tests.cli.conftest import Start
from tests.support.waiting import eventually

SIGNALS = [signal.SIGTERM, signal.SIGINT]
_PAIR = re.compile(r'[a-z_]+=(?:[^\s"=]+|"(?:[^"\\]|\\.)*")')


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def flags(sim: Simulator, tmp_path: Path, port: int) -> list[str]:
    return [f"--config.file={config_for(sim, tmp_path)}", f"--web.listen-address=127.0.0.1:{port}"]


def sockets(sim: Simulator) -> int:
    return sum(sim.homely.live_sockets(home.location_id) for home in sim.world.homes)


async def ready(sim: Simulator, port: int) -> None:
    """Wait until everything was polled and the socket is up."""
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    await eventually(lambda: sockets(sim) > 0)


# --- stopping


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_stops_it_while_a_socket_is_connected(
    command: Start, sim: Simulator, flags: list[str], port: int, number: signal.Signals
) -> None:
    running = await command(*flags)
    await ready(sim, port)
    done = await running.stop(number)
    assert (done.code, done.out) == (0, "")
    assert done.seconds < STOP_WITHIN
    assert "Traceback" not in done.err
    assert len([line for line in done.lines if 'msg="home-exporter stops"' in line]) == 1
    await eventually(lambda: sockets(sim) == 0)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_stops_it_while_calls_hang(
    command: Start, sim: Simulator, flags: list[str], number: signal.Signals
) -> None:
    await sim.inject(Fault(kind="hang_before"))
    running = await command(*flags)
    await eventually(lambda: len(sim.calls) >= 2)
    done = await running.stop(number)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN
    assert "Traceback" not in done.err


async def test_a_signal_stops_it_while_an_answer_hangs_in_its_body(
    command: Start, sim: Simulator, flags: list[str]
) -> None:
    await sim.inject(Fault(kind="hang_body"))
    running = await command(*flags)
    await eventually(lambda: len(sim.calls) >= 2)
    done = await running.stop(signal.SIGTERM)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN


async def test_a_signal_stops_it_while_no_connection_comes_about(
    command: Start, sim: Simulator, tmp_path: Path, port: int
) -> None:
    config = config_for(sim, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        config.write_text(f"wally: [{{token: t, base_url: '{address}'}}]\nstate_dir: state\n")
        running = await command(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
        connection, _ = await asyncio.to_thread(silent.accept)
        with connection:
            # Once its TLS greeting is here, it waits for the answer.
            assert await asyncio.to_thread(connection.recv, 1)
            done = await running.stop(signal.SIGTERM)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN


async def test_a_signal_stops_it_while_a_socket_says_nothing_more(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags)
    await ready(sim, port)
    await sim.inject(Fault(kind="black_hole", now=True))
    done = await running.stop(signal.SIGTERM)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN


async def test_a_signal_stops_it_while_somebody_holds_a_connection_to_it(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags)
    await ready(sim, port)
    silent = await asyncio.open_connection("127.0.0.1", port)
    half = await asyncio.open_connection("127.0.0.1", port)
    half[1].write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
    await half[1].drain()
    done = await running.stop(signal.SIGTERM)
    for _, writer in (silent, half):
        writer.close()
    assert done.code == 0
    assert done.seconds < STOP_WITHIN


async def test_two_signals_stop_it_like_one(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags)
    await ready(sim, port)
    running.process.send_signal(signal.SIGTERM)
    done = await running.stop(signal.SIGTERM)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN
    assert "Traceback" not in done.err


async def test_the_port_is_free_again_at_once(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    for _ in range(2):
        running = await command(*flags)
        await ready(sim, port)
        assert (await running.stop(signal.SIGTERM)).code == 0


# --- logs


async def test_logs_in_json_are_one_object_a_line(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags, "--log.format=json", "--log.level=debug")
    await ready(sim, port)
    await sim.inject(Fault(kind="status", status=502, html=True))
    await sim.drop_sockets()
    done = await running.stop(signal.SIGTERM)
    lines = [json.loads(line) for line in done.lines]
    assert lines[0]["msg"] == "home-exporter started"
    assert "home-exporter stops" in [line["msg"] for line in lines]
    assert len(lines) >= 2
    for line in lines:
        assert {"ts", "level", "logger", "msg"} <= set(line)
        assert line["level"] in ("debug", "info", "warn", "error")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])


async def test_logs_in_logfmt_are_pairs(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags)
    await ready(sim, port)
    done = await running.stop(signal.SIGTERM)
    assert len(done.lines) >= 2
    assert f" port={port}" in done.lines[0]
    for line in done.lines:
        assert re.sub(_PAIR, "", line).strip() == "", line
        pairs = dict(pair.split("=", 1) for pair in shlex.split(line))
        assert list(pairs)[:4] == ["ts", "level", "logger", "msg"]
        assert pairs["level"] in ("info", "warn", "error")


async def test_no_log_line_shows_a_secret(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command(*flags, "--log.level=debug")
    await ready(sim, port)
    await sim.inject(Fault(kind="invalid_jwt"))
    await sim.inject(Fault(kind="status", status=401))
    await sim.drop_sockets()
    await running.line("stream disconnected")
    done = await running.stop(signal.SIGTERM)
    username = sim.homely_logins[0][0]
    assert [secret for secret in (*sim.secrets(), username) if secret in done.err] == []


async def test_a_quiet_level_leaves_out_what_is_not_wrong(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    running = await command("serve", *flags, "--log.level=error")
    await ready(sim, port)
    done = await running.stop(signal.SIGTERM)
    assert (done.code, done.err) == (0, "")


# --- serving


async def test_what_the_clouds_say_is_served(
    command: Start, sim: Simulator, flags: list[str], port: int
) -> None:
    await command(*flags)
    await ready(sim, port)
    page = await get(f"http://127.0.0.1:{port}/metrics")
    assert "home_leak_detected{" in page
    assert "home_exporter_build_info{" in page
    assert await get(f"http://127.0.0.1:{port}/-/healthy")


ADDRESSES = {
    "localhost:{0}": ["localhost"],
    "0.0.0.0:{0}": ["127.0.0.1"],
    ":{0}": ["127.0.0.1"],
}
if has_ipv6():
    ADDRESSES |= {"[::1]:{0}": ["[::1]"], ":{0}": ["127.0.0.1", "[::1]"]}


@pytest.mark.parametrize(("address", "reached"), ADDRESSES.items())
async def test_an_address_has_the_forms_that_prometheus_knows(
    command: Start,
    sim: Simulator,
    tmp_path: Path,
    port: int,
    address: str,
    reached: list[str],
) -> None:
    config = config_for(sim, tmp_path)
    await command(f"--config.file={config}", f"--web.listen-address={address.format(port)}")
    for host in reached:
        assert "healthy" in await until_served(f"http://{host}:{port}/-/healthy")


# --- the demo


@pytest.mark.parametrize("number", SIGNALS)
async def test_the_demo_serves_within_5_s_and_stops_when_told(
    command: Start, port: int, number: signal.Signals
) -> None:
    running = await command("demo", f"--web.listen-address=127.0.0.1:{port}")
    loop = asyncio.get_running_loop()
    began = loop.time()
    page = await until_served(f"http://127.0.0.1:{port}/metrics")
    for path in ("/ ", "/metrics ", "/control/world "):
        assert path in await running.line(path, stream="stdout")
    assert loop.time() - began < 5
    assert "home_exporter_build_info{" in page
    page = await get(f"http://127.0.0.1:{port}/metrics")
    assert 'home_up{vendor="homely"' in page
    assert 'home_up{vendor="wally"' in page
    done = await running.stop(number)
    assert done.code == 0
    assert done.seconds < STOP_WITHIN
    assert "Traceback" not in done.err


async def test_the_demo_names_addresses_that_answer(command: Start, port: int) -> None:
    running = await command("demo", f"--web.listen-address=127.0.0.1:{port}")
    for path in ("/ ", "/metrics ", "/control/world "):
        line = await running.line(path, stream="stdout")
        assert await get(line.split()[0])


async def test_the_demo_plays_its_scenario_once_and_not_before_its_introduction(
    command: Start, port: int
) -> None:
    flags = ["--scenario=calm", f"--web.listen-address=127.0.0.1:{port}"]
    running = await command("demo", *flags)
    sentence = SCENARIOS["calm"].steps[0].sentence
    introduced = await running.line(sentence, stream="stdout")
    assert re.fullmatch(rf" +0 s  {re.escape(sentence)}\n", introduced)
    await running.line("Ctrl-C", stream="stdout")
    told = await running.line(sentence, stream="stdout")
    assert re.match(r"\d\d:\d\d:\d\d  ", told)
    assert sentence not in (await running.stop(signal.SIGTERM)).out


async def test_the_demo_leaves_nothing_behind(command: Start, port: int, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = await command("demo", f"--web.listen-address=127.0.0.1:{port}", TMPDIR=str(scratch))
    await running.line("Ctrl-C", stream="stdout")
    assert len(list(scratch.iterdir())) == 1
    assert (await running.stop(signal.SIGINT)).code == 0
    assert list(scratch.iterdir()) == []
