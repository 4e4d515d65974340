"""State that is damaged, foreign or unwritable costs a warning, a count, and nothing else."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Start
from tests.contract.clouds import next_call
from tests.support.running import Page, Running

ERRORS = "home_exporter_state_file_errors_total"


def edited(**changes: Any) -> Callable[[bytes], bytes]:
    """Return what changes some keys of a document."""
    return lambda text: json.dumps({**json.loads(text), **changes}).encode()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "truncated": lambda text: text[: len(text) // 2],
    "not text": lambda _: b"\xff\x00\xfe" * 100,
    "not an object": lambda _: b"[1, 2]",
    "nested without end": lambda _: b"[" * 100_000,
    "of another version": edited(version=2),
    "of another program": lambda _: b'{"name": "something else"}',
    "a time that is text": edited(written_at="yesterday"),
    "a time that is no number": lambda text: text.replace(
        b'"written_at":', b'"written_at":NaN,"x":'
    ),
    "from the future": edited(written_at=4e9),
}


def documents(folder: Path, kind: str) -> list[Path]:
    return sorted((folder / "state" / kind).glob("*.json"))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "exporter.state"]


@pytest.mark.parametrize("name", DAMAGES)
async def test_a_damaged_snapshot_costs_that_snapshot(
    running: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await running.end()
    (path,) = (one for one in documents(tmp_path, "locations") if b'"wally"' in one.read_bytes())
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    await running.restart()
    page = await running.scrape()
    assert page.one(ERRORS) == 1
    assert warnings(caplog) == ["a state file is of no use: going on without it"]
    assert page.has("home_temperature_celsius", vendor="homely")
    assert not page.has("home_temperature_celsius", vendor="wally")
    await running.pass_time(61)
    await running.pass_time(61)
    await running.until(lambda page: page.one("home_up", vendor="wally") == 1)


@pytest.mark.parametrize("name", [name for name in DAMAGES if name != "from the future"])
async def test_a_damaged_record_costs_that_record(
    running: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    await running.end()
    for path in documents(tmp_path, "calls"):
        path.write_bytes(DAMAGES[name](path.read_bytes()))
    await running.restart()
    page = await running.scrape()
    assert page.one(ERRORS) == 2
    assert len(warnings(caplog)) == 1
    assert len(page.all("home_temperature_celsius")) > 2
    await running.ready()


async def test_a_record_from_the_future_lets_no_time_have_passed(
    running: Running, tmp_path: Path
) -> None:
    """A clock that was set back says nothing of how long ago the last call was."""
    await running.end()
    running.clock.jump_wall(-86400)
    asked = {name: running.sim.call_log.count(name) for name in ("home", "sensors")}
    await running.restart()
    page = await running.scrape()
    assert page.one(ERRORS) == 2, "the snapshots of tomorrow"
    assert not page.has("home_temperature_celsius")
    assert {name: running.sim.call_log.count(name) for name in asked} == asked
    await running.pass_time(61)
    await running.pass_time(61)
    await running.until(lambda page: sum(page.all("home_up")) == 2)
    assert documents(tmp_path, "calls")


async def test_what_is_no_state_file_is_left_alone(running: Running, tmp_path: Path) -> None:
    await running.end()
    folder = tmp_path / "state" / "locations"
    (folder / "folder.json").mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "half.new").write_text("{")
    await running.restart()
    assert (await running.scrape()).one(ERRORS) == 1, "the folder cannot be read"
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("place", ["a file", "/proc/home-exporter"])
async def test_a_folder_that_cannot_be_written_is_survived(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    if place == "a file":
        (tmp_path / "state").write_text("not a folder")
    else:
        (tmp_path / "state").symlink_to(place)
    running = await start()
    page = await running.ready()
    assert page.one(ERRORS) > 4
    assert len(page.all("home_temperature_celsius")) > 2
    assert warnings(caplog) == [
        "state files cannot be written: a restart will have to ask the clouds again"
    ]
    (tmp_path / "state").unlink()
    await running.pass_time(400)
    await running.wait(lambda: len(documents(tmp_path, "locations")) == 2)


async def test_a_disk_that_hangs_does_not_hold_up_the_calls(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.state.files._WRITE_LIMIT", 0.1)
    (record,) = (
        one for one in documents(tmp_path, "calls") if b'"account":"homely' in one.read_bytes()
    )
    # To open it for writing waits for a reader, as a dead network disk waits for its server.
    pipe = record.with_suffix(".new")
    os.mkfifo(pipe)
    try:
        for _ in range(3):
            await next_call(running, "home", 1400)
        assert (await running.scrape()).one(ERRORS) > 2
    finally:
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))


async def test_a_write_that_was_cut_leaves_what_was_there(running: Running, tmp_path: Path) -> None:
    """SIGKILL while writing: what was written beside is no state, and no obstacle."""
    await running.end()
    for path in [*documents(tmp_path, "calls"), *documents(tmp_path, "locations")]:
        text = path.read_bytes()
        path.with_suffix(".new").write_bytes(text[: len(text) // 2])
    await running.restart()
    page: Page = await running.scrape()
    assert page.one(ERRORS) == 0
    assert len(page.all("home_temperature_celsius")) > 2
    await running.pass_time(1320)
    assert (await running.scrape()).one(ERRORS) == 0
