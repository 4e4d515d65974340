"""The accounts that run: those of the configuration, and what they leave to each other."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from exporter.accounts.account import Account
from exporter.accounts.tools import Tools
from exporter.config import AccountConfig
from exporter.model import LocationKey
from exporter.state import Keeper

#: Where an account stands in the configuration: name, vendor, address of its cloud.
_Place: TypeAlias = tuple[str, str, str]


class Changes(NamedTuple):
    """How many accounts a configuration added, changed and removed."""

    added: int
    changed: int
    removed: int


def _place(config: AccountConfig) -> _Place:
    return config.name, config.vendor, config.base_url


def _identity(config: AccountConfig) -> tuple[object, ...]:
    """Return what makes an account another one; all else of it may change while it runs."""
    return *_place(config), config.login


class Roster:
    """Owns the accounts; those that a new configuration leaves as they are notice nothing."""

    def __init__(
        self, build: Callable[[AccountConfig, int], Account], tools: Tools, keeper: Keeper
    ) -> None:
        self._build = build
        self._tools = tools
        self._keeper = keeper
        self._is_started = False
        self._orphans: set[LocationKey] = set()
        self.accounts: list[Account] = []

    @property
    def is_tried(self) -> bool:
        """Whether every account has been tried; a shard may have none."""
        return self._is_started and all(account.is_tried for account in self.accounts)

    def start(self) -> None:
        """Let the accounts begin, and from now on those that are added at once."""
        self._is_started = True
        for account in self.accounts:
            account.start()

    def stop(self) -> None:
        """Let no account do anything more."""
        for account in self.accounts:
            account.stop()

    def apply(self, configs: Sequence[AccountConfig]) -> Changes:
        """Run the accounts of this configuration: end, change and begin those that differ."""
        running = {_identity(account.config): account for account in self.accounts}
        wanted = {_identity(config) for config in configs}
        gone = [account for identity, account in running.items() if identity not in wanted]
        fresh = [config for config in configs if _identity(config) not in running]
        left = self._end(gone, {_place(config) for config in configs})
        renamed = self._renamed(gone, fresh)
        for order, config in enumerate(configs):
            if _identity(config) in running:
                running[_identity(config)].order = order
        accounts, changed = [], 0
        for order, config in enumerate(configs):
            account = running.get(_identity(config)) or self._build(config, order)
            accounts.append(account)
            changed += account.config != config
            left |= dict.fromkeys(account.change(config))
        self.accounts = accounts
        self._distribute(left, renamed)
        if self._is_started:
            for account in self.accounts:
                if _identity(account.config) not in running:
                    account.start()
        self.tidy()
        return Changes(len(fresh), changed, len(gone))

    def tidy(self) -> None:
        """Forget what an account has left, once no other can turn out to have it."""
        if self._orphans:
            awaited = [account for account in self.accounts if not account.is_listed]
            for key in list(self._orphans):
                if self._tools.claims.has_owner(key) or key not in self._tools.store.locations:
                    self._orphans.discard(key)
                elif not any(account.admits(key) for account in awaited):
                    self._orphans.discard(key)
                    self._tools.store.remove(key)

    def _end(
        self, gone: Sequence[Account], places: Collection[_Place]
    ) -> dict[LocationKey, Account | None]:
        """Stop accounts; return what they leave, and which of them did."""
        left: dict[LocationKey, Account | None] = {}
        for account in gone:
            self._tools.store.forget_account((account.vendor, account.name))
            for key in account.stop():
                left[key] = account
                if _place(account.config) not in places:
                    self._keeper.retire(key)
        return left

    def _renamed(
        self, gone: Sequence[Account], fresh: Sequence[AccountConfig]
    ) -> dict[Account, AccountConfig]:
        """Return which accounts only have another name now; their calls go on as they were."""
        known = {_place(config)[1:] + config.credentials: config for config in fresh}
        found = {}
        for account in gone:
            config = known.pop(_place(account.config)[1:] + account.config.credentials, None)
            if config is not None:
                found[account] = config
        self._keeper.hand_over([(account.config, config) for account, config in found.items()])
        return found

    def _distribute(
        self, left: Mapping[LocationKey, Account | None], renamed: Mapping[Account, AccountConfig]
    ) -> None:
        """Give locations that their accounts left to others, or forget them."""
        named = {(account.vendor, account.name): account for account in self.accounts}
        heirs = {one: named[config.vendor, config.name] for one, config in renamed.items()}
        claims = self._tools.claims
        for key, former in left.items():
            heir = None if former is None else heirs.get(former)
            if claims.has_owner(key):
                continue
            if heir is not None and heir.admits(key):
                claims.hand(key, heir)
            elif not claims.pass_on(key):
                # Held and served until the accounts that are new have listed theirs.
                self._orphans.add(key)
                self._tools.store.leave(key)
