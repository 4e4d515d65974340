"""`home-exporter check`: what is wrong, what the clouds would give, and how it ends."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import trustme
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Fault, Simulator, demo_world
from tests.cli.command import Finished, config_for, free_port, until_served
from tests.cli.conftest import Run
from tests.cli.conftest import Start as StartCommand
from tests.support.waiting import eventually

WIDTH = 100


@pytest.fixture
def config(sim: Simulator, tmp_path: Path) -> Path:
    """Write a configuration for both clouds; as root the command makes no folder for its state."""
    (tmp_path / "state").mkdir(mode=0o700)
    path = config_for(sim, tmp_path)
    path.chmod(0o600)
    return path


def change(config: Path, vendor: str, **keys: Any) -> None:
    """Set keys of the vendor's first account; None takes a key away."""
    document = yaml.safe_load(config.read_text())
    account = document[vendor][0]
    account.update(keys)
    for key in [key for key, value in keys.items() if value is None]:
        del account[key]
    config.write_text(yaml.safe_dump(document))


async def look(run: Run, *flags: str) -> dict[str, Any]:
    """Check online as JSON and return it."""
    done = await run("check", "--online", "--format=json", *flags)
    document: dict[str, Any] = json.loads(done.out)
    assert document["exit_code"] == done.code
    return document


def account(document: dict[str, Any], vendor: str) -> dict[str, Any]:
    (found,) = [one for one in document["accounts"] if one["vendor"] == vendor]
    return dict(found)


# --- offline


async def test_a_right_configuration_is_called_so_without_a_call(
    run: Run, sim: Simulator, config: Path
) -> None:
    done = await run("check")
    assert (done.code, done.err) == (0, "")
    assert "exporter.yml: 2 accounts, no faults" in done.out
    assert f"homely-1 (homely, {sim.homely_url})  password\n" in done.out
    assert sim.calls == []
    assert not list((config.parent / "state").iterdir())
    done = await run("check", "--format=json")
    assert [one["secrets"] for one in json.loads(done.out)["accounts"]] == [["password"], ["token"]]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"token_file": "no-such-file"}, "token_file: expected a readable file"),
        ({"token_file": "empty"}, "token_file: expected a value, found it empty"),
        ({"token_file": "folder"}, "token_file: expected a file"),
        ({"token_env": "UNSET"}, "token_env: expected the name of an environment variable"),
        ({"token_file": "blanks"}, "token_file: expected a token"),
    ],
)
async def test_a_secret_that_cannot_be_had_is_told_with_its_account(
    run: Run, config: Path, keys: dict[str, str], said: str
) -> None:
    (config.parent / "empty").write_text("\n")
    (config.parent / "blanks").write_text("two words\n")
    (config.parent / "folder").mkdir()
    change(config, "wally", token=None, **keys)
    done = await run("check")
    assert (done.code, done.out) == (2, "")
    assert f"exporter.yml: wally[0].{said}" in done.err
    assert (await run("check", "--online")).code == 2


async def test_a_callback_secret_that_is_too_short_is_a_fault(run: Run, config: Path) -> None:
    change(config, "wally", callback_secret="short")
    done = await run("check")
    assert done.code == 2
    assert "wally[0].callback_secret: expected 16 characters or more" in done.err
    assert "short" not in done.err.replace("too short", "")


async def test_the_faults_of_the_web_configuration_are_told_beside_the_others(
    run: Run, config: Path, tmp_path: Path
) -> None:
    web = tmp_path / "web.yml"
    web.write_text("basic_auth_users:\n  me: not-a-hash\n")
    change(config, "wally", poll_interval="soon")
    done = await run("check", f"--web.config.file={web}")
    assert done.code == 2
    assert "wally[0].poll_interval: expected" in done.err
    assert f"{web}: basic_auth_users.me: expected a bcrypt hash" in done.err
    assert "not-a-hash" not in done.err


