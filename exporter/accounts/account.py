"""One account at work: which locations it has, and what its callbacks say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from exporter.accounts.repeated import Failure, Repeated, Told
from exporter.accounts.tools import Tools
from exporter.accounts.watch import Watch, WatchStatus
from exporter.logs import Log
from exporter.model import OMISSIONS, Applied, LocationKey, LocationRef
from exporter.secret import Secret
from exporter.sources.base import CallbackSource, Source
from exporter.sources.gate import AccountState, Gate
from exporter.store import Policy
from exporter.store.held import HeldLocation

_TOLD = ("the account's locations cannot be listed", "the account's locations can be listed again")


class Status(NamedTuple):
    """How an account fares: without calls until a wall time, with so many calls left.

    `failure` is what the last listing of its locations failed with, None after a success.
    """

    state: AccountState
    until: float | None
    budget: float
    locations: int
    failure: Failure | None


class Account:
    """Lists the account's locations and keeps a watch on each."""

    def __init__(self, source: Source, gate: Gate, tools: Tools, order: int) -> None:
        config = source.config
        self.order = order
        self.vendor, self.name = config.vendor, config.name
        self._source = source
        self._gate = gate
        self._tools = tools
        self._policy = Policy(config.stale_after, config.device_stale_after)
        self._log = Log("account", vendor=self.vendor, account=self.name)
        name = f"list/{self.vendor}/{self.name}"
        self._listings = Repeated(name, self._list, config, tools, Told(self._log, *_TOLD))
        self._watches: dict[LocationKey, Watch] = {}
        self._omitted: Counter[LocationKey] = Counter()
        self._disputed: set[LocationKey] = set()
        self._is_tried = False

    @property
    def is_tried(self) -> bool:
        """Whether the account was listed and each location found then polled, well or not."""
        if not self._is_tried:
            watches = self._watches.values()
            self._is_tried = self._listings.is_tried and all(watch.is_tried for watch in watches)
        return self._is_tried

    @property
    def callback_secret(self) -> Secret | None:
        """The secret in the path of the account's callbacks, if it takes any."""
        return self._source.config.find_secret("callback_secret")

    def status(self) -> Status:
        """Return how the account fares, for the page."""
        state, until = self._gate.state()
        now = self._tools.clock.monotonic()
        left = self._gate.record.bucket.tokens(now)
        return Status(state, until, left, len(self._watches), self._listings.failure)

    def watching(self, key: LocationKey) -> WatchStatus | None:
        """Return how the watch on a location fares, None for one that is not the account's."""
        watch = self._watches.get(key)
        return watch.status() if watch else None

    def remember(self, locations: Iterable[HeldLocation]) -> None:
        """Take up locations from before a restart: what may still be served is so at once."""
        for location in locations:
            self._claim(location.key, location)

    def start(self) -> None:
        """Watch what is remembered, and list the locations when that is due."""
        if self._watches:
            self._expect()
        for watch in self._watches.values():
            watch.start()
        record = self._gate.record
        had, count = record.listed or (float("-inf"), 0)
        due = record.due(
            self._source.endpoints.listing,
            "",
            # Of what is no longer remembered only a listing can tell.
            had=had if len(self._watches) >= count else float("-inf"),
            wait=self._source.config.list_every,
            gap=self._source.config.floor,
        )
        self._listings.begin(due)

    def stop(self) -> None:
        """Do nothing more and forget the account's locations."""
        self._listings.stop()
        for key in list(self._watches):
            self._release(key)
        self._gate.close()

    def callback(self, payload: Any) -> list[Applied]:
        """Take a callback; return what became of each of its items."""
        assert isinstance(self._source, CallbackSource)  # noqa: S101  # it has a secret
        changes, malformed = self._source.callback(payload)
        store = self._tools.store
        # Also of places that another account owns: the callbacks come to this one's secret.
        keys = self._watches.keys() | self._disputed
        applied = [
            store.push_activity((self.vendor, self.name), keys, change) for change in changes
        ]
        found = applied + [Applied.MALFORMED] * malformed
        return found or [Applied.IGNORED]

    async def _list(self) -> float:
        self._reconcile(await self._source.locations())
        return self._source.config.list_every

    def _reconcile(self, refs: Sequence[LocationRef]) -> None:
        """Begin to watch what is new, and end what two listings in a row omit."""
        listed = {(self.vendor, ref.id): ref for ref in refs}
        for key, ref in listed.items():
            is_new = key not in self._watches
            if is_new and not self._claim(key):
                continue
            self._omitted.pop(key, None)
            self._tools.store.describe(key, ref)
            if is_new:
                self._watches[key].start()
        for key in [known for known in self._watches if known not in listed]:
            if not listed and self._tools.store.is_up(key):
                continue  # a cloud in trouble answers with an empty list too
            self._omitted[key] += 1
            if self._omitted[key] >= OMISSIONS:
                self._release(key)
        self._gate.record.listed = (self._tools.clock.monotonic(), len(self._watches))
        self._expect()

    def _expect(self) -> None:
        self._gate.expect({location_id for _, location_id in self._watches})
        self._tools.telemetry.locations_owned.set(len(self._tools.store.locations))

    def _claim(self, key: LocationKey, remembered: HeldLocation | None = None) -> bool:
        """Take a location that is new here, unless an account before this one has it."""
        owner = self._tools.owners.get(key)
        if owner is not None and owner.order < self.order:
            self._dispute(key, owner.name)
            return False
        if owner is not None:
            owner.give_up(key, self.name)
        self._tools.owners[key] = self
        if remembered is None:
            self._tools.store.add(key, self.name, self._policy)
        else:
            self._tools.store.remember(remembered)
        self._watches[key] = Watch(key, self._source, self._gate.record, self._tools)
        return True

    def give_up(self, key: LocationKey, owner: str) -> None:
        """Stop watching a location, as `owner` now does."""
        self._release(key)
        self._dispute(key, owner)

    def _dispute(self, key: LocationKey, owner: str) -> None:
        if key not in self._disputed:
            self._disputed.add(key)
            self._log.warning(
                "the location is read through another account", location_id=key[1], owner=owner
            )

    def _release(self, key: LocationKey) -> None:
        self._watches.pop(key).stop()
        self._omitted.pop(key, None)
        del self._tools.owners[key]
        self._tools.store.remove(key)
