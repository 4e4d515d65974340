"""What happens in the homes: by chance, whether or not anyone learns of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from tests.soak import things
from tests.soak.dice import Dice
from tests.soak.things import DAY, HOUR, MINUTE, Alert, Home, State, Thing, Trait

#: What came to the cloud about one thing, at once.
News = list[tuple[Trait, State]]
_JUNK: tuple[object, ...] = ("warm", -327_680, 1e300, True, [], {})
_ALARMS = ("ARM_PENDING", "ARMED_AWAY", "ARMED_NIGHT", "ARMED_STAY", "DISARMED", "BREACHED")
_OTHER_ALERTS = ("mold_risk", "rh_too_high", "temp_too_low", "button_press_paired", "new_kind")
_LISTED_FOR = DAY


class Cloud(Protocol):
    """Who hears of it, once it has come to the vendor."""

    def learn(self, home: Home, thing: Thing, news: News) -> None:
        """Take new states of a thing."""
        ...

    def alarm(self, home: Home) -> None:
        """Take that the home's alarm has another state."""
        ...

    def alert(self, home: Home, thing: Thing, alert: Alert) -> None:
        """Take that an activity is new, or came further."""
        ...


@dataclass(slots=True)
class _Event:
    """A bool that becomes true now and then: how seldom, and for how long."""

    trait: Trait
    seldom: float
    lasts: float


_EVENTS = (
    _Event(things.MOTION, 35 * MINUTE, 30.0),
    _Event(things.OPENING, 3 * HOUR, 12 * MINUTE),
    _Event(things.CLOSED, 5 * HOUR, 4 * MINUTE),
    _Event(things.FIRE, 2 * DAY, 10 * MINUTE),
    _Event(things.FLOOD, 2 * DAY, HOUR),
    _Event(things.TAMPER, 3 * DAY, 20 * MINUTE),
    _Event(things.COND, 4 * HOUR, 25 * MINUTE),
    _Event(things.HEATS, 2 * HOUR, 30 * MINUTE),
    _Event(things.LOW, 6 * DAY, 5 * HOUR),
)
#: How often what is measured is reported.
_MEASURED = (
    (things.WARMTH, 40 * MINUTE),
    (things.LINK, 3 * HOUR),
    (things.VOLTS, 12 * HOUR),
    (things.POWER, 6 * MINUTE),
    (things.ROOM, HOUR),
    (things.SENSED, 25 * MINUTE),
    (things.DAMP, 30 * MINUTE),
)


