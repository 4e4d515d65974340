"""`home-exporter dump --redact`, and the simulator that answers as a dump says."""

import json
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.commands import dump
from exporter.errors import StartError
from exporter.simulator import Fault, Recorded, Simulator, demo_world
from exporter.simulator.__main__ import main as simulate
from tests.cli.command import config_for, free_port, until_served
from tests.cli.conftest import Run
from tests.cli.conftest import Start as StartCommand
from tests.support.manual_clock import ManualClock
from tests.support.running import CALLBACK_SECRET, Page, Running
from tests.support.running import config_for as accounts_of
from tests.support.running import run as run_both
from tests.support.waiting import eventually

#: What a redaction changes: who and where. All other labels stay as they are.
STAND_INS = {"location_id", "location", "room", "device", "device_id", "gateway_serial", "parent"}
STAND_INS |= {"serial", "appliance", "floor"}
#: When we asked is no part of what was answered.
OURS = ("home_exporter_", "home_location_updated_timestamp_seconds", "process_", "python_")


@pytest.fixture
async def still() -> AsyncIterator[Simulator]:
    """Return the demo's world at a moment long ago, in which nothing moves."""
    simulator = Simulator(clock=ManualClock(), world=demo_world())
    await simulator.start()
    simulator.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    yield simulator
    await simulator.stop()


async def dumped(run: Run, sim: Simulator, folder: Path, code: int = 0) -> dict[str, Any]:
    """Run the command against a simulator and return the dump."""
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    config_for(sim, folder)
    done = await run("dump", "--redact", "--output=dump.json")
    assert (done.code, done.out) == (code, ""), done.err
    assert "written to dump.json; look through it before you pass it on" in done.err
    document: dict[str, Any] = json.loads((folder / "dump.json").read_text())
    return document


def homes(page: Page) -> dict[str, Counter[object]]:
    """Return what is said of each device and location, without what a redaction changes."""
    found: dict[str, Counter[object]] = {}
    for (name, labels), value in page.samples.items():
        pairs = dict(labels)
        if not name.startswith(OURS):
            owner = pairs.get("device_id") or pairs["location_id"]
            kept = tuple(pair for pair in labels if pair[0] not in STAND_INS)
            found.setdefault(owner, Counter())[name, kept, value] += 1
    return found


def alike(page: Page) -> Counter[object]:
    """Return the devices and locations as a bag, whatever they are called."""
    return Counter(frozenset(samples.items()) for samples in homes(page).values())


async def scraped(running: Running) -> Page:
    await running.wait(running.app.is_ready)
    return await running.scrape()


async def test_a_dump_served_again_gives_the_same_metrics(
    run: Run, still: Simulator, tmp_path: Path
) -> None:
    await dumped(run, still, tmp_path)
    for place in ("before", "after"):
        (tmp_path / place).mkdir()
    first = Running(still, accounts_of(still, tmp_path / "before"), ManualClock())
    await first.app.start("127.0.0.1:0")
    before = await scraped(first)
    await first.end()
    await first.http.close()

    # A year later, somewhere else.
    clock = ManualClock(wall=still.now() + 365 * 86400)
    recorded = await Recorded.read(tmp_path / "dump.json").simulator(clock)
    second = await run_both(tmp_path / "after", clock, recorded)
    try:
        after = await scraped(second)
        assert sum(map(len, homes(before).values())) > 300
        assert alike(after) == alike(before)
        assert not homes(before).keys() & homes(after).keys()
        for name in ("unmapped_states", "rejected_values_total", "locations_owned"):
            own = f"home_exporter_{name}"
            assert after.series(own) == before.series(own)
        await second.ready()
    finally:
        await second.stop()


