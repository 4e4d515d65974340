"""The homes of the soak: what stands in them, and what their clouds hold of it.

Nothing here knows the exporter: a trait says which series its true value should become.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.soak.dice import Dice

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
_VILLAS, _CABINS = 3, 2


def _plain(truth: float) -> Any:
    return round(truth, 2)


def _percent(truth: float) -> Any:
    return round(truth * 100)


def _hundredths(truth: float) -> Any:
    return round(truth * 100)


def _yes(truth: float) -> Any:
    return bool(truth)


def _no(truth: float) -> Any:
    return not truth


def _watt_hours(truth: float) -> Any:
    return round(truth / 3600)


def _level(truth: float) -> Any:
    return 15 if truth else 3


@dataclass(frozen=True, slots=True)
class Trait:
    """One state of a thing: where its cloud has it, how, and what should be served of it."""

    source: str
    metric: str
    raw: Callable[[float], Any]
    periodic: bool = False
    rises: str = ""
    falls: str = ""
    rank: int = 0


WARMTH = Trait("temperature.temperature", "home_temperature_celsius", _plain, periodic=True)
LINK = Trait("diagnostic.networklinkstrength", "home_link_strength_ratio", _percent, periodic=True)
VOLTS = Trait("battery.voltage", "home_battery_volts", _plain)
LOW = Trait("battery.low", "home_battery_low", _yes)
TAMPER = Trait("alarm.tamper", "home_tamper_detected", _yes, rises="tamper")
MOTION = Trait("alarm.alarm", "home_motion_detected", _yes, rises="motion")
OPENING = Trait("alarm.alarm", "home_contact_open", _yes, rises="open")
FIRE = Trait("alarm.fire", "home_fire_detected", _yes, rises="fire")
FLOOD = Trait("alarm.flood", "home_leak_detected", _yes, rises="leak")
POWER = Trait("metering.demand", "home_power_watts", _plain, periodic=True)
ENERGY = Trait("metering.summationdelivered", "home_energy_imported_joules_total", _watt_hours)
ROOM = Trait(
    "thermostat.LocalTemperature", "home_temperature_celsius", _hundredths, periodic=True, rank=1
)
HEATS = Trait("thermostat.mf415", "home_thermostat_heating", _yes)
LOCK = Trait("lock.state", "home_lock_locked", _yes, rises="lock", falls="unlock")
LOCKED = Trait("report.locked", "home_lock_locked", _yes, rises="lock", falls="unlock", rank=1)
CLOSED = Trait("report.doorclosed", "home_contact_open", _no, rises="open", rank=1)
SENSED = Trait("TEMP", "home_temperature_celsius", _plain, periodic=True)
DAMP = Trait("RH", "home_humidity_ratio", _percent, periodic=True)
LEAK = Trait("LEAK", "home_leak_detected", _level, rises="leak")
COND = Trait("COND", "home_contact_open", _level, rises="open")


@dataclass(slots=True)
class State:
    """What a cloud holds of a trait; `truth` is None where the value is not to be believed.

    A `spurious` one is a number that no page may show although it looks like one. `leak` numbers
    the leak that a wet sensor of Wally shows.
    """

    raw: Any
    truth: float | None
    at: float
    spurious: bool = False
    leak: int = 0


@dataclass(slots=True)
class Alert:
    """One of Wally's activities; `leak` numbers the leak that it tells of."""

    kind: str
    created: float
    state: str = "open"
    leak: int = 0


@dataclass(slots=True)
class Thing:
    """A device or a sensor; its cloud omits it while it is `gone`."""

    id: str
    model: str
    traits: tuple[Trait, ...]
    name: str
    states: dict[str, State] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    gone: bool = False


@dataclass(slots=True)
class Home:
    """A home with its gateway; `pushed` are the sources of which its cloud sends events."""

    vendor: str
    id: str
    account: str
    things: list[Thing]
    pushed: frozenset[str] = frozenset()
    alarm: str = "DISARMED"
    offline: bool = False
    stamp: float = 0.0

    def moment(self, now: float) -> float:
        """Return a time to the millisecond that nothing of the home has yet."""
        self.stamp = max(round(now, 3), round(self.stamp + 0.001, 3))
        return self.stamp


_BATTERY = (WARMTH, LINK, VOLTS, LOW)
_VILLA: tuple[tuple[str, str, tuple[Trait, ...]], ...] = (
    ("motion", "Alarm Motion Sensor 2", (MOTION, TAMPER, *_BATTERY)),
    ("window", "Window Sensor", (OPENING, TAMPER, *_BATTERY)),
    ("entry", "Alarm Entry Sensor 2", (OPENING, *_BATTERY)),
    ("smoke", "Intelligent Smoke Alarm", (FIRE, *_BATTERY)),
    ("flood", "Flood Alarm", (FLOOD, *_BATTERY)),
    ("meter", "EMI Norwegian HAN", (POWER, ENERGY, LINK)),
    ("floor", "ELKO Super TR", (ROOM, HEATS)),
    ("lock", "Yale Doorman V2N", (LOCK, LOCKED, CLOSED)),
)
_CABIN: tuple[tuple[str, str, tuple[Trait, ...]], ...] = (
    ("sink", "WaterSensor", (SENSED, DAMP, LEAK)),
    ("bath", "FourInOneSensor", (SENSED, DAMP, LEAK)),
    ("cellar", "FourInOneSensor", (SENSED, LEAK)),
    ("door", "FourInOneSensor", (SENSED, DAMP, COND)),
)
#: Of some homes the cloud pushes everything, of others next to nothing.
_COVERAGES = (
    frozenset(trait.source for _, _, traits in _VILLA for trait in traits),
    frozenset(trait.source for _, _, traits in _VILLA for trait in traits) - {ENERGY.source},
    frozenset({WARMTH.source, LINK.source, OPENING.source}),
)


def _first(trait: Trait, dice: Dice) -> float:
    if trait.raw in (_yes, _no, _level):
        return float(trait.source in (LOCK.source, LOCKED.source))
    if trait is ENERGY:
        return 769_670.0 * 3600
    return 0.5 if trait.raw is _percent else round(dice.uniform(2.5, 3.0), 1)


def build(now: float, dice: Dice) -> list[Home]:
    """Return three homes at two logins of Homely, and two places at one account of Wally."""
    homes = [
        Home("homely", f"villa-{number}", f"homely-{1 + number // 2}", [], coverage)
        for number, coverage in zip(range(_VILLAS), _COVERAGES, strict=True)
    ]
    homes += [Home("wally", f"cabin-{number}", "wally-1", []) for number in range(_CABINS)]
    for home in homes:
        for name, model, traits in _VILLA if home.vendor == "homely" else _CABIN:
            thing = Thing(f"{home.id}-{name}", model, traits, name)
            for trait in traits:
                truth = _first(trait, dice)
                thing.states[trait.source] = State(trait.raw(truth), truth, home.moment(now))
            home.things.append(thing)
    return homes
