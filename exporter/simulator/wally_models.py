"""WallyHome's sensors: water, contact and four-in-one, with every field they may carry."""

from dataclasses import dataclass, field
from typing import Any

from exporter.simulator.curves import DAY, Humidity, Temperature, Wobble
from exporter.simulator.devices import Spec, WallySensor
from exporter.simulator.noise import noise
from exporter.simulator.stamps import Minter

WET = 15
FOUR_IN_ONE = "FourInOneSensor"
WATER = "WaterSensor"
_CONTACT_AGE = 16 * DAY


@dataclass(frozen=True, slots=True)
class WallyWish:
    """What a world asks of one sensor."""

    room: str
    appliance: str
    hardware: str = FOUR_IN_ONE
    contact: bool = False
    floor: str = "Main Floor"
    octets: int = 6
    suspended: bool = False
    offline: bool = False
    bare: bool = False
    warmth: float = 21.0
    report_every: float = 300.0
    thresholds: dict[str, Any] = field(
        default_factory=lambda: {
            "TEMP": {"name": "TEMP", "min": 10, "max": 38},
            "RH": {"name": "RH", "min": 30},
        }
    )


def _specs(key: int, wish: WallyWish) -> list[Spec]:
    every = 0.0 if wish.offline else wish.report_every
    age = 2 * DAY if wish.offline else 120.0
    specs = [
        Spec("state", "RH", value=48, age=age, curve=Humidity(key, 50), period=every),
        Spec(
            "state",
            "TEMP",
            value=18,
            age=age,
            curve=Temperature(key + 1, wish.warmth),
            period=every,
        ),
        Spec("state", "LEAK", value=0, age=age),
        Spec("state", "SENSOR", value=int(wish.contact), age=_CONTACT_AGE),
        Spec("state", "COND", value=0, age=_CONTACT_AGE),
    ]
    if not wish.bare:
        specs.append(Spec("state", "CONTACT", value=1, age=_CONTACT_AGE))
    strength = Wobble(key + 2, mean=55, reach=8, digits=9)
    specs.append(Spec("", "recentSignalStrength", curve=strength, period=wish.report_every))
    return specs


def _live_extras(key: int, minter: Minter) -> dict[str, Any]:
    return {
        "gatewayId": minter.octets(8),
        "contactThresholds": {"DISCONN": {"enabled": False}, "CONN": {"enabled": True}},
        "hardware": {
            "HW_REV": 3,
            "HW_TYPE": 2,
            "MAN_WEEK": 14,
            "MAN_YEAR": 2016,
            "MAN_ID": 1,
            "TX_CNT": 10_000 + key % 5_000,
            "BATT_LVL": 60 + int(40 * noise(key, 5)),
            "FW_REV": 27,
        },
    }


def build_sensor(wish: WallyWish, place_id: str, minter: Minter) -> WallySensor:
    """Make the sensor that a world asks for."""
    key, snid = minter.key(), minter.octets(wish.octets)
    location = {
        "id": minter.hexdigits(24),
        "placeId": place_id,
        "sensorId": snid,
        "room": wish.room,
        "appliance": wish.appliance,
        "floor": wish.floor,
        "functionalType": "CONTACT" if wish.contact else "LEAK",
        "created": "2016-07-06T17:11:44.926Z",
        "updated": "2016-07-06T17:11:44.920Z",
    }
    data: dict[str, Any] = {
        "snid": snid,
        "offline": wish.offline,
        "suspended": wish.suspended,
        "paired": "2016-07-06T17:11:58.001Z",
        "updated": "2016-07-06T17:11:58.001Z",
        "alarmed": False,
        "signalStrength": 62 if wish.hardware == WATER else 0,
        "recentSignalStrength": None,
        "hardwareType": wish.hardware,
        "location": location,
        "thresholds": wish.thresholds,
        "state": {},
        "activities": [],
        **({} if wish.bare else _live_extras(key, minter)),
    }
    return WallySensor(data, tuple(_specs(key, wish)), key)
