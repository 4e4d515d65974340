"""How readings move: each curve is a pure function of time and its seed."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from exporter.simulator.noise import drift, noise

DAY = 86_400.0
HOUR = 3_600.0
YEAR = 365.25 * DAY
_REPLACED_AFTER = 2.0
_COOKS_ABOVE = 0.7
_EVENING = (16, 22)
_MORNING = (6, 9)
_DAYTIME = (6, 23)


class Curve(Protocol):
    """Anything that has a value at every moment."""

    def at(self, moment: float) -> float | bool:
        """Return the value at `moment`, in seconds since the epoch."""
        ...


def hour_of(moment: float) -> float:
    """Return the hour of the day, 0 to 24."""
    return moment % DAY / HOUR


def daily(moment: float, warmest_hour: float) -> float:
    """Return a day's wave in [-1, 1], highest at `warmest_hour`."""
    return math.cos((hour_of(moment) - warmest_hour) / 24 * 2 * math.pi)


def tidy(value: float, digits: int) -> float:
    """Round as the clouds do: a whole number is written without its `.0`."""
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded


@dataclass(frozen=True, slots=True)
class Temperature:
    """A room's temperature over the day, in degrees or hundredths of one."""

    key: int
    mean: float
    swing: float = 1.0
    digits: int = 1
    scale: int = 1

    def at(self, moment: float) -> float:
        """Return the temperature."""
        wander = 0.4 * drift(self.key, moment, 2 * HOUR)
        degrees = self.mean + self.swing * daily(moment, 16) + wander
        return tidy(degrees * self.scale, self.digits)


@dataclass(frozen=True, slots=True)
class Humidity:
    """Relative humidity in whole percent, lower when the day is warm."""

    key: int
    mean: float

    def at(self, moment: float) -> float:
        """Return the humidity."""
        value = self.mean - 4 * daily(moment, 16) + 5 * drift(self.key, moment, 3 * HOUR)
        return round(min(max(value, 5), 95))


@dataclass(frozen=True, slots=True)
class Wobble:
    """A value that wanders about a mean: a link strength, a signal, a level."""

    key: int
    mean: float
    reach: float
    span: float = 6 * HOUR
    digits: int = 0
    ceiling: float = 100

    def at(self, moment: float) -> float:
        """Return the value."""
        value = self.mean + self.reach * drift(self.key, moment, self.span)
        return tidy(min(max(value, 0), self.ceiling), self.digits)


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery that loses a few tenths of a volt a year until it is replaced."""

    full: float
    changed: float
    loss_a_year: float = 0.25

    def at(self, moment: float) -> float:
        """Return the voltage in steps of a tenth."""
        age = (moment - self.changed) / YEAR % _REPLACED_AFTER
        return tidy(self.full - self.loss_a_year * age, 1)


@dataclass(frozen=True, slots=True)
class Demand:
    """A home's electric power in whole watts, following its people and the cold."""

    key: int
    base: int = 180

    def at(self, moment: float) -> int:
        """Return the power."""
        heating = 450 - 350 * daily(moment, 15)
        hour = hour_of(moment)
        people = 900 if _EVENING[0] <= hour < _EVENING[1] else 0
        people += 600 if _MORNING[0] <= hour < _MORNING[1] else 0
        cooking = people > 0 and noise(self.key, int(moment // 600)) > _COOKS_ABOVE
        flicker = 40 * noise(self.key + 1, int(moment // 10))
        return round(self.base + heating + people + (1900 if cooking else 0) + flicker)


@dataclass(frozen=True, slots=True)
class Relay:
    """A thermostat's relay: on for a share of its ten-minute slots."""

    key: int
    slot: float = 600

    def share(self, moment: float) -> float:
        """Return the part of the time that the relay is on, more when it is cold."""
        return 0.45 - 0.3 * daily(moment, 15)

    def at(self, moment: float) -> bool:
        """Return whether the relay is on."""
        return noise(self.key, int(moment // self.slot)) < self.share(moment)


@dataclass(frozen=True, slots=True)
class MeanPower:
    """The power a relay let through over the ten minutes before."""

    relay: Relay
    watts: int = 2000

    def at(self, moment: float) -> int:
        """Return the mean power."""
        return self.watts if self.relay.at(moment - self.relay.slot) else 0


@dataclass(frozen=True, slots=True)
class Visits:
    """Something people do now and then: a movement, a door that opens and closes."""

    key: int
    chance: float
    lasts: float
    slot: float = 900

    def _visit(self, slot: int) -> tuple[float, float] | None:
        hour = hour_of(slot * self.slot)
        chance = self.chance if _DAYTIME[0] <= hour < _DAYTIME[1] else self.chance / 20
        if noise(self.key, slot) >= chance:
            return None
        length = self.lasts * (0.5 + noise(self.key + 1, slot))
        start = slot * self.slot + noise(self.key + 2, slot) * (self.slot - length)
        return start, start + length

    def at(self, moment: float) -> bool:
        """Return whether it is going on."""
        visit = self._visit(int(moment // self.slot))
        return visit is not None and visit[0] <= moment < visit[1]

    def edges(self, moment: float, slots: int = 200) -> tuple[float, float]:
        """Return the last change at or before `moment` and the first one after it."""
        here = int(moment // self.slot)
        before = next(self._turns(here, moment, -slots), (here - slots) * self.slot)
        after = next(self._turns(here, moment, slots), (here + slots) * self.slot)
        return before, after

    def _turns(self, here: int, moment: float, slots: int) -> Iterator[float]:
        step = 1 if slots > 0 else -1
        for slot in range(here, here + slots, step):
            for turn in (self._visit(slot) or ())[::step]:
                if (turn > moment) == (step > 0):
                    yield turn
