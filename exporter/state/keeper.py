"""Brings back what was known before a restart, and keeps it on disk while the process runs."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from exporter.budget import Bucket
from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.logs import Log
from exporter.model import LocationKey
from exporter.sources.record import CallRecord
from exporter.state import calls, snapshot
from exporter.state.documents import CallsDocument, LocationDocument
from exporter.state.files import StateFiles
from exporter.store import Policy, Store
from exporter.store.held import HeldLocation

_CALLS, _LOCATIONS = "calls", "locations"
_SAVE_EVERY = 300.0
_LOOK_EVERY = 1.0
_AT_ONCE, _SPREAD = 10, 60
_LAST_SAVE_LIMIT = 3.0
#: No location is at this generation: it will be tried again.
_UNWRITTEN = -1


class _Saved(NamedTuple):
    """What lies on disk of a location, under which account, and since when.

    It stays there when it `is_retired`, as its account was taken out of the configuration.
    """

    account: str
    name: str
    generation: int = 0
    at: float = float("-inf")
    is_retired: bool = False


class Keeper:
    """Owns the state folder: a record for each account, a snapshot for each location."""

    def __init__(self, files: StateFiles, store: Store, clock: Clock) -> None:
        self._files = files
        self._store = store
        self._clock = clock
        self._records: dict[str, CallsDocument] = {}
        self._snapshots: dict[str, list[LocationDocument]] = defaultdict(list)
        self._accounts: dict[tuple[str, str], AccountConfig] = {}
        self._live: dict[str, tuple[AccountConfig, CallRecord]] = {}
        self._retired: dict[str, LocationDocument] = {}
        self._log = Log("state")
        self._saved: dict[LocationKey, _Saved] = {}

    async def load(self) -> None:
        """Read the folder, once, before the accounts begin."""
        await self._files.claim()
        for record in await self._files.read_all(_CALLS, CallsDocument):
            self._records[record.account] = record
        for location in await self._files.read_all(_LOCATIONS, LocationDocument):
            self._snapshots[location.account].append(location)

    def record(self, config: AccountConfig, bucket: Bucket) -> CallRecord:
        """Return the account's record, also from before the restart, else a new one."""
        now, identity = self._clock.monotonic(), calls.identity(config)
        document = self._records.pop(identity, None)
        if identity in self._live:
            before, record = self._live[identity]
            if before.credentials != config.credentials:
                record.pardon()
        elif document is not None:
            record = calls.restore(document, config, self._clock.wall(), now)
        else:
            record = CallRecord(bucket, began=now)
        self._accounts[config.vendor, config.name] = config
        self._live[identity] = (config, record)
        return record

    def hand_over(self, renamed: Sequence[tuple[AccountConfig, AccountConfig]]) -> None:
        """Let accounts that have another name now go on with their records."""
        records = [self._live.pop(calls.identity(before))[1] for before, _ in renamed]
        for (_, config), record in zip(renamed, records, strict=True):
            self._live[calls.identity(config)] = (config, record)

    def retire(self, key: LocationKey) -> None:
        """Keep what is held of a location on disk, as its account is no longer configured."""
        location, now = self._store.locations[key], self._clock.monotonic()
        config = self._accounts[key[0], location.account]
        document = snapshot.dump(location, calls.identity(config), self._clock.wall(), now)
        name = _name(config, key)
        self._snapshots[document.account].append(document)
        self._retired[name] = document
        self._saved[key] = _Saved(config.name, name, location.generation, is_retired=True)

    def locations(self, config: AccountConfig) -> Iterator[HeldLocation]:
        """Yield the account's locations from before the restart that it still reads."""
        policy = Policy.of(config)
        for document in self._snapshots.pop(calls.identity(config), []):
            key = (document.vendor, document.location_id)
            self._saved[key] = _Saved(config.name, _name(config, key))
            if not config.admits(document.location_id, document.name):
                continue
            wall, monotonic = self._clock.wall(), self._clock.monotonic()
            if document.written_at > wall:
                self._files.reject("written in the future")
            yield snapshot.restore(document, config.name, policy, wall, monotonic)

    async def keep(self, config: AccountConfig, record: CallRecord) -> None:
        """Write an account's record down; never raises."""
        if calls.identity(config) in self._live:
            self._live[calls.identity(config)] = (config, record)
        await self._write_record(config, record, is_durable=True)

    async def run(self) -> None:
        """Save what has changed, each location at most every five minutes."""
        while True:
            await self._clock.sleep(_LOOK_EVERY)
            # A few at a time: thousands that were polled at once must not hold up events.
            most = max(_AT_ONCE, len(self._store.locations) // _SPREAD)
            await self._save_locations(_SAVE_EVERY, most)

    async def save(self) -> None:
        """Save all that has changed; a slow disk does not hold up the end of the process."""
        try:
            async with asyncio.timeout(_LAST_SAVE_LIMIT):
                for config, record in list(self._live.values()):
                    if record.attempts:
                        # To sync them all would take the time that the locations need.
                        await self._write_record(config, record, is_durable=False)
                await self._save_locations(0.0)
        except TimeoutError:
            left = len(self._due(self._clock.monotonic()))
            self._log.warning("there was no time to save every location", left=left)

    async def close(self) -> None:
        """Give the folder back, once nothing is written to it any more."""
        await self._files.close()

    async def _write_record(
        self, config: AccountConfig, record: CallRecord, *, is_durable: bool
    ) -> None:
        document = calls.dump(record, config, self._clock.wall(), self._clock.monotonic())
        await self._files.write(_CALLS, document.account, document, is_durable=is_durable)

    async def _save_locations(self, gap: float, most: int | None = None) -> None:
        while self._retired:
            name, document = self._retired.popitem()
            await self._files.write(_LOCATIONS, name, document)
        now = self._clock.monotonic()
        for location in self._due(now - gap)[:most]:
            try:
                await self._save(location, now)
            except Exception as error:  # noqa: BLE001  # one location must not cost the others
                self._log.bug("a location could not be saved", error)
        # At once: the last save may begin while a file is removed.
        gone = [self._saved.pop(key) for key in self._saved.keys() - self._store.locations.keys()]
        for saved in gone:
            if not saved.is_retired:
                await self._files.remove(_LOCATIONS, saved.name)

    def _due(self, before: float) -> list[HeldLocation]:
        """Return what is to be saved, longest unsaved first."""
        due = [one for one in self._store.locations.values() if self._is_due(one, before)]
        return sorted(due, key=lambda one: self._saved[one.key].at if one.key in self._saved else 0)

    def _is_due(self, location: HeldLocation, before: float) -> bool:
        """Return whether the location has changed since it was saved, not after `before`."""
        if location.polled_at is None:
            return False  # nothing is known of it yet, and the next save would be far away
        saved = self._saved.get(location.key)
        if saved is None:
            return True
        is_changed = location.generation != saved.generation and saved.at <= before
        return is_changed or location.account != saved.account

    async def _save(self, location: HeldLocation, now: float) -> None:
        saved = self._saved.get(location.key)
        config = self._accounts[location.key[0], location.account]
        # Before anything fails: what cannot be saved must not come before all others each time.
        attempt = _Saved(config.name, _name(config, location.key), _UNWRITTEN, now)
        self._saved[location.key] = attempt
        if saved is not None and saved.account != location.account:
            await self._files.remove(_LOCATIONS, saved.name)
        generation = location.generation
        document = snapshot.dump(location, calls.identity(config), self._clock.wall(), now)
        is_written = await self._files.write(_LOCATIONS, attempt.name, document)
        # It may have been retired meanwhile.
        if is_written and self._saved.get(location.key) is attempt:
            self._saved[location.key] = attempt._replace(generation=generation)


def _name(config: AccountConfig, key: LocationKey) -> str:
    return f"{calls.identity(config)} {key[1]}"
