"""The promises, held against the page: what must be served, what must not, and every count."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.soak import things
from tests.soak.oracle import NEVER, Held, Known, Oracle, Place
from tests.soak.page import Page, Series
from tests.soak.things import HOUR, MINUTE, Trait

#: stale_after and device_stale_after of each vendor, as they are configured.
LIMITS = {"homely": (3 * HOUR, 24 * HOUR), "wally": (30 * MINUTE, 2 * HOUR)}
#: How often the exporter looks for what has grown too old; in earnest it is each second.
LOOK = 10.0
#: What has grown too old goes with the next look, and a cloud's Date is cut to seconds.
TOLERANCE = LOOK + 3.0
_EVENTS, _ALERTS = "home_events_total", "home_activities_total"
_ENERGY = (things.ENERGY.metric, ())
_MOST_FAULTS = 20
#: Every device is looked at each so many checks, so that days pass in seconds.
_TURNS = 3


@dataclass(slots=True)
class Verdict:
    """One series: whether it may and whether it must be served, and as what."""

    may: bool
    must: bool
    value: float | None
    age: float
    heard: float
    periodic: bool


@dataclass(slots=True)
class Tally:
    """What was counted over all lives of all devices, beside what was delivered."""

    delivered: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)


class Promises:
    """Checks the page; `faults` holds what was broken and when, the first ones only."""

    def __init__(
        self,
        oracle: Oracle,
        render: Callable[[], str],
        now: Callable[[], float],
        true: Callable[[], float],
    ) -> None:
        self._oracle = oracle
        self._render = render
        self._now = now
        self._true = true
        self._energy: dict[str, float] = {}
        self.page = Page()
        self.faults: list[str] = []
        self.checks = 0
        self.values = 0
        self.oldest: dict[str, float] = dict.fromkeys(LIMITS, 0.0)
        self.longest_heard: dict[str, float] = dict.fromkeys(LIMITS, 0.0)
        self.tally = Tally()
        oracle.on_drop = self.close

    def check(self) -> None:
        """Hold the page as it is now against everything but the counts."""
        self.checks += 1
        self.page.update(self._render())
        for fault in self.page.faults:
            self._fault(fault)
        self.page.faults.clear()
        owners = set(self.page.owners)
        for place in self._oracle.places.values():
            owners.discard((place.home.id, ""))
            self._check_location(place)
            for number, known in enumerate(place.devices.values(), self.checks):
                owners.discard((place.home.id, known.thing.id))
                if number % _TURNS == 0:
                    self._check_device(place, known)
        for owner in owners:
            self._fault(f"{owner} is served and should be gone")

    def check_counts(self) -> None:
        """Hold every counter against what was delivered."""
        for place in self._oracle.places.values():
            for known in place.devices.values():
                self._check_counts(place.home.id, known)
            if place.alarm is not None:
                served = self.page.of(place.home.id)
                for state, expected in place.alarm_changes.items():
                    count = served.get(("home_alarm_state_changes_total", (state,)))
                    if count != expected:
                        self._fault(f"{place.home.id} alarm {state}: {count} for {expected}")

    def close(self, known: Known) -> None:
        """Take the last counts of a device that is about to be forgotten."""
        self.page.update(self._render())
        location = known.thing.id.rpartition("-")[0]
        self._check_counts(location, known)
        self._energy.pop(known.thing.id, None)
        served = self.page.of(location, known.thing.id)
        for event, expected in known.edges().items():
            room = len(known.leaks.unsure - known.leaks.told) if event == "leak" else 0
            self._tell(event, int(served.get((_EVENTS, (event,)), 0)), expected, room)
        least = len(known.alerts - known.uncounted - known.unsure)
        self._tell("activity", int(_sum(served, _ALERTS)), least, len(known.unsure))

    def _tell(self, event: str, counted: int, least: int, room: int) -> None:
        """Keep a count for the report; where there is room, it is delivered as it was counted."""
        self.tally.delivered[event] += max(least, min(counted, least + room))
        self.tally.counted[event] += counted

    def close_all(self) -> None:
        """Take the last counts of everything that is held."""
        for place in self._oracle.places.values():
            for known in place.devices.values():
                self.close(known)
            self.tally.delivered["alarm state"] += place.alarm_changes.total()
            changes = _sum(self.page.of(place.home.id), "home_alarm_state_changes_total")
            self.tally.counted["alarm state"] += int(changes)

    # --- one location

    def _check_location(self, place: Place) -> None:
        served = self.page.of(place.home.id)
        stale = LIMITS[place.home.vendor][0]
        age = self._now() - place.polled
        if age > self._now() and not served:
            return  # a listing that fails leaves the exporter without the location's name
        up = served.get(("home_up", ()))
        if up is None or (age < stale - TOLERANCE and not up) or (age > stale + TOLERANCE and up):
            self._fault(f"{place.home.id}: home_up {up}, polled {age:.0f} s ago")
        states = {own[0]: v for (name, own), v in served.items() if name == "home_alarm_state"}
        heard = self._now() - max(place.polled, place.alarm_pushed)
        if states and heard > stale + TOLERANCE:
            self._fault(f"{place.home.id}: the alarm is served {heard:.0f} s after it was heard of")
        if place.alarm is None or heard > stale - TOLERANCE:
            return
        if [state for state, value in states.items() if value] != [place.alarm]:
            self._fault(f"{place.home.id}: the alarm is {place.alarm}, served as {states}")

    # --- one device

    def _check_device(self, place: Place, known: Known) -> None:
        served = self.page.of(place.home.id, known.thing.id)
        if not any(name == "home_device_info" for name, _ in served):
            self._fault(f"{known.thing.id} is known and not served")
        verdicts = self._verdicts(place, known)
        for metric, verdict in verdicts:
            value = served.get((metric, ()))
            if value is None:
                if verdict.must:
                    self._fault(f"{known.thing.id}: {metric} is missing")
                continue
            self.values += 1
            self._note_age(place.home.vendor, verdict)
            if not verdict.may:
                self._fault(f"{known.thing.id}: {metric} {value} is served, age {verdict.age:.0f}")
            elif verdict.value is None or abs(value - verdict.value) > 1e-6 * (1 + abs(value)):
                self._fault(f"{known.thing.id}: {metric} is {value}, told was {verdict.value}")
        self._check_energy(known, served)

    def _note_age(self, vendor: str, verdict: Verdict) -> None:
        self.longest_heard[vendor] = max(self.longest_heard[vendor], verdict.heard)
        if verdict.periodic:
            self.oldest[vendor] = max(self.oldest[vendor], verdict.age)

    def _check_energy(self, known: Known, served: dict[Series, float]) -> None:
        energy = served.get(_ENERGY)
        if energy is not None:
            if energy < self._energy.get(known.thing.id, NEVER):
                self._fault(f"{known.thing.id}: energy stepped back to {energy}")
            self._energy[known.thing.id] = energy

    def _verdicts(self, place: Place, known: Known) -> Iterator[tuple[str, Verdict]]:
        stale, limit = LIMITS[place.home.vendor]
        now, vendor_now = self._now(), self._true()
        must_fresh = now - max(place.polled, known.contact) < stale - TOLERANCE
        age = now - max(place.polled, known.contact_may)
        may_fresh = age < stale + TOLERANCE
        periodic = [
            known.held[trait.source]
            for trait in known.thing.traits
            if trait.periodic and trait.source in known.held
        ]
        usable = [held for held in periodic if held.truth is not None]
        must_live = not periodic or any(vendor_now - h.at < limit - TOLERANCE for h in usable)
        must_live = must_live or now - known.alive < limit - TOLERANCE
        # What carries no periodic reading now may be taken for one that never does.
        may_live = not usable or any(vendor_now - h.newest < limit + TOLERANCE for h in periodic)
        may_live = may_live or now - known.alive_may < limit + TOLERANCE
        for trait, held in _served_traits(known):
            old = vendor_now - held.at
            if trait.periodic:
                may, must = old < limit + TOLERANCE, old < limit - TOLERANCE
            else:
                may, must = may_live, must_live
            may, must = may and may_fresh, must and must_fresh and held.truth is not None
            may = may and held.truth is not None
            yield trait.metric, Verdict(may, must, held.truth, old, age, trait.periodic)

    # --- counts

    def _check_counts(self, location: str, known: Known) -> None:
        served = self.page.of(location, known.thing.id)
        unsure = len(known.leaks.unsure - known.leaks.told)
        for event, expected in known.edges().items():
            count = served.get((_EVENTS, (event,)))
            least = expected if count is not None or expected else 0
            room = unsure if event == "leak" else 0
            if not least <= (count or 0) <= expected + room:
                self._fault(f"{known.thing.id}: {event} counted {count}, delivered {expected}")
        least = len(known.alerts - known.uncounted - known.unsure)
        counted = _sum(served, _ALERTS)
        if not least <= counted <= least + len(known.unsure):
            self._fault(f"{known.thing.id}: {counted:.0f} activities, delivered {least}")

    def _fault(self, what: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            day, rest = divmod(self._now(), things.DAY)
            self.faults.append(f"day {day:.0f} {rest / HOUR:.2f} h: {what}")


def _sum(served: dict[Series, float], metric: str) -> float:
    return sum(value for (name, _), value in served.items() if name == metric)


def _served_traits(known: Known) -> Iterator[tuple[Trait, Held]]:
    """Yield each trait that is served: of two that say the same, the first with a value."""
    taken: dict[str, tuple[Trait, Held]] = {}
    for trait in sorted(known.thing.traits, key=lambda trait: trait.rank):
        held = known.held.get(trait.source)
        if held is not None and (trait.metric not in taken or taken[trait.metric][1].truth is None):
            taken[trait.metric] = (trait, held)
    yield from taken.values()
