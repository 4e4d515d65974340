"""Every Homely model that was met in a home, with the states it carries."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from exporter.simulator.curves import (
    DAY,
    HOUR,
    Battery,
    Demand,
    MeanPower,
    Relay,
    Temperature,
    Visits,
    Wobble,
)
from exporter.simulator.devices import HomelyDevice, Meter, Spec
from exporter.simulator.noise import noise
from exporter.simulator.people import PIN_NOTE
from exporter.simulator.stamps import Minter

UNKNOWN_MODEL = "Sauna Heater X1"
NO_FLOOR_SENSOR = 55546
MISSING = object()
_MONTH = 30 * DAY
_PARENT = "0015BC002C102E91"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a world asks of one device."""

    model: str
    name: str
    room: str = ""
    warmth: float = 21.0
    online: bool = True
    defect: Any = False
    sensitivity: Any = MISSING
    edition: int = 1
    report_every: float = 300.0
    floor: int = NO_FLOOR_SENSOR


def _temperature(key: int, wish: Wish) -> list[Spec]:
    curve = Temperature(key, wish.warmth)
    return [Spec("temperature", "temperature", curve=curve, period=wish.report_every)]


def _battery(key: int, wish: Wish) -> list[Spec]:
    voltage = Battery(full=3.1, changed=1_700_000_000 + noise(key, 3) * 200 * DAY)
    specs = [
        Spec("battery", "low", value=False, age=_MONTH * (1 + 8 * noise(key, 1))),
        Spec("battery", "voltage", curve=voltage, period=2 * DAY),
    ]
    if wish.defect is not MISSING:
        specs.insert(1, Spec("battery", "defect", value=wish.defect, age=_MONTH * 5))
    return specs


def _radio(key: int, _wish: Wish) -> list[Spec]:
    strength = Wobble(key + 7, mean=60 + 35 * noise(key, 2), reach=6)
    return [
        Spec("diagnostic", "networklinkstrength", curve=strength, period=2.5 * HOUR),
        Spec("diagnostic", "networklinkaddress", value=_PARENT, age=3 * DAY),
    ]


def _setup(_key: int, _wish: Wish) -> list[Spec]:
    return [
        Spec("setup", "appledenable", value=True, age=_MONTH * 7),
        Spec("setup", "errledenable", value=False, age=_MONTH * 7),
    ]


def _visited(key: int, wish: Wish, visits: Visits) -> list[Spec]:
    specs = [
        Spec("alarm", "alarm", value=False, age=HOUR, curve=visits),
        Spec("alarm", "tamper", value=False, age=_MONTH * 2 + noise(key, 4) * DAY),
    ]
    if wish.sensitivity is not MISSING:
        specs.append(Spec("alarm", "sensitivitylevel", value=wish.sensitivity, age=_MONTH * 4))
    return specs


def _motion(key: int, wish: Wish) -> list[Spec]:
    return _visited(key, wish, Visits(key + 11, chance=0.5, lasts=25))


def _contact(key: int, wish: Wish) -> list[Spec]:
    return _visited(key, wish, Visits(key + 12, chance=0.15, lasts=60))


def _fire(_key: int, _wish: Wish) -> list[Spec]:
    return [
        Spec("alarm", "fire", value=False, age=_MONTH * 6),
        Spec("alarm", "tamper", value=False, age=_MONTH * 6),
    ]


def _flood(_key: int, _wish: Wish) -> list[Spec]:
    return [Spec("alarm", "flood", value=False, age=_MONTH * 3)]


def _metering(key: int, _wish: Wish) -> list[Spec]:
    return [
        Spec("metering", "summationdelivered", value=0),
        Spec("metering", "summationreceived", value=0, age=_MONTH * 2),
        Spec("metering", "demand", curve=Demand(key), period=10),
        Spec("metering", "check", value=False, age=_MONTH * 2),
    ]