@pytest.mark.usefixtures("config")
async def test_a_right_web_configuration_is_told(run: Run, tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    hashed = bcrypt.hashpw(b"password", bcrypt.gensalt(4)).decode()
    web.write_text(f"basic_auth_users:\n  me: {hashed}\n")
    done = await run("check", f"--web.config.file={web}")
    assert done.code == 0
    assert f"{web}: no TLS, users: 1, no faults" in done.out
    assert f"hint: {web}: without tls_server_config passwords travel in clear" in done.err
    assert hashed not in done.out + done.err
    for online in ((), ("--online",)):
        done = await run("check", "--format=json", f"--web.config.file={web}", *online)
        assert json.loads(done.out)["web"] == {"tls": False, "users": 1}
    assert json.loads((await run("check", "--format=json")).out)["web"] is None


@pytest.mark.usefixtures("config")
async def test_a_web_configuration_that_protects_little_is_worth_a_hint(
    run: Run, tmp_path: Path
) -> None:
    web = tmp_path / "web.yml"
    web.write_text("basic_auth_users: {}\n")
    done = await run("check", f"--web.config.file={web}")
    assert done.code == 0
    assert f"hint: {web}: protects nothing: basic_auth_users and tls_server_config do" in done.err
    certificate = trustme.CA().issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    key = tmp_path / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    web.write_text("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
    key.chmod(0o644)
    done = await run("check", f"--web.config.file={web}")
    assert f"hint: {key}: every user of the machine can read it: chmod 600 {key}" in done.err
    key.chmod(0o600)
    assert (await run("check", f"--web.config.file={web}")).err == ""


async def test_so_is_an_account_in_a_file_of_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text("accounts_dir: accounts\n")
    folder = tmp_path / "accounts"
    folder.mkdir()
    for name, secret in (("a", "token: t"), ("b", "token_file: token"), ("token", "")):
        path = folder / (name if name == "token" else f"{name}.yml")
        path.write_text(f"vendor: wally\n{secret}\n" if secret else "t")
        path.chmod(0o644)
    done = await run("check")
    assert done.code == 0
    assert done.lines == [
        f"hint: {name}: {holds}every user of the machine can read it: chmod 600 {name}"
        for name, holds in (("accounts/a.yml", "holds a secret and "), ("accounts/token", ""))
    ]
    assert "  a (wally, https://api.snsr.net)  token\n" in done.out


async def test_of_many_such_files_one_stands_for_all(run: Run, tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text("accounts_dir: accounts\n")
    folder = tmp_path / "accounts"
    folder.mkdir()
    for number in range(6):
        (folder / f"a{number}.yml").write_text(f"vendor: wally\ntoken: t{number}\n")
        (folder / f"a{number}.yml").chmod(0o644)
    done = await run("check")
    (hint,) = done.lines
    assert hint.startswith("hint: accounts: 6 files, a0.yml for one: holds a secret and every user")


async def test_a_secret_that_everybody_can_read_is_worth_a_hint(run: Run, config: Path) -> None:
    secret = config.parent / "token"
    secret.write_text("a-token")
    change(config, "wally", token=None, token_file="token")
    secret.chmod(0o644)
    config.chmod(0o644)
    done = await run("check")
    assert done.code == 0
    assert done.lines == [
        f"hint: {name}: {holds}every user of the machine can read it: chmod 600 {name}"
        for name, holds in (("exporter.yml", "holds a secret and "), ("token", ""))
    ]
    secret.chmod(0o600)
    config.chmod(0o640)
    assert (await run("check")).err == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
async def test_a_state_folder_of_somebody_else_is_worth_a_hint_and_left_alone(
    run: Run, sim: Simulator, config: Path
) -> None:
    folder = config.parent / "state"
    os.chown(folder, 12345, 12345)
    assert "state: is user 12345's, and this runs as root" in (await run("check")).err
    document = await look(run)
    assert document["exit_code"] == 0
    assert not document["recorded"]
    assert not list(folder.iterdir())
    folder.rmdir()
    assert not (await look(run))["recorded"]
    assert not folder.exists(), "what root makes, the exporter's user could not use"
    assert sim.calls


# --- online


async def test_it_lists_every_device_with_what_it_would_give(
    run: Run, sim: Simulator, config: Path
) -> None:
    done = await run("check", "--online")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= WIDTH
    home, place = sim.world.homes[0], sim.world.places[0]
    for thing in (home.location_id, home.name, place.place_id, place.label):
        assert thing in done.out
    for device_id in [one.device_id for one in home.devices] + [
        one.device_id for one in place.sensors
    ]:
        assert device_id in done.out
    for words in ("Under the sink, Kitchen (", "home_leak_detected  ", 'model="Flood Alarm"'):
        assert words in done.out
    assert 'home_alarm_state{home_alarm_state="DISARMED"}' in done.out
    assert "1 location, 3 calls made: 1 token, 1 locations, 1 home" in done.out
    assert "1 location, 2 calls made: 1 places, 1 sensors" in done.out
    assert "5 calls to the clouds." in done.out
    assert len(sim.calls) == 5, "no socket either"
    for secret in (*sim.secrets(), sim.homely_logins[0][0]):
        assert secret not in done.out + done.err
    assert str(config) not in done.out


@pytest.mark.usefixtures("config")
async def test_as_json_it_says_the_same(run: Run, sim: Simulator) -> None:
    document = await look(run)
    home = account(document, "homely")
    assert (home["result"], home["calls"]) == ("ok", {"token": 1, "locations": 1, "home": 1})
    (location,) = home["locations"]
    assert location["id"] == sim.world.homes[0].location_id
    names = {one["name"] for device in location["devices"] for one in device["metrics"]}
    assert {"home_leak_detected", "home_power_watts", "home_temperature_celsius"} <= names
    assert document["unmapped"] == {"homely": [], "wally": []}


async def test_a_state_that_nobody_knows_is_told(run: Run, sim: Simulator, config: Path) -> None:
    home = sim.world.homes[0]
    now = sim.now()
    sim.world.set_state(home, home.devices[0], "aroma", "intensity", 3, now=now)
    sim.world.set_state(home, home.devices[0], "battery", "voltage", "much", now=now)
    done = await run("check", f"--config.file={config}", "--online")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "homely states without a metric of their own: aroma.intensity." in said
    assert "values that were not believed, by reason: 1 type" in said
    assert "home-exporter dump --redact" in said


async def test_a_refused_login_is_told_with_what_to_do(
    run: Run, sim: Simulator, config: Path
) -> None:
    change(config, "homely", password="wrong-password")
    done = await run("check", "--online")
    assert done.code == 5, "the other account is well"
    said = " ".join(done.out.split())
    assert "refused (HTTP 401): check username and password in exporter.yml" in said
    assert "wrong-password" not in done.out + done.err
    document = yaml.safe_load(config.read_text())
    del document["wally"]
    config.write_text(yaml.safe_dump(document))
    assert (await run("check", "--online")).code == 3
    change(config, "homely", password=sim.homely_logins[0][1])
    assert (await run("check", "--online")).code == 0, "what was put right is tried at once"


@pytest.mark.usefixtures("config")
async def test_clouds_that_cannot_be_reached_end_with_4(run: Run, sim: Simulator) -> None:
    await sim.shut("homely")
    done = await run("check", "--online")
    assert done.code == 5
    assert "failed (connection): is the internet reachable from here?" in done.out
    await sim.shut("wally")
    assert (await run("check", "--online")).code == 4


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind="status", endpoint="places", status=502), "the cloud itself is in trouble"),
        (Fault(kind="html_200", endpoint="places"), "what answers is not the API of the cloud"),
        (Fault(kind="redirect", endpoint="places"), "what answers is not the API of the cloud"),
        (Fault(kind="status", endpoint="places", status=401), "copy the token anew"),
        (Fault(kind="status", endpoint="sensors", status=403), "owner or admin"),
    ],
    ids=lambda value: f"{value.kind} {value.status}" if isinstance(value, Fault) else "",
)
@pytest.mark.usefixtures("config")
async def test_each_failure_says_what_to_do_next(
    run: Run, sim: Simulator, fault: Fault, words: str
) -> None:
    await sim.inject(fault)
    done = await run("check", "--online")
    assert done.code == 5
    assert words in " ".join(done.out.split())


