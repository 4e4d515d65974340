"""When the keeper saves what, and whose state it brings back."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from exporter.budget import Bucket
from exporter.config import AccountConfig
from exporter.exposition import Exposition
from exporter.model import (
    AlarmChange,
    Applied,
    DeviceChange,
    LocationKey,
    LocationRef,
    Snapshot,
)
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.mapping import map_home
from exporter.sources.values import Reader
from exporter.sources.wally.config import WallyConfig
from exporter.state import Keeper, StateFiles, snapshot
from exporter.state.documents import Document, LocationDocument
from exporter.store import Store
from exporter.store.held import HeldLocation
from tests.mapping.payloads import device, home, state
from tests.store.bench import HOMELY_POLICY, HomelyBench
from tests.support.manual_clock import ManualClock

CONFIG = HomelyConfig.model_validate({"name": "homely-1", "username": "me@example.com"})
DEADLINE = 10.0
LEAKS = 'home_events_total{event="leak"}'


class Files(StateFiles):
    """State files that remember which locations were written, and may hang."""

    def __init__(
        self, folder: Path, pool: ThreadPoolExecutor, on_error: Callable[[], None]
    ) -> None:
        super().__init__(folder, pool, on_error)
        self.written: list[str] = []
        self.synced: list[bool] = []
        self.room = 1_000_000

    async def write(
        self, kind: str, name: str, document: Document, *, is_durable: bool = False
    ) -> bool:
        if isinstance(document, LocationDocument):
            if self.room <= 0:
                await asyncio.Event().wait()
            self.room -= 1
            self.written.append(document.location_id)
        else:
            self.synced.append(is_durable)
        return await super().write(kind, name, document, is_durable=is_durable)


class Process:
    """A keeper with a store, on a folder that outlives it."""

    def __init__(self, folder: Path, clock: ManualClock, pool: ThreadPoolExecutor) -> None:
        self.clock = clock
        self.folder = folder
        self.errors = 0
        self.files = Files(folder, pool, self._count)
        self.store = Store(clock, Exposition())
        self.keeper = Keeper(self.files, self.store, clock)

    def _count(self) -> None:
        self.errors += 1

    async def begin(self, config: AccountConfig = CONFIG) -> set[LocationKey]:
        """Load what is on disk, hold the account's locations again and return them."""
        await self.keeper.load()
        self.keeper.record(config, Bucket(10.0, 0.01, 10.0, self.clock.monotonic()))
        for location in self.keeper.locations(config):
            self.store.remember(location)
        return set(self.store.locations)

    def add(self, *names: str) -> None:
        """Let the account list locations."""
        for name in names:
            self.store.add(("homely", name), CONFIG.name, HOMELY_POLICY)
            self.store.describe(("homely", name), LocationRef(name, f"The {name}"))

    def poll(self, *names: str) -> None:
        """Let locations be polled."""
        for name in names:
            now = self.clock.monotonic()
            self.store.poll(("homely", name), Snapshot("", "", ()), now, self.clock.wall())

    async def look(self, seconds: float = 1.0) -> list[str]:
        """Let the keeper look once after so long; return which locations it wrote, in order."""
        before = len(self.files.written)
        looking = asyncio.create_task(self.keeper.run())
        await self.clock.settle()
        self.clock.advance(seconds)
        async with asyncio.timeout(DEADLINE):
            while not self.clock.sleepers:  # noqa: ASYNC110  # a thread writes
                await asyncio.sleep(0.001)
        looking.cancel()
        return self.files.written[before:]

    def on_disk(self) -> list[Path]:
        """Return the documents of locations."""
        return sorted((self.folder / "locations").glob("*.json"))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def process(tmp_path: Path, clock: ManualClock, pool: ThreadPoolExecutor) -> Process:
    return Process(tmp_path, clock, pool)


async def test_a_location_is_saved_at_the_first_look_after_its_first_poll(
    process: Process,
) -> None:
    await process.begin()
    process.add("villa", "cabin")
    for _ in range(3):
        assert await process.look() == [], "nothing is known yet"
    process.poll("cabin")
    assert await process.look() == ["cabin"]
    process.poll("villa")
    assert await process.look() == ["villa"]
    process.poll("villa", "cabin")
    assert await process.look() == [], "not again for five minutes"
    assert await process.look(300) == ["cabin", "villa"]


