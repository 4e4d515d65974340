"""The disk fails, or the process is killed while it writes: no call more, no reading less."""

import asyncio
import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from exporter.clock import SystemClock
from exporter.simulator import Simulator, small_world
from exporter.state.documents import CallsDocument, LocationDocument
from tests.cli.command import free_port, start, until_served
from tests.faults.drill import Drill
from tests.faults.table import ROWS
from tests.support.running import Page

_KILLS = 8


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file grow, which is how a full disk fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Put a folder in the place of another in which not even root may write."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.symlink_to("/sys/kernel")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


async def goes_on(drill: Drill) -> None:
    """Poll while the disk fails: all is served, and the metrics say that nothing is saved."""
    for _ in range(3):
        await drill.attempt()
    drill.is_served(await drill.until_told())
    await drill.others_are_served()


async def is_saved_again(drill: Drill, folder: Path) -> None:
    """Find all well, and the records on disk those of the next calls."""
    written = {path: path.stat().st_mtime_ns for path in (folder / "calls").glob("*.json")}
    assert len(written) == 2
    await drill.recover()
    await drill.attempt()
    await drill.running.wait(
        lambda: any(path.stat().st_mtime_ns > then for path, then in written.items())
    )


async def test_disk_full(drill: Drill, tmp_path: Path) -> None:
    await drill.strike()
    with full_disk():
        await goes_on(drill)
    await is_saved_again(drill, tmp_path / "state")


async def test_state_read_only(drill: Drill, tmp_path: Path) -> None:
    await drill.strike()
    with read_only(tmp_path / "state"):
        await goes_on(drill)
    await is_saved_again(drill, tmp_path / "state")


async def test_sigkill_while_writing_state(tmp_path: Path) -> None:
    sim = Simulator(clock=SystemClock(), world=small_world())
    await sim.start()
    try:
        pages = await killed_again_and_again(sim, tmp_path)
    finally:
        await sim.stop()
    for page in pages:
        assert page.one("home_exporter_state_file_errors_total") == 0
    for page in pages[1:]:
        assert all(up == 1 for up in page.all("home_exporter_account_up"))
        assert len(page.all("home_temperature_celsius")) > 2, "served from disk at once"
    assert ROWS["sigkill_while_writing_state"].promises


async def killed_again_and_again(sim: Simulator, folder: Path) -> list[Page]:
    """Kill a process that polls and saves without pause; return the first page of each life."""
    port, dice, pages = free_port(), random.Random(1), []  # noqa: S311  # moments, not secrets
    config = often(sim, folder)
    for _ in range(_KILLS):
        running = await start(
            f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", folder=folder
        )
        pages.append(Page(await until_served(f"http://127.0.0.1:{port}/metrics")))
        await until_served(f"http://127.0.0.1:{port}/-/ready")
        await until_saved(folder)
        await asyncio.sleep(dice.uniform(0.0, 0.05))
        await running.stop(signal.SIGKILL)
        is_whole(folder)
    return pages


async def until_saved(folder: Path) -> None:
    """Wait for the first snapshots."""
    async with asyncio.timeout(10):
        while len(list(folder.glob("state/locations/*.json"))) < 2:  # noqa: ASYNC110  # another process's doing
            await asyncio.sleep(0.01)


def often(sim: Simulator, folder: Path) -> Path:
    """Write a configuration of accounts that call without pause."""
    (username, password), token = sim.homely_logins[0], sim.wally_tokens[0]
    pace = {"poll_interval": "20ms"}
    homely = {"base_url": sim.homely_url, "username": username, "password": password, **pace}
    wally = {"base_url": sim.wally_url, "token": token, **pace}
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump({"homely": [homely], "wally": [wally], "state_dir": "state"}))
    return path


def is_whole(folder: Path) -> None:
    """Find every document on disk whole."""
    for kind, model in (("calls", CallsDocument), ("locations", LocationDocument)):
        paths = list(folder.glob(f"state/{kind}/*.json"))
        assert len(paths) == 2
        for path in paths:
            model.model_validate_json(path.read_bytes())