async def test_one_home_that_fails_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    simulator = Simulator(clock=SystemClock(), world=demo_world())
    await simulator.start()
    try:
        config_for(simulator, tmp_path)
        broken = simulator.world.homes[0].location_id
        await simulator.inject(Fault(kind="status", location_id=broken, status=500))
        document = await look(run)
        results = {one["account"]: one["result"] for one in document["accounts"]}
        assert results == {"homely-1": "partly", "homely-2": "ok", "wally-1": "ok"}
        assert document["exit_code"] == 5
        assert document["unmapped"]["homely"][0] == "sauna.heat"
    finally:
        await simulator.stop()


async def test_an_account_without_locations_is_not_called_well(
    run: Run, sim: Simulator, config: Path
) -> None:
    change(config, "homely", locations={"include": ["elsewhere"]})
    document = await look(run)
    assert account(document, "homely")["result"] == "no locations"
    assert document["exit_code"] == 5
    assert sim.call_log.count("home") == 0


async def test_a_home_of_two_accounts_is_read_through_the_first(
    run: Run, sim: Simulator, config: Path
) -> None:
    document = yaml.safe_load(config.read_text())
    document["wally"].append({**document["wally"][0], "name": "again"})
    config.write_text(yaml.safe_dump(document))
    done = await run("check", "--online")
    assert done.code == 0
    assert "read through the account wally-1" in done.out
    assert sim.call_log.count("sensors") == 1


