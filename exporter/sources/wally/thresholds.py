"""The owner's alert thresholds of one WallyHome sensor."""

from typing import Any

from exporter.catalog import Metric, readings
from exporter.model import Reading
from exporter.sources.findings import Reject
from exporter.sources.values import Reader
from exporter.sources.wally.config import ThresholdUnit

# Nobody asks to be alerted outside this range: such a bound is in the other unit.
_LOWEST, _HIGHEST = -40.0, 60.0
_HIGHEST_MIN = 35.0


def thresholds(raw: Any, unit: ThresholdUnit, reader: Reader) -> dict[str, Reading]:
    """Return the bounds that exist; both temperature bounds go when either cannot be right."""
    limits = reader.object(raw)
    temperature = {
        bound: _celsius(value, unit)
        for bound, value in _bounds(limits.get("TEMP"), readings.TEMPERATURE_THRESHOLD, 1, reader)
    }
    if temperature and not _plausible(temperature):
        reader.reject(Reject.THRESHOLD_UNIT)
        reader.notice(
            "temperature thresholds that cannot be right are left out: is threshold_unit of the"
            " account the other of celsius and fahrenheit?"
        )
        temperature = {}
    humidity = dict(_bounds(limits.get("RH"), readings.HUMIDITY_THRESHOLD, 100, reader))
    return {
        **_readings("TEMP", readings.TEMPERATURE_THRESHOLD, temperature),
        **_readings("RH", readings.HUMIDITY_THRESHOLD, humidity),
    }


def _bounds(raw: Any, metric: Metric, divide: float, reader: Reader) -> list[tuple[str, float]]:
    limits = reader.object(raw)
    values = [
        (bound, reader.number(limits[bound], metric, divide=divide))
        for bound in ("min", "max")
        if limits.get(bound) is not None
    ]
    return [(bound, value) for bound, value in values if value is not None]


def _celsius(value: float, unit: ThresholdUnit) -> float:
    return value if unit is ThresholdUnit.CELSIUS else (value - 32) * 5 / 9


def _plausible(bounds: dict[str, float]) -> bool:
    low, high = bounds.get("min", _LOWEST), bounds.get("max", _HIGHEST)
    return _LOWEST <= low <= min(high, _HIGHEST_MIN) and high <= _HIGHEST


def _readings(trait: str, metric: Metric, bounds: dict[str, float]) -> dict[str, Reading]:
    return {
        f"thresholds.{trait}.{bound}": Reading(metric, value, labels=(bound,))
        for bound, value in bounds.items()
    }
