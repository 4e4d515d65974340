"""The disk fails, or the process is killed while it writes: no call more, no reading less."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import yaml

from exporter.app import App
from exporter.clock import SystemClock
from exporter.config import load
from exporter.simulator import Simulator, small_world
from exporter.sources.vendors import MODELS
from exporter.state.documents import CallsDocument, Document, LocationDocument
from tests.cli.command import get, start
from tests.faults.disk import no_file_grows, nobodys_folder
from tests.faults.drill import Drill
from tests.faults.served import Course
from tests.faults.signs import Moment
from tests.faults.table import ROWS
from tests.support.running import Page
from tests.support.waiting import eventually

KINDS: dict[str, type[Document]] = {"calls": CallsDocument, "locations": LocationDocument}


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Put a folder in the place of another in which nothing can be made."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.symlink_to(nobodys_folder())
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


async def goes_on(drill: Drill) -> None:
    """Poll while the disk fails: all is served, and the metrics say that nothing is saved."""
    for _ in range(3):
        await drill.attempt()
    await drill.until_told()
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
    before = await all_saved(drill, tmp_path)
    await drill.strike()
    with no_file_grows():
        await goes_on(drill)
        made = [path for path in (tmp_path / "state/calls").iterdir() if path not in before]
        assert {path.stat().st_size for path in made} == {0}
        assert documents(tmp_path) == before
    await is_saved_again(drill, tmp_path / "state")


async def test_state_read_only(drill: Drill, tmp_path: Path) -> None:
    before = await all_saved(drill, tmp_path)
    await drill.strike()
    with read_only(tmp_path / "state"):
        await goes_on(drill)
    assert documents(tmp_path) == before
    await is_saved_again(drill, tmp_path / "state")


async def all_saved(drill: Drill, folder: Path) -> dict[Path, bytes]:
    """Wait until all that is to be saved at first is, and return it."""
    await drill.running.wait(lambda: len(documents(folder)) == 2 * len(KINDS))
    return documents(folder)


def documents(folder: Path) -> dict[Path, bytes]:
    """Return every document on disk."""
    return {path: path.read_bytes() for path in folder.glob("state/*/*.json")}


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Return both clouds on real time, which other processes go by; `clock` is moved by hand."""
    simulator = Simulator(clock=SystemClock(), world=small_world())
    await simulator.start()
    yield simulator
    await simulator.stop()


async def test_sigkill_while_writing_state(sim: Simulator, tmp_path: Path) -> None:
    often, seldom = (configure(sim, tmp_path, every) for every in ("20ms", "2h"))
    lives = Lives(sim)
    async with alive(seldom) as url:
        await eventually(lambda: len(documents(tmp_path)) == 2 * len(KINDS))
        lives.first = Page(await get(url))
    saved = shutil.copytree(tmp_path / "state", tmp_path / "saved")

    for kind in KINDS:
        for fault in ("torn", "unmoved"):
            shutil.rmtree(tmp_path / "state")
            shutil.copytree(saved, tmp_path / "state")
            await dies(often, fault, kind)
            is_whole(tmp_path)
            lives.see(Page(""))
            made = polls(sim)
            async with alive(seldom) as url:
                lives.see(Page(await get(url)))
            assert polls(sim) == made, "what was served came from the disk"
    lives.are_as_promised()


async def dies(config: Path, fault: str, kind: str) -> None:
    """Run a process that ends at a point of writing a document of a kind."""
    folder = config.parent
    sizes = {one: [path.stat().st_size for path in saved(folder, one)] for one in KINDS}
    assert max(sizes["calls"]) < min(sizes["locations"]) // 2, "one of these can be cut alone"
    limit = min(sizes[kind]) // 2
    running = await start(
        f"--config.file={config}",
        "--web.listen-address=127.0.0.1:0",
        folder=folder,
        module="tests.faults.failing",
        FAULT=fault,
        KIND=kind,
        BYTES=str(limit),
    )
    done = await running.finish()
    assert done.code == -{"torn": signal.SIGXFSZ, "unmoved": signal.SIGKILL}[fault], done.err
    sizes_left = [path.stat().st_size for path in (folder / "state" / kind).iterdir()]
    assert len(sizes_left) == 3, "killed with a document beside"
    assert (limit in sizes_left) == (fault == "torn")


class Lives:
    """What was served by one process after the other, held against the row."""

    def __init__(self, sim: Simulator) -> None:
        self.first = Page("")
        self._promises = ROWS["sigkill_while_writing_state"].promises
        self._places = {
            "homely": sim.world.homes[0].location_id,
            "wally": sim.world.places[0].place_id,
        }
        self._courses = {vendor: Course() for vendor in self._promises}

    def see(self, page: Page) -> None:
        """Find a page, empty where there is no process, as it was promised."""
        for vendor, promise in self._promises.items():
            before, now = self._moment(self.first, vendor), self._moment(page, vendor)
            assert promise.served.holds(before, now), sorted(before.readings - now.readings)
            self._courses[vendor].looks.add(not page.text)
            if page.text:
                missing = [one.text for one in promise.signs if not one.holds(before, now)]
                assert missing == []

    def are_as_promised(self) -> None:
        """Find that all was seen that the row says."""
        for vendor, promise in self._promises.items():
            assert promise.served.is_proved_by(self._courses[vendor])

    def _moment(self, page: Page, vendor: str) -> Moment:
        return Moment(page, vendor, SystemClock().wall(), self._places[vendor])


@asynccontextmanager
async def alive(config: Path) -> AsyncIterator[str]:
    """Run the exporter until it is ready; what it serves is looked at before it calls."""
    app = App(load(config, MODELS), clock=SystemClock())
    await app.start("127.0.0.1:0")
    try:
        yield f"http://127.0.0.1:{app.server.port}/metrics"
        async with asyncio.timeout(10):
            while not app.is_ready():  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.01)
    finally:
        await app.stop()


def configure(sim: Simulator, folder: Path, every: str) -> Path:
    """Write a configuration of accounts that poll so often."""
    (username, password), token = sim.homely_logins[0], sim.wally_tokens[0]
    pace = {"poll_interval": every, "poll_interval_disconnected": every, "stale_after": "1d"}
    homely = {"base_url": sim.homely_url, "username": username, "password": password, **pace}
    del pace["poll_interval_disconnected"]
    wally = {"base_url": sim.wally_url, "token": token, **pace}
    state = str(folder / "state")
    path = folder / f"{every}.yml"
    path.write_text(yaml.safe_dump({"homely": [homely], "wally": [wally], "state_dir": state}))
    return path


def polls(sim: Simulator) -> int:
    """Return how often homes were asked for."""
    return sim.call_log.count("home") + sim.call_log.count("sensors")


def saved(folder: Path, kind: str) -> list[Path]:
    """Return the documents of a kind on disk."""
    return list(folder.glob(f"state/{kind}/*.json"))


def is_whole(folder: Path) -> None:
    """Find every document on disk whole."""
    for kind, model in KINDS.items():
        paths = saved(folder, kind)
        assert len(paths) == 2
        for path in paths:
            model.model_validate_json(path.read_bytes())
