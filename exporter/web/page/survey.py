"""A look at everything that is held: what is wrong where, the worst first.

What a location's devices tell is kept until the location changes or a reading grows too old, so
a look at thousands of homes costs as much as has changed since the last one.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from exporter.accounts import Account, Status, WatchStatus
from exporter.clock import Clock
from exporter.model import LocationKey
from exporter.store import Store
from exporter.store.freshness import DeviceView
from exporter.store.held import HeldLocation
from exporter.web.page.moments import Now
from exporter.web.page.slices import Slices
from exporter.web.page.troubles import (
    URGENCY,
    Severity,
    Trouble,
    of_account,
    of_device,
    of_location,
)

VENDORS = {"homely": "Homely", "wally": "WallyHome"}


class Fare(NamedTuple):
    """One account and how it fares."""

    account: Account
    status: Status
    trouble: Trouble | None


class Row(NamedTuple):
    """One location and what is wrong there, its devices included.

    `head` are its own names, `words` those of its devices as well, both for the filter.
    """

    location: HeldLocation
    fare: Fare | None
    watch: WatchStatus | None
    troubles: tuple[Trouble, ...]
    severity: Severity
    title: str
    head: str
    words: str


class Survey(NamedTuple):
    """Everything at one instant: locations and accounts, the worst first."""

    now: Now
    rows: list[Row]
    fares: list[Fare]
    devices: int


class _Digest(NamedTuple):
    """What a location's devices told at one generation; true until `until` (monotonic)."""

    location: HeldLocation
    generation: int
    until: float
    troubles: tuple[Trouble, ...]
    title: str
    head: str
    words: str


class Surveyor:
    """Looks at the store and the accounts."""

    def __init__(
        self, store: Store, accounts: Callable[[], Sequence[Account]], clock: Clock
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._digests: dict[LocationKey, _Digest] = {}

    async def everything(self, slices: Slices) -> Survey:
        """Look at all locations and accounts."""
        now = Now.of(self._clock)
        fares = {}
        for account in list(self._accounts()):
            fares[account.vendor, account.name] = _fare(account)
            await slices.breathe()
        rows = []
        for location in list(self._store.locations.values()):
            fare = fares.get((location.key[0], location.account))
            rows.append(self._row(location, fare, now.monotonic))
            await slices.breathe()
        self._forget()
        rows.sort(key=lambda row: (row.severity, row.title, row.location.key))
        await slices.breathe()
        listed = sorted(fares.values(), key=lambda fare: fare.trouble is None)
        return Survey(now, rows, listed, sum(len(row.location.devices) for row in rows))

    def one(self, key: LocationKey) -> tuple[Now, Row] | None:
        """Look at one location, None for one that is not held."""
        location = self._store.locations.get(key)
        if location is None:
            return None
        now = Now.of(self._clock)
        owner = (key[0], location.account)
        accounts = self._accounts()
        account = next((one for one in accounts if (one.vendor, one.name) == owner), None)
        fare = None if account is None else _fare(account)
        return now, self._row(location, fare, now.monotonic)

    def _row(self, location: HeldLocation, fare: Fare | None, now: float) -> Row:
        digest = self._digests.get(location.key)
        is_kept = (
            digest is not None
            and digest.location is location
            and digest.generation == location.generation
            and now < digest.until
        )
        if digest is None or not is_kept:
            digest = self._digests[location.key] = _digest(location, now)
        status = fare.status if fare else None
        watch = fare.account.watching(location.key) if fare else None
        found = [*of_location(location, status, watch, now), *digest.troubles]
        if len(found) > 1:
            found.sort(key=lambda one: (one.severity, URGENCY[one.kind]))
        worst = found[0].severity if found else Severity.NONE
        names = (digest.title, digest.head, digest.words)
        return Row(location, fare, watch, tuple(found), worst, *names)

    def _forget(self) -> None:
        for key in self._digests.keys() - self._store.locations.keys():
            del self._digests[key]


def _fare(account: Account) -> Fare:
    status = account.status()
    return Fare(account, status, of_account(status))


def _digest(location: HeldLocation, now: float) -> _Digest:
    until = float("inf")
    troubles: list[Trouble] = []
    vendor, location_id = location.key
    head = (location.name, location_id, vendor, VENDORS.get(vendor, ""), location.account)
    names = list(head)
    for device in location.devices.values():
        view = DeviceView(location, device, now)
        until = min(until, view.deadline())
        troubles += of_device(device, view)
        names += device.names
    return _Digest(
        location,
        location.generation,
        until,
        tuple(troubles),
        title=(location.name or location_id).casefold(),
        head="\n".join(head).casefold(),
        words="\n".join(names).casefold(),
    )
