"""Which account reads a location that several could: the first of the configuration."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Protocol

from exporter.model import LocationKey
from exporter.store import Policy, Store
from exporter.store.held import HeldLocation


class Claimant(Protocol):
    """An account that may own locations."""

    order: int
    name: str

    @property
    def policy(self) -> Policy:
        """How long its data is believed."""
        ...

    def watch(self, key: LocationKey) -> None:
        """Take over a location that another account has left."""
        ...

    def give_up(self, key: LocationKey) -> None:
        """Stop watching a location, as another account now does."""
        ...

    def dispute(self, key: LocationKey, owner: str) -> None:
        """Take that a location is read through `owner`."""
        ...


class Claims:
    """Knows each location's owner and who else lists it; what is held of it moves with it."""

    def __init__(self, store: Store, on_owned: Callable[[int], None] = lambda _: None) -> None:
        self._store = store
        self._on_owned = on_owned
        self._owners: dict[LocationKey, Claimant] = {}
        self._rivals: dict[LocationKey, set[Claimant]] = defaultdict(set)

    def claim(
        self, key: LocationKey, claimant: Claimant, remembered: HeldLocation | None = None
    ) -> bool:
        """Make the account the owner, unless one before it is; return whether it is.

        Where nothing is held of the location yet, what is `remembered` of it is.
        """
        owner = self._owners.get(key)
        if owner is not None and owner.order < claimant.order:
            self._oppose(key, claimant, owner)
            return False
        if owner is not None:
            owner.give_up(key)
            self._oppose(key, owner, claimant)
        self._give(key, claimant, remembered)
        return True

    def has_owner(self, key: LocationKey) -> bool:
        """Return whether an account reads the location."""
        return key in self._owners

    def rivalries(self, claimant: Claimant) -> set[LocationKey]:
        """Return the locations that the account lists too and another one owns."""
        return {key for key, rivals in self._rivals.items() if claimant in rivals}

    def withdraw(self, claimant: Claimant, keys: Collection[LocationKey]) -> None:
        """Take that the account lists these locations of others no more."""
        for key in keys:
            self._rivals[key].discard(claimant)
            if not self._rivals[key]:
                del self._rivals[key]

    def leave(self, key: LocationKey) -> None:
        """Take that the owner reads the location no more; it is held, but nobody's."""
        del self._owners[key]
        self._on_owned(len(self._owners))

    def pass_on(self, key: LocationKey) -> bool:
        """Let the next account that lists it have a location; return whether there is one."""
        rivals = self._rivals.get(key)
        if not rivals:
            return False
        self.hand(key, min(rivals, key=lambda rival: rival.order))
        return True

    def hand(self, key: LocationKey, heir: Claimant) -> None:
        """Let an account go on with a location that is nobody's."""
        self._give(key, heir, None)
        heir.watch(key)

    def _give(self, key: LocationKey, owner: Claimant, remembered: HeldLocation | None) -> None:
        if key in self._store.locations:
            self._store.entrust(key, owner.name, owner.policy)
        elif remembered is not None:
            self._store.remember(remembered)
        else:
            self._store.add(key, owner.name, owner.policy)
        self._owners[key] = owner
        self._on_owned(len(self._owners))
        if key in self._rivals:
            self.withdraw(owner, [key])

    def _oppose(self, key: LocationKey, rival: Claimant, owner: Claimant) -> None:
        if rival not in self._rivals[key]:
            self._rivals[key].add(rival)
            rival.dispute(key, owner.name)
