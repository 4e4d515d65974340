"""One full home of each vendor: every field that its documents name or a home was seen to send."""

from typing import Any

from exporter.simulator.stamps import iso
from tests.mapping.payloads import PERSONAL, Json, activity, device, home, sensor, state, trait
from tests.support.manual_clock import START

_MONTHS_AGO = START - 9_000_000
_PARENT = "0015BC00AA00BB01"


def _powered(warmth: float, volts: float) -> Json:
    return {
        "temperature.temperature": state(warmth, START - 60),
        "battery.low": state(value=False, at=_MONTHS_AGO),
        "battery.defect": state(value=False, at=_MONTHS_AGO),
        "battery.voltage": state(volts, START - 86_000),
        "diagnostic.networklinkstrength": state(87, START - 3600),
        "diagnostic.networklinkaddress": state(_PARENT, START - 86_000),
    }


def _motion() -> Json:
    return device(
        {
            "alarm.alarm": state(value=True, at=START - 5),
            "alarm.tamper": state(value=False, at=_MONTHS_AGO),
            "alarm.sensitivitylevel": state(2, _MONTHS_AGO),
            **_powered(20.3, 2.9),
            "setup.appledenable": state(value=True, at=_MONTHS_AGO),
            "setup.errledenable": state(value=False, at=_MONTHS_AGO),
        },
        id="dev-motion",
        name="Motion hall",
        location="Floor 1 - Hall",
        modelName="Alarm Motion Sensor 2",
    )


def _window() -> Json:
    states = {
        "alarm.alarm": state(value=False, at=START - 50),
        "alarm.tamper": state(value=False, at=_MONTHS_AGO),
        **_powered(17, 3),
        "battery.defect": {},
    }
    return device(states, id="dev-window", name="Window Sensor ", location="Floor -1 - Living room")


def _smoke() -> Json:
    states = {
        "alarm.fire": state(value=False, at=_MONTHS_AGO),
        "alarm.tamper": state(value=False, at=_MONTHS_AGO),
        **_powered(21.5, 3.1),
    }
    return device(
        states,
        id="dev-smoke",
        name='Smoke "loft" \\ stairs',
        location="Loft",
        modelName="Intelligent Smoke Alarm",
        online=False,
    )


def _flood() -> Json:
    states = {"alarm.flood": state(value=True, at=START - 90), **_powered(22.8, 2.9)}
    del states["battery.defect"]
    return device(
        states, id="dev-flood", name="Under the sink", location="", modelName="Flood Alarm"
    )


def _meter() -> Json:
    return device(
        {
            "metering.summationdelivered": state(769_670, START - 800),
            "metering.summationreceived": state(1_250, START - 800),
            "metering.demand": state(105, START - 8),
            "metering.check": state(value=False, at=_MONTHS_AGO),
            "diagnostic.networklinkstrength": state(98, START - 3600),
        },
        id="dev-meter",
        name="HAN plug",
        location="Floor 1 - Hall",
        modelName="EMI Norwegian HAN",
    )


_THERMOSTAT: tuple[tuple[str, Any], ...] = (
    ("AbsMinHeatSetpointLimit", 5),
    ("AbsMaxHeatSetpointLimit", 50),
    ("OccupiedCoolingSetpoint", 2600),
    ("OccupiedHeatingSetpoint", 2250),
    ("ControlSequenceOfOperation", 2),
    ("SystemMode", 1),
    ("mf401", 2000),
    ("mf402", None),
    ("mf403", "00"),
    ("mf404", 15),
    ("mf405", False),
    ("mf406", True),
    ("mf407", None),
    ("mf408", 640),
    ("mf409", 2450),
    ("mf411", False),
    ("mf412", False),
    ("mf413", True),
    ("mf414", 28),
    ("mf415", True),
    ("mf416", "01010601000A52"),
    ("mf417", 0),
    ("mf418", 10),
    ("mf419", 0),
)


def _thermostat() -> Json:
    states = {
        f"thermostat.{name}": state(value, None if value is None else _MONTHS_AGO)
        for name, value in _THERMOSTAT
    }
    states["thermostat.LocalTemperature"] = state(2380, START - 30)
    return device(states, id="dev-floor", name="Bathroom floor", modelName="ELKO Super TR")