# --- care


@pytest.mark.usefixtures("config")
async def test_inside_a_penalty_no_call_is_made_and_its_end_is_told(
    run: Run, sim: Simulator
) -> None:
    await sim.inject(Fault(kind="status", status=429, retry_after=60, vendor="wally", times=1))
    done = await run("check", "--online")
    assert "run this again after 20" in " ".join(done.out.split())
    asked = sim.call_log.count("places")
    done = await run("check", "--online")
    assert sim.call_log.count("places") == asked == 1
    said = " ".join(done.out.split())
    assert "no call is made: the cloud asked for silence" in said
    assert "run this again after 20" in said


async def test_the_budget_is_one_for_all_runs(run: Run, sim: Simulator, config: Path) -> None:
    change(config, "homely", poll_interval="1h", poll_interval_disconnected="1h")
    change(config, "homely", stale_after="3h")
    results = [account(await look(run), "homely")["result"] for _ in range(6)]
    assert results[:3] == ["ok"] * 3
    assert "on hold" in results
    calls = [call for call in sim.calls if call.vendor == "homely"]
    assert len(calls) <= 13, "ten, and two for the home that was found"


async def test_an_exporter_that_starts_next_asks_nothing_again(
    run: Run, command: StartCommand, sim: Simulator, config: Path
) -> None:
    assert (await look(run))["recorded"]
    sim.call_log.reset()
    port = free_port()
    running = await command(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    page = await until_served(f"http://127.0.0.1:{port}/metrics")
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    assert "home_leak_detected{" in page
    await running.line("stream connected")
    await running.stop(signal.SIGTERM)
    names = ("locations", "home", "places", "sensors")
    assert [sim.call_log.count(name) for name in names] == [0, 0, 0, 0]


async def test_beside_an_exporter_it_reads_the_record_and_leaves_it_alone(
    run: Run, command: StartCommand, config: Path
) -> None:
    change(config, "wally", poll_interval="1h", stale_after="3h")
    port = free_port()
    running = await command(f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}")
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    # With the socket up nothing is due for minutes, so the exporter itself writes nothing.
    await running.line("stream connected")
    folder = config.parent / "state" / "calls"
    record = {path: path.read_bytes() for path in folder.iterdir()}
    document = await look(run)
    assert document["exit_code"] == 0
    assert not document["recorded"]
    done = await run("check", "--online")
    assert {path: path.read_bytes() for path in folder.iterdir()} == record
    assert "Not on record: state_dir is another process's or user's, or yet to be made" in done.out
    await running.stop(signal.SIGTERM)
    assert (await look(run))["recorded"]


@pytest.mark.usefixtures("config")
async def test_it_can_be_interrupted(command: StartCommand, sim: Simulator) -> None:
    await sim.inject(Fault(kind="hang_before"))
    running = await command("check", "--online")
    await eventually(lambda: len(sim.calls) > 0)
    began = time.monotonic()
    done: Finished = await running.stop(signal.SIGINT)
    assert done.code == 130
    assert time.monotonic() - began < 10
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("config")
async def test_who_reads_only_the_beginning_is_no_fault(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"{sys.executable} -m exporter check --online | head -1"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert out.startswith(b"homely-1 (homely, ")
    assert err == b""
