"""A configuration is taken whole or not at all, and how that went is told."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from exporter.app import App
from tests.reload.house import SUCCESS_AT, SUCCESSFUL, House, readings

SECRET = "a-password-that-nobody-may-see"
FAULTS: dict[str, tuple[str, str]] = {
    "no YAML": ("homely: [\n", "expected valid YAML"),
    "another shape": ("- homely\n", "expected"),
    "no account": ("homely: []\nwally: []\n", "expected an account"),
    "unknown key": (
        f"homely: [{{username: a, password: {SECRET}, pol_interval: 5m}}]\n",
        "homely[0].pol_interval: unknown key, did you mean poll_interval?",
    ),
    "unreadable secret": (
        "wally: [{token_file: /nowhere/token}]\n",
        "wally[0].token_file: expected a readable file",
    ),
    "half of it is right": (
        f"homely: [{{username: a, password: {SECRET}}}]\nwally: [{{token: ''}}]\n",
        "wally[0].token: expected",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_bad_file_keeps_everything_and_is_told(
    house: House, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    running = house.running
    before, sids, asked = await running.scrape(), house.sids(), len(running.sim.calls)
    running.clock.advance(10)
    good = house.path.read_text()
    text, words = FAULTS[fault]
    house.path.write_text(text)
    status, answer = await house.ask()
    assert status == 500
    assert words in answer
    assert answer.startswith(f"failed to reload config: {house.path}")
    page = await running.scrape()
    assert page.one(SUCCESSFUL) == 0
    assert page.one(SUCCESS_AT) == before.one(SUCCESS_AT)
    assert readings(page) == readings(before)
    assert house.sids() == sids
    assert len(running.sim.calls) == asked
    told = [one for one in caplog.records if "configuration is not taken" in one.getMessage()]
    assert words in str(vars(told[0])["fields"]["fault"])
    assert SECRET not in answer
    assert SECRET not in "".join(str(vars(one)) for one in caplog.records)
    house.path.write_text(good)
    page = await house.reload()
    assert page.one(SUCCESSFUL) == 1
    assert page.one(SUCCESS_AT) == running.clock.wall()
    assert house.sids() == sids


async def test_a_file_that_is_gone_is_a_bad_file(house: House) -> None:
    house.path.unlink()
    status, answer = await house.ask()
    assert status == 500
    assert "expected a readable file" in answer
    assert (await house.running.scrape()).one(SUCCESSFUL) == 0


async def test_all_faults_are_told_at_once(house: House) -> None:
    document = house.document
    document["homely"][0]["poll_interval"] = "soon"
    document["wally"][0]["color"] = "green"
    house.write(document)
    status, answer = await house.ask()
    assert status == 500
    assert len(answer.splitlines()) == 2


async def test_what_is_wrong_with_the_disk_does_not_hold_up_the_homes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file on a disk that hangs: the reload gives up, and the exporter goes on meanwhile."""
    monkeypatch.setattr("exporter.reload._READ_LIMIT", 0.1)
    good = house.path.read_text()
    house.path.unlink()
    os.mkfifo(house.path)
    writer = os.open(house.path, os.O_RDWR)
    status, answer = await house.ask()
    assert status == 500
    assert "expected files that can be read" in answer
    assert (await house.running.scrape()).one(SUCCESSFUL) == 0
    os.close(writer)  # lets the reader go
    house.path.unlink()
    house.path.write_text(good)
    monkeypatch.undo()
    assert (await house.reload()).one(SUCCESSFUL) == 1


async def test_a_bug_in_loading_is_no_end(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Any:
        raise KeyError(SECRET)

    monkeypatch.setattr(house.running.app.reloader, "_load", fail)
    assert await house.ask() == (
        500,
        "failed to reload config: the exporter failed; its log says where\n",
    )
    assert (await house.running.scrape()).one(SUCCESSFUL) == 0
    assert "a configuration could not be taken" in [one.getMessage() for one in caplog.records]


async def test_another_state_dir_waits_for_a_restart_and_the_rest_does_not(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def change(document: dict[str, Any]) -> None:
        document["state_dir"] = str(tmp_path / "elsewhere")
        del document["wally"]

    page = await house.edit(change)
    assert not page.has("home_up", vendor="wally")
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert told == ["another state_dir is used after a restart only"]
    await house.running.pass_time(400)
    assert not (tmp_path / "elsewhere").exists()


# --- over HTTP


async def test_put_does_as_post_and_get_nothing(house: House) -> None:
    house.running.clock.advance(10)
    assert (await house.ask("PUT"))[0] == 200
    assert (await house.running.scrape()).one(SUCCESS_AT) == house.running.clock.wall()
    house.running.clock.advance(10)
    assert (await house.ask("GET"))[0] == 405
    assert (await house.running.scrape()).one(SUCCESS_AT) == house.running.clock.wall() - 10


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_without_the_flag_it_is_forbidden(house: House, method: str) -> None:
    running = house.running
    await running.end()
    running.app = App(running.config, clock=running.clock)
    await running.app.start("127.0.0.1:0")
    running._is_up = True
    running.clock.advance(10)
    assert await house.ask(method) == (403, "Lifecycle API is not enabled.\n")
    page = await running.scrape()
    assert page.one(SUCCESSFUL) == 1
    assert page.one(SUCCESS_AT) == running.clock.wall() - 10
