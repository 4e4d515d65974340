"""What the exporter was told, and so what it must have counted: kept beside it, from the homes.

Nothing here is the product's logic. It knows which change is which, because it is on the side of
the clouds; of what reached the exporter it keeps everything, and counts from the whole of it.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.soak import things
from tests.soak.life import News
from tests.soak.things import Alert, Home, State, Thing, Trait

NEVER = float("-inf")
_OMISSIONS = 2
#: So many events wait for their devices at one location.
_EARLY = 100
#: What was created so near to the poll before may be taken for older or younger, in seconds.
_NEAR = 5.0

#: What an answer shows of each device, by source; None is a null.
Seen = dict[str, dict[str, State | None]]


@dataclass(slots=True)
class Held:
    """What the exporter should hold of one trait; `pushed` is monotonic, the rest the vendor's."""

    truth: float | None = None
    real: float | None = None
    at: float = NEVER
    newest: float = NEVER
    pushed: float = NEVER


@dataclass(slots=True)
class Leaks:
    """Which leaks of one Wally sensor were told of, by their true numbers."""

    shown: int | None = None
    first: int = 0
    told: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    ongoing: set[int] = field(default_factory=set)

    def poll(self, number: int) -> None:
        """Take what a poll shows: two that differ tell of a leak."""
        self.ongoing.clear()
        if self.shown is None:
            self.first = number
        elif number and not self.shown:
            self.told.add(number)
        elif number not in (0, self.shown):
            # It looks like the one before going on: nobody saw the sensor dry.
            self.unsure.add(number)
        self.shown = number

    def callback(self, number: int, state: str) -> None:
        """Take a callback about a leak.

        Whether it is a new one nobody can tell who saw it first wet, sees an earlier one go on, was
        not told that it ended, or has counted a later one.
        """
        goes_on = bool(self.ongoing - {number})
        if state == "resolved":
            self.ongoing.discard(number)
        else:
            self.ongoing.add(number)
        is_clear = number != self.first and number not in self.unsure
        is_clear = is_clear and self.shown in (None, 0, number)
        is_clear = is_clear and number >= max(self.told, default=0) and not goes_on
        (self.told if is_clear else self.unsure).add(number)


@dataclass(slots=True)
class Known:
    """One device since the exporter knows it; `may` is where a spec leaves room."""

    thing: Thing
    held: dict[str, Held] = field(default_factory=dict)
    sights: dict[str, dict[float, float]] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    leaks: Leaks = field(default_factory=Leaks)
    alerts: set[tuple[str, float]] = field(default_factory=set)
    uncounted: set[tuple[str, float]] = field(default_factory=set)
    unsure: set[tuple[str, float]] = field(default_factory=set)
    omitted: int = 0
    contact: float = NEVER
    contact_may: float = NEVER
    alive: float = NEVER
    alive_may: float = NEVER

    def see(self, trait: Trait, state: State, *, is_push: bool) -> None:
        """Take a state as it was told."""
        held = self.held.setdefault(trait.source, Held())
        if state.spurious:
            # What is doubted leaves what was last believed, also after a null.
            held.truth = held.real
        elif state.at >= held.newest:
            held.real = held.real if state.truth is None else state.truth
            held.truth, held.at, held.newest = state.truth, state.at, state.at
        if (trait.rises or trait.falls) and state.truth is not None:
            # One bolt, told of by two sources: where one is null, the other one speaks.
            source = (things.LOCK if trait is things.LOCKED else trait).source
            sights = self.sights.setdefault(source, {})
            if not sights:
                self.first[source] = state.at
                if is_push:
                    # What is pushed is a change, so before it was the other.
                    sights[NEVER] = float(not state.truth)
                    self.first[source] = NEVER
            sights[state.at] = state.truth

    def edges(self) -> Counter[str]:
        """Return how often each event was told of: the changes among all sights by their time."""
        counts: Counter[str] = Counter()
        for trait in self.thing.traits:
            if trait is things.LEAK:
                counts["leak"] += len(self.leaks.told)
            elif trait is not things.LOCKED and (trait.rises or trait.falls):
                counts.update(self._changes(trait))
        return counts

    def _changes(self, trait: Trait) -> Counter[str]:
        counts = Counter({event: 0 for event in (trait.rises, trait.falls) if event})
        sights, first = self.sights.get(trait.source, {}), self.first.get(trait.source, 0.0)
        ordered = [sights[at] for at in sorted(sights) if at >= first]
        for before, after in pairwise(ordered):
            event = trait.rises if after else trait.falls
            if before != after and event:
                counts[event] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Early:
    """An event about a device that no poll had shown, and when it arrived (monotonic)."""

    arrived: float
    thing: Thing
    news: News


@dataclass(slots=True)
class Place:
    """One location as the exporter should know it."""

    home: Home
    polled: float = NEVER
    polled_at: float = NEVER
    early: deque[Early] = field(default_factory=lambda: deque(maxlen=_EARLY))
    devices: dict[str, Known] = field(default_factory=dict)
    alarm: str | None = None
    alarm_pushed: float = NEVER
    alarm_changes: Counter[str] = field(default_factory=Counter)

    def alarm_becomes(self, state: str) -> None:
        """Take the alarm's state."""
        if self.alarm not in (None, state):
            self.alarm_changes[state] += 1
        self.alarm = state