async def test_what_was_pushed_is_saved_where_somebody_took_it(process: Process) -> None:
    await process.begin()
    process.add("home-1")
    leaky(process, wet=False)
    assert await process.look() == ["home-1"]
    key = ("homely", "home-1")
    unknown = DeviceChange("dev-unknown", ())
    assert process.store.push(key, unknown) is Applied.UNKNOWN_DEVICE
    assert await process.look(300) == []
    assert process.store.push(key, AlarmChange("ARMED_AWAY")) is Applied.APPLIED
    assert await process.look() == ["home-1"]
    assert process.store.push(key, DeviceChange("dev-1", ())) is Applied.IGNORED
    assert await process.look(300) == ["home-1"], "it was heard of"


async def test_what_was_not_saved_for_longest_is_saved_first(process: Process) -> None:
    await process.begin()
    process.add("first", "second", "third", "fourth")
    for name in ("third", "first", "second"):
        process.poll(name)
        assert await process.look() == [name]
    process.poll("second", "third", "fourth", "first")
    assert await process.look(300) == ["fourth", "third", "first", "second"]


async def test_locations_that_cannot_be_saved_do_not_come_before_the_others_each_time(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [f"bad-{number:02}" for number in range(12)]

    whole = snapshot.dump

    def dump(location: HeldLocation, *arguments: Any) -> LocationDocument:
        if location.key[1] in bad:
            raise ValueError
        return whole(location, *arguments)

    monkeypatch.setattr(snapshot, "dump", dump)
    await process.begin()
    process.add(*bad, "good")
    process.poll(*bad, "good")
    assert await process.look() == []
    assert await process.look() == ["good"]


async def test_a_few_are_saved_at_a_time_and_more_where_there_are_many(process: Process) -> None:
    await process.begin()
    few = [f"few-{number:02}" for number in range(25)]
    process.add(*few)
    process.poll(*few)
    assert [len(await process.look()) for _ in range(4)] == [10, 10, 5, 0]
    many = [f"many-{number}" for number in range(1175)]
    process.add(*many)
    process.poll(*many)
    assert len(await process.look()) == 20


async def test_the_last_save_begins_while_files_of_homes_that_are_gone_are_removed(
    process: Process,
) -> None:
    await process.begin()
    process.add("a", "b", "c")
    process.poll("a", "b", "c")
    await process.look()
    for name in "abc":
        process.store.remove(("homely", name))
    looking = asyncio.create_task(process.keeper.run())
    await process.clock.settle()
    process.clock.advance(1)
    await asyncio.sleep(0)
    await process.keeper.save()
    async with asyncio.timeout(DEADLINE):
        while process.on_disk():  # noqa: ASYNC110  # a thread removes
            await asyncio.sleep(0.001)
    assert not looking.done()
    looking.cancel()


async def test_a_home_whose_account_goes_while_it_is_saved_stays_on_disk(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await process.begin()
    process.add("a")
    process.poll("a")
    write, key = process.files.write, ("homely", "a")

    async def retiring(*arguments: Any, **options: Any) -> bool:
        process.keeper.retire(key)
        return await write(*arguments, **options)

    with monkeypatch.context() as while_it_is_saved:
        while_it_is_saved.setattr(process.files, "write", retiring)
        assert await process.look() == ["a"]
    assert await process.look() == ["a"]
    process.store.remove(key)
    await process.look()
    assert len(process.on_disk()) == 1


async def test_the_last_save_does_not_sync_what_every_call_has_synced(process: Process) -> None:
    await process.begin()
    record = process.keeper.record(CONFIG, Bucket(10.0, 0.01, 3.0, process.clock.monotonic()))
    record.note("token", "", process.clock.monotonic())
    await process.keeper.keep(CONFIG, record)
    await process.keeper.save()
    assert process.files.synced == [True, False]


async def test_the_last_save_says_how_many_locations_it_had_no_time_for(
    process: Process, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.state.keeper._LAST_SAVE_LIMIT", 0.2)
    await process.begin()
    process.add("a", "b", "c", "d", "never polled")
    process.poll("a", "b", "c", "d")
    process.files.room = 1
    await process.keeper.save()
    assert process.files.written == ["a"]
    (record,) = [one for one in caplog.records if one.name == "exporter.state"]
    assert record.getMessage() == "there was no time to save every location"
    assert record.__dict__["fields"]["left"] == 3


async def test_a_last_save_that_is_complete_says_nothing(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    await process.begin()
    process.add("a", "b")
    process.poll("a", "b")
    await process.keeper.save()
    assert process.files.written == ["a", "b"]
    assert caplog.records == []


def leaky(process: Process, *, wet: bool) -> None:
    """Poll the home with a flood alarm that is wet or dry now."""
    now = process.clock.wall()
    payload = home(device({"alarm.flood": state(wet, now)}))
    snapshot = map_home(payload, Reader(now, HomelyBench().findings))
    process.store.poll(("homely", "home-1"), snapshot, process.clock.monotonic(), now)


async def test_a_snapshot_from_the_future_is_kept_until_the_home_is_polled(
    process: Process, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    await process.begin()
    process.add("home-1")
    leaky(process, wet=False)
    process.clock.jump_wall(86_400)
    await process.look()
    (path,) = process.on_disk()
    before = path.read_bytes()

    clock = ManualClock(wall=process.clock.wall() - 86_400 + 60)
    later = Process(tmp_path, clock, pool)
    assert await later.begin() == {("homely", "home-1")}
    assert later.errors == 1
    assert not later.store.is_up(("homely", "home-1"))
    assert await later.look() == []
    assert path.read_bytes() == before, "it is not deleted"
    leaky(later, wet=True)
    found = later.store.device(("homely", "home-1"), "dev-1")
    assert found is not None
    assert found.edges.counts == {"leak": 1}
    assert await later.look() == ["home-1"]
    assert json.loads(path.read_bytes())["written_at"] < json.loads(before)["written_at"]


async def test_a_name_that_another_login_takes_inherits_nothing(
    process: Process, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    await process.begin()
    process.add("villa")
    process.poll("villa")
    await process.look()
    record = process.keeper.record(CONFIG, Bucket(10.0, 0.01, 3.0, process.clock.monotonic()))
    record.note("token", "", process.clock.monotonic())
    await process.keeper.keep(CONFIG, record)

    for config, has in (
        (CONFIG.model_copy(update={"username": SecretStr("you@example.com")}), False),
        (CONFIG.model_copy(update={"base_url": "https://cloud.example"}), False),
        (CONFIG.model_copy(update={"name": "homely-2"}), False),
        (CONFIG, True),
    ):
        later = Process(tmp_path, process.clock, pool)
        await later.keeper.load()
        bucket = Bucket(10.0, 0.01, 10.0, process.clock.monotonic())
        found = later.keeper.record(config, bucket)
        assert (found.last("token") is not None) is has
        assert (found.restarts > 0) is has
        assert bool(list(later.keeper.locations(config))) is has


async def test_the_record_of_an_account_that_is_polled_twice_a_year_is_kept(
    process: Process, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    half_a_year = {"poll_interval": "183d", "stale_after": "366d", "name": "a", "token": "t"}
    config = WallyConfig.model_validate(half_a_year)
    bucket = Bucket(10.0, config.calls_per_second(1), 3.0, process.clock.monotonic())
    await process.keeper.keep(config, process.keeper.record(config, bucket))
    later = Process(tmp_path, process.clock, pool)
    await later.keeper.load()
    other = Bucket(10.0, 1.0, 10.0, process.clock.monotonic())
    assert later.keeper.record(config, other).bucket.rate == bucket.rate
    assert later.errors == 0


async def test_a_record_of_nonsense_is_one_error_and_a_new_record(
    process: Process, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    await process.begin()
    record = process.keeper.record(CONFIG, Bucket(10.0, 0.01, 3.0, process.clock.monotonic()))
    await process.keeper.keep(CONFIG, record)
    (path,) = (tmp_path / "calls").glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rate": 0.0}))
    later = Process(tmp_path, process.clock, pool)
    await later.keeper.load()
    assert later.errors == 1
    found = later.keeper.record(CONFIG, Bucket(10.0, 0.01, 10.0, process.clock.monotonic()))
    assert found.bucket.wait(process.clock.monotonic()) == 0.0