async def test_it_has_every_answer_in_order_and_nobody_in_it(
    run: Run, still: Simulator, tmp_path: Path
) -> None:
    document = await dumped(run, still, tmp_path)
    assert document["format"] == "home-exporter-dump/1"
    assert [one["account"] for one in document["accounts"]] == ["homely-1", "homely-2", "wally-1"]
    asked = [(one["method"], one["path"]) for one in document["accounts"][0]["exchanges"]]
    assert asked == [
        ("POST", "/homely/oauth/token"),
        ("GET", "/homely/locations"),
        ("GET", "/homely/home/{id}"),
        ("GET", "/homely/home/{id}"),
    ]
    listing, home = document["accounts"][0]["exchanges"][1:3]
    assert listing["status"] == 200
    assert set(listing["headers"]) == {"Content-Type", "Date"}
    assert home["ids"] == [listing["body"][0]["locationId"]] == [home["body"]["locationId"]]
    text = (tmp_path / "dump.json").read_text()
    world = still.world
    people = [name for pair in still.homely_logins for name in pair]
    people += [home.location_id for home in world.homes] + [
        place.place_id for place in world.places
    ]
    people += [home.gateway_serial for home in world.homes]
    people += [device.device_id for home in world.homes for device in home.devices]
    people += [device.name for home in world.homes for device in home.devices if " " in device.name]
    people += [place.label for place in world.places] + ["Solbakken", "Fjellveien", "127.0.0.1"]
    models = {device.model for home in world.homes for device in home.devices}
    for secret in {*still.secrets(), *people} - models:
        assert secret not in text
    assert (tmp_path / "dump.json").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "dump.json.new").exists()


async def test_a_secret_is_replaced_where_a_word_of_the_vendor_may_stand(
    run: Run, still: Simulator, tmp_path: Path
) -> None:
    login = still.world.logins[0]
    login.password = "Sommerhus Vest"
    login.homes[0].devices[0].header["modelName"] = "Sommerhus Vest"
    login.homes[0].devices[1].header["modelName"] = "Nordlys Sensor"
    await dumped(run, still, tmp_path)
    text = (tmp_path / "dump.json").read_text()
    assert "Sommerhus Vest" not in text
    assert "Nordlys Sensor" in text


def test_a_text_with_a_secret_in_it_is_not_written(sim: Simulator, tmp_path: Path) -> None:
    quoted = 'my "best" password'
    accounts = accounts_of(sim, tmp_path, homely={"password": quoted})
    for secret in (quoted, sim.wally_tokens[0], CALLBACK_SECRET):
        with pytest.raises(StartError, match="so it is not written"):
            dump._refuse_secrets(json.dumps({"a": f"before {secret} behind"}), accounts)
    dump._refuse_secrets("{}", accounts)


