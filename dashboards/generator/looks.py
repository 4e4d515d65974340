"""What values look like: texts for states, and colours that always come with one."""

from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard as model

GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "text"


class Said(NamedTuple):
    """The words for one value, and their colour."""

    value: float
    text: str
    colour: str


class Span(NamedTuple):
    """The words for a range of values."""

    low: float | None
    high: float | None
    text: str
    colour: str


def words(*said: Said) -> list[model.ValueMapping]:
    """Map single values to words."""
    return [
        model.ValueMap(
            {
                f"{one.value:g}": model.ValueMappingResult(one.text, one.colour, index=index)
                for index, one in enumerate(said)
            }
        )
    ]


def ranges(*spans: Span) -> list[model.ValueMapping]:
    """Map ranges of values to words."""
    return [
        model.RangeMap(
            model.DashboardRangeMapOptions(
                span.low, span.high, model.ValueMappingResult(span.text, span.colour, index=index)
            )
        )
        for index, span in enumerate(spans)
    ]


def steps(first: str, *more: tuple[float, str]) -> build.ThresholdsConfig:
    """Make thresholds: the colour below the first of them, then each with its own."""
    found = [model.Threshold(None, first), *(model.Threshold(at, colour) for at, colour in more)]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(found)


UP = words(Said(1, "Heard of", GREEN), Said(0, "Not heard of", RED))
ONLINE = words(Said(1, "Reached", GREEN), Said(0, "Not reached", ORANGE))
WET = words(Said(0, "Dry", GREEN), Said(1, "WET", RED))
FIRE = words(Said(0, "No fire", GREEN), Said(1, "FIRE", RED))
DOOR = words(Said(0, "Closed", GREEN), Said(1, "Open", ORANGE))
MOTION = words(Said(0, "Still", GREY), Said(1, "Motion", BLUE))
LOCKED = words(Said(1, "Locked", GREEN), Said(0, "Unlocked", ORANGE), Said(2, "JAMMED", RED))
HEATING = words(Said(0, "Off", GREY), Said(1, "Heating", ORANGE))
LOW = words(Said(0, "Good", GREEN), Said(1, "Low", ORANGE), Said(2, "Defect", RED))
YES = words(Said(0, "No", GREEN), Said(1, "Yes", ORANGE))
WORKS = words(Said(1, "Works", GREEN), Said(0, "Fails", RED))
CONNECTED = words(Said(1, "Connected", GREEN), Said(0, "Not connected", ORANGE))
