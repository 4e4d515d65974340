"""A location and an account as the pages show them: how they fare, and until when."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from exporter.sources.gate import AccountState
from exporter.store.freshness import alarm_is_fresh, is_up
from exporter.store.held import NEVER, HeldLocation
from exporter.web.page.links import address, anchor
from exporter.web.page.moments import Now, When
from exporter.web.page.survey import VENDORS, Fare, Row
from exporter.web.page.troubles import BREACHED, Severity

#: Characters that turn the direction of text: in the title of a page nothing can contain them.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Fact(NamedTuple):
    """One fact about a location; `tone` is "good", "warning", "critical" or ""."""

    label: str
    value: str
    tone: str = ""
    when: When | None = None


class LocationCard(NamedTuple):
    """The head of a location.

    `notes` are sentences about what is not as it seems, `reasons` about what is wrong with it.
    """

    id: str
    href: str
    name: str
    title: str
    vendor: str
    account: str
    location_id: str
    severity: str
    facts: list[Fact]
    notes: list[str]
    reasons: list[str]
    devices: int
    troubles: int


class AccountCard(NamedTuple):
    """An account and what it may do now."""

    id: str
    name: str
    vendor: str
    state: str
    severity: str
    until: When | None
    budget: int
    locations: int


def location_card(row: Row, now: Now) -> LocationCard:
    """Return the head of a location."""
    location = row.location
    facts = (_alarm(location, now), _data(location, now), _connection(row, now), _next(row, now))
    return LocationCard(
        id=anchor("location", *location.key),
        href=address(location.key),
        name=location.name,
        title=_DIRECTIONS.sub("", location.name or location.key[1]),
        vendor=VENDORS.get(location.key[0], location.key[0]),
        account=location.account,
        location_id=location.key[1],
        severity=row.severity.word,
        facts=list(facts),
        notes=list(_notes(location)),
        reasons=list(_reasons(row)),
        devices=len(location.devices),
        troubles=len(row.troubles),
    )


def _alarm(location: HeldLocation, now: Now) -> Fact:
    state = location.alarm.state
    if state is None:
        return Fact("Alarm", "not known yet" if location.polled == NEVER else "none")
    words = state.replace("_", " ").lower()
    if not alarm_is_fresh(location, now.monotonic):
        return Fact("Alarm", f"not known, last {words}", "warning")
    return Fact("Alarm", words, "critical" if state in BREACHED else "")


def _data(location: HeldLocation, now: Now) -> Fact:
    if location.polled == NEVER:
        return Fact("Data", "none yet", "warning")
    when = now.since(location.polled)
    if not is_up(location, now.monotonic):
        return Fact("Data", "stale,", "warning", when)
    return Fact("Data", "fresh,", "good", when)


def _connection(row: Row, now: Now) -> Fact:
    location = row.location
    if location.stream_connected:
        return Fact("Socket", "connected", "good")
    if location.stream_connected is False:
        if row.watch is None or row.watch.lost_at is None:
            return Fact("Socket", "connecting")
        return Fact("Socket", "down,", "warning", now.since(row.watch.lost_at))
    if row.fare is None or row.fare.account.callback_secret is None:
        return Fact("Callbacks", "not set up")
    if location.pushed_at is None:
        return Fact("Callbacks", "on, none so far")
    return Fact("Callbacks", "on, last", "good", now.past(location.pushed_at))


def _next(row: Row, now: Now) -> Fact:
    due, status = row.location.next_poll_at, row.fare.status if row.fare else None
    if status is not None and status.until is not None:
        reason = "rate limited" if status.state is AccountState.RATE_LIMITED else "login refused"
        return Fact("Next poll", f"{reason},", "warning", now.coming(max(status.until, due or 0)))
    if due is None:
        return Fact("Next poll", "not planned")
    return Fact("Next poll", "", when=now.coming(due))


def _notes(location: HeldLocation) -> Iterator[str]:
    """Yield what is not as it seems, though nothing is wrong."""
    if location.suspended:
        yield "Suspended: its owner asked for silence, so only leaks and fire are told of it."
    if location.polled == NEVER:
        yield "Not heard of yet: its devices come with the first successful poll."
    elif location.is_remembered:
        yield "Remembered from before the last restart, and not polled since."
    if location.turned_away:
        yield "It has more devices than the exporter holds of one location."


def _reasons(row: Row) -> Iterator[str]:
    """Yield why something is missing."""
    if row.fare is not None and row.fare.trouble is not None:
        yield row.fare.trouble.reason
    for one in row.troubles:
        # What is urgent stands among the facts already.
        if one.device is None and one.severity is not Severity.CRITICAL:
            yield one.reason


def account_card(fare: Fare, now: Now) -> AccountCard:
    """Return an account."""
    status = fare.status
    words = {
        AccountState.UP: "connected" if fare.account.is_tried else "waiting for first answers",
        AccountState.FAILING: "calls fail",
        AccountState.RATE_LIMITED: "rate limited",
        AccountState.REFUSED: "credentials refused",
    }
    is_well = status.state is AccountState.UP
    return AccountCard(
        id=anchor("account", fare.account.vendor, fare.account.name),
        name=fare.account.name,
        vendor=VENDORS.get(fare.account.vendor, fare.account.vendor),
        state=words[status.state],
        severity="" if is_well else Severity.WARNING.word,
        until=None if status.until is None else now.coming(status.until),
        budget=int(status.budget),
        locations=status.locations,
    )