async def test_what_the_owner_calls_an_account_is_not_told(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    path = config_for(sim, tmp_path)
    document = yaml.safe_load(path.read_text())
    document["homely"][0]["name"] = "kari-nordmann"
    path.write_text(yaml.safe_dump(document))
    done = await run("dump", "--redact")
    assert done.code == 0
    assert [one["account"] for one in json.loads(done.out)["accounts"]] == ["homely-1", "wally-1"]
    assert "kari" not in done.out


async def test_of_an_address_and_of_headers_only_what_is_the_vendors_is_kept(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    path = config_for(sim, tmp_path)
    document = yaml.safe_load(path.read_text())
    document["wally"][0]["base_url"] += "/solveig/behind-a-proxy"
    path.write_text(yaml.safe_dump(document))
    words = "when Solveig is back"
    await sim.inject(Fault(kind="status", status=429, vendor="homely", retry_after_header=words))
    done = await run("dump", "--redact")
    asked = [one["exchanges"][0] for one in json.loads(done.out)["accounts"]]
    assert [one["path"] for one in asked] == ["/homely/oauth/token", "/v2/places"]
    assert asked[1]["ids"] == []
    assert set(asked[0]["headers"]) == {"Content-Type", "Date"}
    assert "olveig" not in done.out


async def test_one_that_is_interrupted_leaves_nothing_behind(
    command: StartCommand, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    await sim.inject(Fault(kind="hang_before"))
    running = await command("dump", "--redact", "--output=dump.json")
    await eventually(lambda: len(sim.calls) > 0)
    assert (tmp_path / "dump.json.new").exists()
    done = await running.stop(signal.SIGINT)
    assert done.code == 130
    assert not list(tmp_path.glob("dump.json*"))


async def test_without_an_output_it_is_written_to_standard_output(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    done = await run("dump", "--redact")
    assert done.code == 0
    assert json.loads(done.out)["format"] == "home-exporter-dump/1"
    assert "homely-1 (homely): 3 calls" in done.err


async def test_without_redaction_there_is_none(run: Run, sim: Simulator, tmp_path: Path) -> None:
    config_for(sim, tmp_path)
    done = await run("dump", "--output=dump.json")
    assert (done.code, done.out) == (2, "")
    assert "what the clouds answer is about people: say --redact" in done.err
    assert sim.calls == []
    assert not (tmp_path / "dump.json").exists()


async def test_a_file_that_cannot_be_written_costs_no_calls(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    (tmp_path / "folder").mkdir()
    for output in ("missing/dump.json", "folder"):
        done = await run("dump", "--redact", f"--output={output}")
        assert done.code == 1
        assert "home-exporter: cannot write " in done.err
        assert "--output names another" in done.err
    assert sim.calls == []


async def test_a_cloud_in_trouble_is_dumped_and_served_as_it_was(
    run: Run, still: Simulator, tmp_path: Path
) -> None:
    villa, boathouse = still.world.homes[1], still.world.homes[2]
    faults = [
        Fault(kind="status", location_id=villa.location_id, status=502, html=True),
        Fault(kind="html_200", location_id=boathouse.location_id),
        Fault(kind="status", endpoint="sensors", status=429, retry_after=7, vendor="wally"),
    ]
    for fault in faults:
        await still.inject(fault)
    document = await dumped(run, still, tmp_path, code=5)
    answers = [one for account in document["accounts"] for one in account["exchanges"]]
    unreadable = [one["unreadable"]["kind"] for one in answers if "unreadable" in one]
    assert unreadable == ["html", "html"]
    assert "Simulated fault" not in (tmp_path / "dump.json").read_text()

    clock = ManualClock()
    recorded = await Recorded.read(tmp_path / "dump.json").simulator(clock)
    (tmp_path / "after").mkdir()
    running = await run_both(tmp_path / "after", clock, recorded)
    try:
        page = await scraped(running)
        outcomes = {
            (dict(labels)["endpoint"], dict(labels)["outcome"])
            for labels in page.series("home_exporter_requests_total")
        }
        assert {
            ("home", "success"),
            ("home", "server_error"),
            ("home", "unusable_body"),
            ("sensors", "rate_limited"),
        } <= outcomes
    finally:
        await running.stop()


async def test_a_cloud_that_cannot_be_reached_is_told_in_the_dump(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    await sim.shut("wally")
    document = await dumped(run, sim, tmp_path, code=5)
    (answer,) = document["accounts"][1]["exchanges"]
    assert answer == {"method": "GET", "path": "/v2/places", "ids": [], "outcome": "connection"}
    recorded = Recorded.read(tmp_path / "dump.json")
    assert [fault.kind for fault in recorded.faults] == ["disconnect"]


async def test_the_demo_shows_a_dump(
    run: Run, command: StartCommand, still: Simulator, tmp_path: Path
) -> None:
    await dumped(run, still, tmp_path)
    port = free_port()
    running = await command("demo", "--dump=dump.json", f"--web.listen-address=127.0.0.1:{port}")
    page = Page(await until_served(f"http://127.0.0.1:{port}/metrics"))
    await running.line("Ctrl-C", stream="stdout")
    page = Page(await until_served(f"http://127.0.0.1:{port}/metrics"))
    assert len(page.all("home_up")) == 5
    assert all(page.all("home_up"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "expected JSON"),
        ("[]", "expected a document of the format"),
        ('{"format": "home-exporter-dump/1"}', "expected a whole dump, this one lacks 'accounts'"),
        ('{"format": "home-exporter-dump/2"}', "expected a document of the format"),
        (
            '{"format": "home-exporter-dump/1", "taken": "2026-01-01T00:00:00Z", "accounts": [7]}',
            "expected a whole dump",
        ),
    ],
)
def test_what_is_no_dump_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    path = tmp_path / "dump.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="expected"):
        Recorded.read(path)
    assert simulate(["--dump", str(path)]) == 2
    assert said in capsys.readouterr().err


async def test_the_demo_refuses_what_is_no_dump(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dump.json").write_text("")
    done = await run("demo", "--dump=dump.json")
    said = "--dump: dump.json: expected JSON, as home-exporter dump writes it"
    assert (done.code, done.lines) == (2, [said])


async def test_a_dump_that_is_not_there_is_told(run: Run) -> None:
    done = await run("demo", "--dump=missing.json")
    assert done.code == 2
    assert "--dump: missing.json: No such file or directory" in done.err
    done = await run("demo", "--dump=missing.json", "--scenario=leak")
    assert done.code == 2
    assert "--scenario: expected none with --dump" in done.err
