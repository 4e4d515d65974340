"""Which Homely state gives which metric: one row for each `feature.state` that is known."""

import re
from dataclasses import dataclass

from exporter.catalog import Metric, readings


@dataclass(frozen=True, slots=True)
class Rule:
    """How the value of one state becomes a reading of `metric`."""

    metric: Metric
    times: float = 1.0
    divide: float = 1.0
    labels: tuple[str, ...] = ()
    rank: int = 0
    invert: bool = False
    int16: bool = False


RULES: dict[str, Rule] = {
    "temperature.temperature": Rule(readings.TEMPERATURE),
    "thermostat.LocalTemperature": Rule(readings.TEMPERATURE, divide=100, rank=1),
    "thermostat.mf409": Rule(readings.FLOOR_TEMPERATURE, divide=100, int16=True),
    "thermostat.OccupiedHeatingSetpoint": Rule(
        readings.THERMOSTAT_SETPOINT, divide=100, labels=("heating",)
    ),
    "thermostat.OccupiedCoolingSetpoint": Rule(
        readings.THERMOSTAT_SETPOINT, divide=100, labels=("cooling",)
    ),
    # Whole degrees, in the same feature whose other temperatures are hundredths.
    "thermostat.AbsMinHeatSetpointLimit": Rule(readings.THERMOSTAT_LIMIT, labels=("min",)),
    "thermostat.AbsMaxHeatSetpointLimit": Rule(readings.THERMOSTAT_LIMIT, labels=("max",)),
    "thermostat.mf414": Rule(readings.THERMOSTAT_LIMIT, labels=("floor_max",)),
    "thermostat.mf415": Rule(readings.THERMOSTAT_HEATING),
    "thermostat.mf408": Rule(readings.THERMOSTAT_POWER),
    "metering.demand": Rule(readings.POWER),
    "metering.summationdelivered": Rule(readings.ENERGY_IMPORTED, times=3600),
    "metering.summationreceived": Rule(readings.ENERGY_EXPORTED, times=3600),
    "battery.voltage": Rule(readings.BATTERY_VOLTS),
    "battery.low": Rule(readings.BATTERY_LOW),
    "report.lowbat": Rule(readings.BATTERY_LOW, rank=1),
    "battery.defect": Rule(readings.BATTERY_DEFECT),
    "diagnostic.networklinkstrength": Rule(readings.LINK_STRENGTH, divide=100),
    "alarm.flood": Rule(readings.LEAK),
    "alarm.fire": Rule(readings.FIRE),
    "alarm.tamper": Rule(readings.TAMPER),
    "lock.state": Rule(readings.LOCK_LOCKED),
    "report.locked": Rule(readings.LOCK_LOCKED, rank=1),
    "report.doorclosed": Rule(readings.CONTACT_OPEN, invert=True, rank=1),
    "report.Broken": Rule(readings.LOCK_JAMMED),
}

#: The floor sensor's -99.90 says that none is fitted: that is not a bad value.
NO_FLOOR_SENSOR = -99.9

#: Known states that come out as `home_device_state`, so they are not "unmapped".
CONFIGURATION = frozenset(
    {
        "alarm.sensitivitylevel",
        "metering.check",
        "setup.appledenable",
        "setup.errledenable",
        "lock.autorelocktime",
        "lock.soundvolume",
        "thermostat.ControlSequenceOfOperation",
        "thermostat.SystemMode",
        "thermostat.mf401",
        "thermostat.mf404",
        "thermostat.mf405",
        "thermostat.mf406",
        "thermostat.mf411",
        "thermostat.mf412",
        "thermostat.mf413",
        "thermostat.mf417",
        "thermostat.mf418",
        "thermostat.mf419",
    }
)

#: States that are left out on purpose; the catalogue's left_out gives the reason of each.
LEFT_OUT = frozenset(
    {
        "lock.language",
        "report.added",
        "report.errorcode",
        "report.event",
        "report.lockmodel",
        "thermostat.mf402",
        "thermostat.mf403",
        "thermostat.mf407",
        "thermostat.mf416",
    }
)

#: No document has it, so it may come with any feature; a device has one.
HUMIDITY = "humidity"
PARENT = "diagnostic.networklinkaddress"
_ALARM = "alarm.alarm"
_MOTION_MODEL = re.compile(r"motion", re.IGNORECASE)
# A Yale Doorman is a lock, whatever its name begins with.
_CONTACT_MODEL = re.compile(r"window|entry|door(?!man)", re.IGNORECASE)


def rule_for(source: str, model: str) -> Rule | None:
    """Return the row of a `feature.state`; what alarm.alarm means depends on the model."""
    if source == _ALARM:
        if _MOTION_MODEL.search(model):
            return Rule(readings.MOTION)
        if _CONTACT_MODEL.search(model):
            return Rule(readings.CONTACT_OPEN)
        return Rule(readings.ALARM_TRIGGERED)
    rule = RULES.get(source)
    if rule is None and source.rpartition(".")[2].lower() == HUMIDITY:
        return Rule(readings.HUMIDITY, divide=100)
    return rule


#: Every alarm state that the document or a capture names.
ALARM_STATES = (
    "DISARMED",
    "ARMED_AWAY",
    "ARMED_NIGHT",
    "ARMED_STAY",
    "ARMED_PARTLY",
    "BREACHED",
    "TRIGGERED",
    "ALARM_PENDING",
    "ALARM_STAY_PENDING",
    "ARM_PENDING",
    "ARM_AWAY_PENDING",
    "ARM_NIGHT_PENDING",
    "ARM_STAY_PENDING",
    "ARMED_AWAY_PENDING",
    "ARMED_NIGHT_PENDING",
)
