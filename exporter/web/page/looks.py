"""How each reading is shown: its label, its value in the unit that people use, its weight."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from exporter.catalog import Metric, readings
from exporter.model import Reading
from exporter.store.freshness import DeviceView
from exporter.store.held import HeldDevice, Slot

_JOULES_PER_KWH = 3.6e6
_KILO = 1000.0


class Place(StrEnum):
    """Where on a device a reading is shown."""

    MAIN = "main"
    BATTERY = "battery"
    LINK = "link"
    MORE = "more"


class Shown(NamedTuple):
    """A reading in words; `tone` is "critical", "warning" or ""."""

    label: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a metric is shown; `labels` name the variants that its own labels make.

    With a `tone`, 1 is worth a look; an `is_quiet` one is shown among the main ones only then.
    """

    label: str
    form: Callable[[float], str]
    place: Place = Place.MAIN
    tone: str = ""
    is_quiet: bool = False
    labels: dict[tuple[str, ...], str] = field(default_factory=dict)

    def name(self, labels: tuple[str, ...]) -> str:
        """Return the label of one variant."""
        return self.labels.get(labels, self.label)


def number(digits: int, unit: str = "", times: float = 1.0) -> Callable[[float], str]:
    """Return what writes a number with its unit, a true minus and no minus before zero."""
    suffix = f"\N{NO-BREAK SPACE}{unit}" if unit else ""

    def form(value: float) -> str:
        # Adding zero takes the minus from a zero.
        rounded = round(value * times, digits) + 0.0
        return f"{rounded:,.{digits}f}{suffix}".replace("-", "\N{MINUS SIGN}")

    return form


def either(on: str, off: str) -> Callable[[float], str]:
    """Return what writes a bool."""
    return lambda value: on if value else off


def _power(value: float) -> str:
    is_large = abs(value) >= 10 * _KILO
    return number(1, "kW", 1 / _KILO)(value) if is_large else number(0, "W")(value)


_CELSIUS = number(1, "°C")
_PERCENT = number(0, "%", 100)
_ENERGY = number(1, "kWh", 1 / _JOULES_PER_KWH)
_YES = either("yes", "no")

#: In the order in which a device shows them.
LOOKS: dict[Metric, Look] = {
    readings.FIRE: Look("Smoke or heat", either("detected", "none"), tone="critical"),
    readings.LEAK: Look("Water", either("wet", "dry"), tone="critical"),
    readings.LEAK_ALARMED: Look("Leak alarm", either("on", "off"), tone="critical", is_quiet=True),
    readings.CONTACT_OPEN: Look("Contact", either("open", "closed")),
    readings.MOTION: Look("Motion", either("detected", "none")),
    readings.ALARM_TRIGGERED: Look("Alarm", either("triggered", "quiet"), tone="warning"),
    readings.LOCK_LOCKED: Look("Lock", either("locked", "unlocked")),
    readings.LOCK_JAMMED: Look("Jammed", _YES, tone="warning", is_quiet=True),
    readings.TAMPER: Look("Tampered with", _YES, tone="warning", is_quiet=True),
    readings.TEMPERATURE: Look("Temperature", _CELSIUS),
    readings.HUMIDITY: Look("Humidity", _PERCENT),
    readings.FLOOR_TEMPERATURE: Look("Floor", _CELSIUS),
    readings.THERMOSTAT_SETPOINT: Look(
        "Set to",
        _CELSIUS,
        labels={("heating",): "Heat to", ("cooling",): "Cool to"},
    ),
    readings.THERMOSTAT_HEATING: Look("Heating", either("on", "off")),
    readings.THERMOSTAT_POWER: Look("Heating power", _power),
    readings.POWER: Look("Power", _power),
    readings.ENERGY_IMPORTED: Look("Energy bought", _ENERGY),
    readings.ENERGY_EXPORTED: Look("Energy sold", _ENERGY),
    readings.BATTERY_LOW: Look("Battery", either("low", "not low"), Place.BATTERY, "warning"),
    readings.BATTERY_DEFECT: Look("Battery", either("defect", "sound"), Place.BATTERY, "warning"),
    readings.BATTERY_VOLTS: Look("Battery", number(2, "V"), Place.BATTERY),
    readings.BATTERY_LEVEL: Look("Battery level (no unit)", number(0), Place.MORE),
    readings.LINK_STRENGTH: Look("Link", _PERCENT, Place.LINK),
    readings.SIGNAL_STRENGTH: Look(
        "Signal (no unit)",
        number(0),
        Place.MORE,
        labels={("recent",): "Signal lately (no unit)"},
    ),
    readings.TEMPERATURE_THRESHOLD: Look(
        "Temperature alert",
        _CELSIUS,
        Place.MORE,
        labels={("min",): "Alert when colder than", ("max",): "Alert when warmer than"},
    ),
    readings.HUMIDITY_THRESHOLD: Look(
        "Humidity alert",
        _PERCENT,
        Place.MORE,
        labels={("min",): "Alert when drier than", ("max",): "Alert when more humid than"},
    ),
    readings.THERMOSTAT_LIMIT: Look(
        "Setpoint limit",
        _CELSIUS,
        Place.MORE,
        labels={
            ("min",): "Lowest setpoint",
            ("max",): "Highest setpoint",
            ("floor_max",): "Warmest floor",
        },
    ),
    readings.DEVICE_STATE: Look("State", lambda value: f"{value:g}", Place.MORE),
}

