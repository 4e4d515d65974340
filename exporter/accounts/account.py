"""One account at work: which locations it has, and what its callbacks say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from exporter.accounts.repeated import Failure, Repeated, Told
from exporter.accounts.tools import Tools
from exporter.accounts.watch import Watch, WatchStatus
from exporter.config import AccountConfig
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
        self._log = Log("account", vendor=self.vendor, account=self.name)
        name = f"list/{self.vendor}/{self.name}"
        self._listings = Repeated(name, self._list, source, tools, Told(self._log, *_TOLD))
        self._watches: dict[LocationKey, Watch] = {}
        self._omitted: Counter[LocationKey] = Counter()
        self._is_started = self._is_tried = False

    @property
    def config(self) -> AccountConfig:
        """The account's configuration."""
        return self._source.config

    @property
    def policy(self) -> Policy:
        """How long its data is believed."""
        return Policy.of(self.config)

    @property
    def is_listed(self) -> bool:
        """Whether it is known which locations it has, or was tried to find out."""
        return self._listings.was_made or self._gate.record.listed is not None

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
        return self.config.find_secret("callback_secret")

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
        self._is_started = True
        if self._watches:
            self._expect()
        for watch in self._watches.values():
            watch.start()
        self._listings.begin(self._listing_due())

    def change(self, config: AccountConfig) -> list[LocationKey]:
        """Go on with another configuration of the same account; return the locations it leaves."""
        before, policy = self.config, self.policy
        if config == before:
            return []
        self._gate.change(config)
        self._source.change(config)
        is_other_choice = config.selection != before.selection
        left = self._leave_unwanted() if is_other_choice else []
        for key, watch in self._watches.items():
            if self.policy != policy:
                self._tools.store.entrust(key, self.name, self.policy)
            watch.change(before)
        if is_other_choice or config.credentials != before.credentials:
            self._gate.record.listed = None
            self._listings.renew(self._listing_due())
        elif config.list_every != before.list_every:
            self._listings.move(self._listing_due())
        if self._watches:
            self._expect()
        return left

    def stop(self) -> list[LocationKey]:
        """Do nothing more; return the locations it leaves, of which all is still held."""
        self._listings.stop()
        left = list(self._watches)
        for key in left:
            self._leave(key)
        self._tools.claims.withdraw(self, self._tools.claims.rivalries(self))
        self._gate.close()
        return left

    def admits(self, key: LocationKey) -> bool:
        """Return whether it would read a location that is held, if its login may see it."""
        name = self._tools.store.locations[key].name
        return key[0] == self.vendor and self.config.admits(key[1], name)

    def callback(self, payload: Any) -> list[Applied]:
        """Take a callback; return what became of each of its items."""
        assert isinstance(self._source, CallbackSource)  # noqa: S101  # it has a secret
        if self._listings.is_stopped:
            return [Applied.IGNORED]  # it was removed while the body came
        changes, malformed = self._source.callback(payload)
        store = self._tools.store
        # Also of places that another account owns: the callbacks come to this one's secret.
        keys = self._watches.keys() | self._tools.claims.rivalries(self)
        applied = [
            store.push_activity((self.vendor, self.name), keys, change) for change in changes
        ]
        found = applied + [Applied.MALFORMED] * malformed
        return found or [Applied.IGNORED]

    async def _list(self) -> float:
        self._reconcile(await self._source.locations())
        return self.config.list_every

    def _listing_due(self) -> float:
        record = self._gate.record
        had, count = record.listed or (float("-inf"), 0)
        return record.due(
            self._source.endpoints.listing,
            "",
            # Of what is no longer remembered only a listing can tell.
            had=had if len(self._watches) >= count else float("-inf"),
            wait=self.config.list_every,
            gap=self.config.floor,
        )

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
        if listed:
            self._tools.claims.withdraw(self, self._tools.claims.rivalries(self) - listed.keys())
        self._gate.record.listed = (self._tools.clock.monotonic(), len(self._watches))
        self._expect()

    def _expect(self) -> None:
        self._gate.expect({location_id for _, location_id in self._watches})

    def _claim(self, key: LocationKey, remembered: HeldLocation | None = None) -> bool:
        """Take a location that is new here, unless an account before this one has it."""
        if not self._tools.claims.claim(key, self, remembered):
            return False
        self._begin_watch(key)
        return True

    def watch(self, key: LocationKey) -> None:
        """Take over a location that another account has left."""
        watch = self._begin_watch(key)
        if self._is_started:
            self._expect()
            watch.start()

    def _begin_watch(self, key: LocationKey) -> Watch:
        watch = self._watches[key] = Watch(key, self._source, self._gate.record, self._tools)
        return watch

    def give_up(self, key: LocationKey) -> None:
        """Stop watching a location, as another account now does."""
        self._watches.pop(key).stop()
        self._omitted.pop(key, None)

    def dispute(self, key: LocationKey, owner: str) -> None:
        """Take that a location is read through `owner`."""
        self._log.warning(
            "the location is read through another account", location_id=key[1], owner=owner
        )

    def _leave_unwanted(self) -> list[LocationKey]:
        left = [key for key in self._watches if not self.admits(key)]
        for key in left:
            self._leave(key)
        claims = self._tools.claims
        others = claims.rivalries(self)
        claims.withdraw(self, [key for key in others if not self.admits(key)])
        return left

    def _leave(self, key: LocationKey) -> None:
        self.give_up(key)
        self._tools.claims.leave(key)

    def _release(self, key: LocationKey) -> None:
        self._leave(key)
        if not self._tools.claims.pass_on(key):
            self._tools.store.remove(key)