class Oracle:
    """Keeps what was delivered."""

    def __init__(self, homes: list[Home], true: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._true = true
        self.places = {home.id: Place(home) for home in homes}
        self._pending: dict[str, list[Alert]] = {}
        self.on_drop: Callable[[Known], None] = lambda _: None
        self.polls: Counter[str] = Counter()
        self.pushes = 0
        self.early = 0

    # --- polls

    def before_poll(self, home: Home, seen: Seen) -> None:
        """Look once more at what a poll is about to end."""
        for known in self.places[home.id].devices.values():
            if known.thing.id not in seen and known.omitted + 1 >= _OMISSIONS:
                self.on_drop(known)

    def polled(
        self,
        home: Home,
        began: float,
        seen: Seen,
        *,
        alarm: str | None = None,
        listed: dict[str, list[Alert]] | None = None,
    ) -> None:
        """Take that an answer arrived, which was asked for at `began`."""
        place = self.places[home.id]
        before, place.polled_at = place.polled_at, self._true()
        place.polled = self._loop.time()
        self.polls[home.vendor] += 1
        if alarm is not None and place.alarm_pushed <= began:
            place.alarm_becomes(alarm)
        by_id = {thing.id: thing for thing in home.things}
        for thing_id, states in seen.items():
            is_new = thing_id not in place.devices
            known = self._meet(place, by_id[thing_id]) if is_new else place.devices[thing_id]
            known.omitted = 0
            self._take(known, states, began)
            for alert in (listed or {}).get(thing_id, ()):
                _list(known, alert, before if is_new else None)
        while place.early and place.early[0].arrived <= began:
            place.early.popleft()
        for thing_id in [one for one in place.devices if one not in seen]:
            place.devices[thing_id].omitted += 1
            if place.devices[thing_id].omitted >= _OMISSIONS:
                del place.devices[thing_id]

    def _meet(self, place: Place, thing: Thing) -> Known:
        known = place.devices[thing.id] = Known(thing)
        for early in place.early:
            if early.thing is thing:
                self._push(known, early.news, early.arrived)
        for alert in self._pending.pop(thing.id, []):
            self._tell(known, alert)
        return known

    def _take(self, known: Known, states: dict[str, State | None], began: float) -> None:
        for trait in known.thing.traits:
            state = states[trait.source]
            if state is not None:
                known.see(trait, state, is_push=False)
                if trait is things.LEAK:
                    known.leaks.poll(state.leak)
            elif trait.source in known.held and known.held[trait.source].pushed <= began:
                known.held[trait.source].truth = None

    # --- what is pushed

    def pushed(self, home: Home, thing: Thing, news: News) -> None:
        """Take that an event arrived on a connected socket."""
        place, now = self.places[home.id], self._loop.time()
        self.pushes += 1
        if thing.id in place.devices:
            self._push(place.devices[thing.id], news, now)
        else:
            place.early.append(Early(now, thing, news))
            self.early += 1

    def _push(self, known: Known, news: News, now: float) -> None:
        known.contact_may, known.alive_may = max(known.contact_may, now), max(known.alive_may, now)
        for trait, state in news:
            is_newest = state.at >= known.held.setdefault(trait.source, Held()).newest
            known.see(trait, state, is_push=True)
            known.held[trait.source].pushed = max(known.held[trait.source].pushed, now)
            if is_newest and self._true() - state.at < things.HOUR:
                known.contact, known.alive = max(known.contact, now), max(known.alive, now)

    def pushed_alarm(self, home: Home, state: str) -> None:
        """Take that an alarm's new state arrived on a connected socket."""
        self.pushes += 1
        place = self.places[home.id]
        place.alarm_pushed = self._loop.time()
        place.alarm_becomes(state)

    def told(self, thing: Thing, alert: Alert) -> None:
        """Take that a callback was answered with success."""
        for place in self.places.values():
            if thing.id in place.devices:
                self._tell(place.devices[thing.id], alert)
                return
        self._pending.setdefault(thing.id, []).append(alert)

    def _tell(self, known: Known, alert: Alert) -> None:
        known.contact_may = known.alive_may = self._loop.time()
        if not alert.kind.startswith("dead_"):
            known.contact = self._loop.time()
        known.alerts.add((alert.kind, alert.created))
        if alert.kind == "alarm":
            known.leaks.callback(alert.leak, alert.state)


def _list(known: Known, alert: Alert, before: float | None) -> None:
    """Take an activity that a poll lists; of a new device what began `before` is history."""
    identity = (alert.kind, alert.created)
    if before is not None and identity not in known.alerts:
        if before == NEVER or alert.created <= before - _NEAR:
            known.uncounted.add(identity)
        elif alert.created < before + _NEAR:
            known.unsure.add(identity)
    known.alerts.add(identity)