class Life:
    """Lets time pass in the homes."""

    def __init__(
        self, homes: list[Home], cloud: Cloud, now: Callable[[], float], dice: Dice
    ) -> None:
        self._homes = homes
        self._cloud = cloud
        self._now = now
        self._dice = dice
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._real: dict[tuple[str, str], State] = {}
        self._kept: dict[str, list[tuple[Thing, News]]] = {}
        self._stumbled: dict[str, float] = {}
        self.leaks = 0
        self.offline = 0
        self.removals = 0

    def begin(self) -> None:
        """Let everything begin to happen."""
        for home in self._homes:
            self._now_and_then(4 * DAY, self._lose_gateway, home)
            self._now_and_then(6 * DAY, self._remove, home)
            self._loop.call_later(self._dice.uniform(1.5 * HOUR, 5 * HOUR), self._remove, home)
            if home.vendor == "homely":
                self._now_and_then(5 * HOUR, self._turn_alarm, home)
            for thing in home.things:
                self._live(home, thing)

    def _live(self, home: Home, thing: Thing) -> None:
        for event in _EVENTS:
            if event.trait in thing.traits:
                self._now_and_then(event.seldom, self._happen, home, thing, event)
        for trait, seldom in _MEASURED:
            if trait in thing.traits:
                self._now_and_then(seldom, self._measure, home, thing, trait)
        if things.ENERGY in thing.traits:
            self._loop.call_later(self._dice.uniform(0, HOUR), self._count_energy, home, thing)
        if things.LOCK in thing.traits:
            self._now_and_then(3 * HOUR, self._turn_key, home, thing)
        if things.LEAK in thing.traits:
            self._now_and_then(1.5 * DAY, self._leak, home, thing)
        if home.vendor == "wally":
            self._now_and_then(4 * DAY, self._warn, home, thing)

    def _now_and_then(self, seldom: float, act: Callable[..., None], *what: object) -> None:
        def again() -> None:
            act(*what)
            self._loop.call_later(self._dice.after(seldom), again)

        # An hour of peace: what goes on when the exporter starts is nobody's edge.
        self._loop.call_later(HOUR + self._dice.after(seldom), again)

    # --- what things do

    def _happen(self, home: Home, thing: Thing, event: _Event) -> None:
        if self._is_true(thing, event.trait):
            return
        self._report(home, thing, (event.trait, 1.0))
        lasts = 1.0 + self._dice.after(event.lasts)
        self._loop.call_later(lasts, self._report, home, thing, (event.trait, 0.0))

    def _measure(self, home: Home, thing: Thing, trait: Trait) -> None:
        if self._dice.hits(0.01):
            self._report(home, thing, (trait, None))
            return
        before = thing.states[trait.source].truth
        step = 0.0 if self._dice.hits(0.2) else self._dice.choice((-0.1, 0.1))
        low, high = (0.05, 0.95) if trait.raw is things.LINK.raw else (2.0, 25.0)
        near = min(max((before or 2.5) + step, low), high)
        self._report(home, thing, (trait, round(near, 2)))
        if trait is things.SENSED and things.LEAK in thing.traits and self._dice.hits(0.3):
            same = self._latest(thing, things.LEAK)
            self._report(home, thing, (things.LEAK, same.truth), leak=same.leak)

    def _count_energy(self, home: Home, thing: Thing) -> None:
        real = self._latest(thing, things.ENERGY)
        assert real.truth is not None
        used = self._dice.randrange(200, 3000) * 3600.0
        self._report(home, thing, (things.ENERGY, real.truth + used))
        if self._dice.hits(0.03):
            self._loop.call_later(10 * MINUTE, self._stumble, home, thing)
        self._loop.call_later(HOUR, self._count_energy, home, thing)

    def _stumble(self, home: Home, thing: Thing) -> None:
        """Let a meter say once that it counted nothing; said twice it would be to be believed."""
        if not home.offline and self._now() - self._stumbled.get(thing.id, 0.0) > 3 * DAY:
            self._stumbled[thing.id] = self._now()
            state = State(0, 0.0, home.moment(self._now()), spurious=True)
            self._arrive(home, thing, [(things.ENERGY, state)])

    def stir(self, home: Home) -> None:
        """Let everything happen at once that can at any time."""
        self._turn_alarm(home)
        for thing in home.things:
            for trait, _ in _MEASURED:
                if trait in thing.traits:
                    self._measure(home, thing, trait)

    def _turn_key(self, home: Home, thing: Thing) -> None:
        locked = float(not self._is_true(thing, things.LOCK))
        both = [(things.LOCK, locked), (things.LOCKED, locked)]
        self._dice.shuffle(both)
        if self._dice.hits(0.5):
            self._report(home, thing, *both)
            return
        self._report(home, thing, both[0])
        self._loop.call_later(0.2, self._report, home, thing, both[1])

    def _turn_alarm(self, home: Home) -> None:
        if not home.offline:
            home.alarm = self._dice.choice([one for one in _ALARMS if one != home.alarm])
            self._cloud.alarm(home)
            if home.alarm == "ARM_PENDING":
                self._loop.call_later(self._dice.uniform(0.2, 30), self._turn_alarm, home)

    def _leak(self, home: Home, thing: Thing) -> None:
        if self._is_true(thing, things.LEAK):
            return
        number = next(self._numbers)
        self.leaks += 1
        self._report(home, thing, (things.LEAK, 1.0), leak=number)
        lasts = 3 * MINUTE + self._dice.after(HOUR)
        self._loop.call_later(lasts, self._report, home, thing, (things.LEAK, 0.0))
        if not home.offline and self._dice.hits(0.8):
            soon = self._dice.uniform(0, 15)
            alert = Alert("alarm", home.moment(self._now() + soon), leak=number)
            self._loop.call_later(soon, self._progress, home, thing, alert, lasts)

    def _warn(self, home: Home, thing: Thing) -> None:
        if not home.offline:
            alert = Alert(self._dice.choice(_OTHER_ALERTS), home.moment(self._now()))
            self._progress(home, thing, alert, self._dice.after(6 * HOUR))

    def _progress(self, home: Home, thing: Thing, alert: Alert, lasts: float) -> None:
        """Let an alert be opened, perhaps acknowledged, resolved, and one day be forgotten."""

        def become(state: str) -> None:
            alert.state = state
            self._cloud.alert(home, thing, alert)

        thing.alerts.append(alert)
        become("open")
        if self._dice.hits(0.4):
            self._loop.call_later(lasts * 0.6, become, "acknowledged")
        self._loop.call_later(lasts + 5, become, "resolved")
        self._loop.call_later(lasts + _LISTED_FOR, thing.alerts.remove, alert)

    # --- how it comes to the cloud

    def _is_true(self, thing: Thing, trait: Trait) -> bool:
        return bool(self._latest(thing, trait).truth)

    def _latest(self, thing: Thing, trait: Trait) -> State:
        """Return what is really so, whether or not the cloud knows."""
        return self._real.get((thing.id, trait.source), thing.states[trait.source])

    def _report(
        self, home: Home, thing: Thing, *said: tuple[Trait, float | None], leak: int = 0
    ) -> None:
        news: News = []
        for trait, truth in said:
            raw = self._dice.choice(_JUNK) if truth is None else trait.raw(truth)
            news.append((trait, State(raw, truth, home.moment(self._now()), leak=leak)))
            if truth is not None:
                self._real[thing.id, trait.source] = news[-1][1]
        if not home.offline:
            self._arrive(home, thing, news)
        elif home.id in self._kept:
            self._kept[home.id].append((thing, news))

    def _arrive(self, home: Home, thing: Thing, news: News) -> None:
        for trait, state in news:
            if state.at > thing.states[trait.source].at:
                thing.states[trait.source] = state
        self._cloud.learn(home, thing, news)

    def _lose_gateway(self, home: Home) -> None:
        if home.offline:
            return
        home.offline = True
        self.offline += 1
        if self._dice.hits(0.5):
            self._kept[home.id] = []
        self._loop.call_later(self._dice.uniform(10 * MINUTE, 40 * HOUR), self._find_gateway, home)

    def _find_gateway(self, home: Home) -> None:
        """Let what the gateway kept arrive with its own old times, or what is so now."""
        home.offline = False
        delay = 0.0
        for thing, news in self._kept.pop(home.id, []):
            # One after the other, so that none is overtaken by more than a few.
            delay += self._dice.uniform(0.2, 2)
            self._loop.call_later(delay, self._arrive, home, thing, news)
        self._loop.call_later(delay + 1, self._tell_all, home)

    def _tell_all(self, home: Home) -> None:
        """Let a gateway that is back report what its cloud does not know yet."""
        for thing in home.things:
            for trait in thing.traits:
                real = self._latest(thing, trait)
                if not home.offline and real.at > thing.states[trait.source].at:
                    state = State(real.raw, real.truth, home.moment(self._now()), leak=real.leak)
                    self._real[thing.id, trait.source] = state
                    self._arrive(home, thing, [(trait, state)])

    def _remove(self, home: Home) -> None:
        thing = self._dice.choice(home.things)
        if not thing.gone:
            thing.gone = True
            self.removals += 1
            lasts = self._dice.uniform(5 * MINUTE, 8 * HOUR)
            self._loop.call_later(lasts, setattr, thing, "gone", False)