_THERMOSTAT: tuple[tuple[str, Any], ...] = (
    ("AbsMinHeatSetpointLimit", 5),
    ("AbsMaxHeatSetpointLimit", 50),
    ("OccupiedCoolingSetpoint", 2600),
    ("OccupiedHeatingSetpoint", 2200),
    ("ControlSequenceOfOperation", 2),
    ("SystemMode", 1),
    ("mf413", False),
    ("mf412", False),
    ("mf411", False),
    ("mf406", True),
    ("mf419", 0),
    ("mf418", 10),
    ("mf417", 0),
    ("mf416", "01010601000A52"),
    ("mf414", 28),
    ("mf407", None),
    ("mf405", False),
    ("mf404", 15),
    ("mf403", "00"),
    ("mf402", None),
    ("mf401", 2000),
)


def _thermostat(key: int, wish: Wish) -> list[Spec]:
    relay = Relay(key + 13)
    warmth = Temperature(key, wish.warmth, swing=0.6, digits=0, scale=100)
    return [
        Spec("thermostat", "LocalTemperature", curve=warmth, period=wish.report_every),
        *(Spec("thermostat", state, value=value, age=_MONTH) for state, value in _THERMOSTAT),
        Spec("thermostat", "mf415", curve=relay, period=600),
        Spec("thermostat", "mf409", value=wish.floor, age=HOUR),
        Spec("thermostat", "mf408", curve=MeanPower(relay), period=600),
    ]


def _lock(_key: int, _wish: Wish) -> list[Spec]:
    states: tuple[tuple[str, str, Any], ...] = (
        ("lock", "state", True),
        ("lock", "autorelocktime", 30),
        ("lock", "soundvolume", 2),
        ("lock", "language", "no"),
        ("report", "event", "locked_by_keypad"),
        ("report", "errorcode", "none"),
        ("report", "lockmodel", "V2N"),
        ("report", "locked", True),
        ("report", "doorclosed", True),
        ("report", "lowbat", False),
        ("report", "Broken", False),
        ("report", "added", PIN_NOTE),
    )
    return [Spec(feature, state, value=value, age=2 * DAY) for feature, state, value in states]


def _sauna(_key: int, _wish: Wish) -> list[Spec]:
    return [
        Spec("sauna", "heat", value=3, age=DAY),
        Spec("sauna", "steaming", value=False, age=DAY),
        Spec("sauna", "programme", value="evening", age=DAY),
        Spec("sauna", "timer", value=None),
    ]


_Part = Callable[[int, Wish], list[Spec]]
_POWERED: tuple[_Part, ...] = (_temperature, _battery, _radio)

MODELS: dict[str, tuple[_Part, ...]] = {
    "Alarm Motion Sensor 2": (_motion, *_POWERED, _setup),
    "Motion Sensor Mini": (_motion, *_POWERED),
    "Motion Sensor 2 Alarm": (_motion, *_POWERED),
    "Alarm Entry Sensor 2": (_contact, *_POWERED, _setup),
    "Window Sensor": (_contact, *_POWERED),
    "Window Alarm Sensor": (_contact, *_POWERED),
    "Smoke Alarm": (_fire, *_POWERED),
    "Intelligent Smoke Alarm": (_fire, *_POWERED, _setup),
    "Intelligent Heat Alarm": (_fire, *_POWERED, _setup),
    "Heat Alarm": (_fire, *_POWERED),
    "Flood Alarm": (_flood, *_POWERED),
    "EMI Norwegian HAN": (_metering, _radio),
    "ELKO Super TR": (_thermostat,),
    "Yale Doorman V2N": (_lock,),
    UNKNOWN_MODEL: (_sauna,),
}


def build(wish: Wish, minter: Minter) -> HomelyDevice:
    """Make the device that a world asks for."""
    key = minter.key()
    header = {
        "id": minter.uuid(),
        "name": wish.name,
        "serialNumber": minter.serial(),
        "location": wish.room,
        "online": wish.online,
        "modelId": str(uuid5(NAMESPACE_DNS, f"{wish.model} {wish.edition}")),
        "modelName": wish.model,
    }
    specs: Iterable[Spec] = (spec for part in MODELS[wish.model] for spec in part(key, wish))
    meter = Meter(3600.0 * (4_000_000 + key % 900_000)) if _metering in MODELS[wish.model] else None
    return HomelyDevice(header, tuple(specs), key, meter)


def speaks(model: str) -> bool:
    """Tell whether a model reports its temperature, so that it is never silent for long."""
    return _temperature in MODELS[model]