def _lock() -> Json:
    values: dict[str, Any] = {
        "lock.state": True,
        "lock.autorelocktime": 30,
        "lock.soundvolume": 2,
        "lock.language": "no",
        "report.event": "locked_by_keypad",
        "report.errorcode": "none",
        "report.lockmodel": "V2N",
        "report.locked": True,
        "report.doorclosed": True,
        "report.lowbat": False,
        "report.Broken": False,
        "report.added": f"PIN of {PERSONAL}",
    }
    states = {source: state(value, _MONTHS_AGO) for source, value in values.items()}
    return device(states, id="dev-lock", name="Front door", modelName="Yale Doorman V2N")


def _unknown() -> Json:
    return device(
        {
            "sauna.heat": state(3, START - 600),
            "sauna.steaming": state(value=False, at=START - 600),
            "sauna.programme": state("evening", START - 600),
            "air.humidity": state(41.5, START - 600),
            "alarm.alarm": state(value=False, at=START - 600),
        },
        id="dev-sauna",
        name="Sauna \N{FIRE}",
        location="Floor 2 - Spa\nand more",
        modelName="Sauna Heater X1",
    )


def full_home() -> Json:
    """Return a Homely home with every state that is known, and some that are not."""
    return home(
        _motion(), _window(), _smoke(), _flood(), _meter(), _thermostat(), _lock(), _unknown()
    )


def full_places() -> list[Json]:
    """Return the listing of a Wally account, with all its fields about people."""
    return [
        {
            "id": "place-1",
            "accountId": "000-111-222",
            "label": "Cabin Eksempel ",
            "fullAddress": {"line1": PERSONAL, "line2": "Storgata 1", "city": "Oslo"},
            "address": f"{PERSONAL}, Storgata 1, Oslo",
            "suspended": False,
            "buzzerEnabled": True,
            "sensorIds": ["sn-water", "sn-four", "sn-door", "sn-not-heard-of"],
            "nestAdjustments": {},
            "nestEnabled": True,
            "rapidResponseSupport": ["rapidResponseSupport"],
        }
    ]


def _where(room: str, appliance: str, kind: str) -> Json:
    return {
        "id": "00003bd0c9e77c0021fc0001",
        "placeId": "place-1",
        "room": room,
        "appliance": appliance,
        "floor": "Main Floor",
        "functionalType": kind,
        "created": iso(_MONTHS_AGO),
        "updated": iso(_MONTHS_AGO),
    }


def _hardware(level: int) -> Json:
    return {
        "HW_REV": 3,
        "HW_TYPE": 2,
        "MAN_WEEK": 14,
        "MAN_YEAR": 2016,
        "MAN_ID": 1,
        "TX_CNT": 10_021,
        "BATT_LVL": level,
        "FW_REV": 27,
    }


def _climate() -> Json:
    return {"RH": trait(56, START - 40), "TEMP": trait(21.25, START - 40)}


def full_sensors(*, activities: bool = True) -> list[Json]:
    """Return the sensors of a Wally place, one of each kind."""
    alerts = [
        activity(created=iso(START - 60), snid="sn-water"),
        activity("mold_risk", "acknowledged", iso(START - 90_000), snid="sn-water"),
        activity("rh_too_high", "resolved", iso(START - 95_000), snid="sn-water"),
    ]
    return [
        sensor(
            {
                **_climate(),
                "LEAK": trait(15, START - 60),
                "SENSOR": trait(0, _MONTHS_AGO),
                "COND": trait(0, _MONTHS_AGO),
                "CONTACT": trait(1, _MONTHS_AGO),
            },
            snid="sn-water",
            alarmed=True,
            hardwareType="WaterSensor",
            signalStrength=62,
            recentSignalStrength=55.737,
            location=_where("Kitchen", "Sink", "LEAK"),
            thresholds={
                "TEMP": {"name": "TEMP", "min": 7.5, "max": 38},
                "RH": {"name": "RH", "min": 30, "max": 70.5},
            },
            hardware=_hardware(83),
            gatewayId="00-00-00-00-00-00-00-01",
            contactThresholds={"DISCONN": {"enabled": False}, "CONN": {"enabled": True}},
            activities=alerts if activities else [],
        ),
        sensor(
            {**_climate(), "LEAK": trait(3, START - 60)},
            snid="sn-four",
            suspended=True,
            location=_where("Bath\nroom", 'Washing "machine"', "LEAK"),
            thresholds={"TEMP": {"min": 10}},
        ),
        sensor(
            {
                **_climate(),
                "LEAK": trait(0, START - 60),
                "SENSOR": trait(1, _MONTHS_AGO),
                "COND": trait(15, START - 16 * 86_400),
            },
            snid="sn-door",
            offline=True,
            recentSignalStrength=41,
            location=_where("Hall", "Door", "CONTACT"),
            hardware=_hardware(12),
        ),
    ]