#: Where it has no value, none is fitted.
_OPTIONAL = frozenset({readings.FLOOR_TEMPERATURE})
_ORDER = {metric: order for order, metric in enumerate(LOOKS)}


def shown(device: HeldDevice, view: DeviceView) -> dict[Place, list[Shown]]:
    """Return all that a device shows now, by place and in the order of the table."""
    found: dict[Place, list[Shown]] = {place: [] for place in Place}
    for (metric, labels), reading in sorted(device.best().items(), key=_rank):
        look = LOOKS.get(metric)
        if look is None or reading.value is None or not view.shows(reading):
            continue
        is_on = bool(reading.value)
        one = Shown(_label(look, metric, labels), look.form(reading.value), is_on * look.tone)
        found[Place.MORE if look.is_quiet and not is_on else look.place].append(one)
    _settle_battery(found)
    return found


def _settle_battery(found: dict[Place, list[Shown]]) -> None:
    """Keep of the battery what fits into a few words: what is wrong with it, and the voltage."""
    told = [one for one in found[Place.BATTERY] if one.tone or one.value[0].isdigit()]
    found[Place.BATTERY] = told or found[Place.BATTERY][:1]


def too_old(device: HeldDevice, view: DeviceView) -> Iterator[tuple[str, Reading]]:
    """Yield, with their labels, the readings that are held but no longer shown on their own."""
    if view.is_served:
        for (metric, labels), reading in device.best().items():
            if metric in LOOKS and not view.shows(reading):
                yield _label(LOOKS[metric], metric, labels), reading


def without_value(device: HeldDevice) -> Iterator[str]:
    """Yield the labels of what the vendor names without a value that could be used."""
    best = device.best()
    for reading in device.readings.values():
        look = LOOKS.get(reading.metric)
        is_empty = reading.value is None and (reading.metric, reading.labels) not in best
        if look and is_empty and look.place is Place.MAIN and reading.metric not in _OPTIONAL:
            yield look.name(reading.labels)


def _rank(item: tuple[Slot, Reading]) -> tuple[int, int]:
    (metric, labels), _ = item
    variants = list(LOOKS[metric].labels) if metric in LOOKS else []
    return _ORDER.get(metric, len(_ORDER)), variants.index(labels) if labels in variants else 0


def _label(look: Look, metric: Metric, labels: tuple[str, ...]) -> str:
    return ".".join(labels) if metric is readings.DEVICE_STATE else look.name(labels)
