"""The scenarios by name: what happens, when, and the sentence that tells a person."""

from dataclasses import dataclass

from exporter.simulator.actions import (
    Action,
    Break,
    DropSockets,
    Mend,
    Narrate,
    SetAlarm,
    SetState,
    Together,
    WallyActivity,
    WallyLeak,
    WallyState,
)
from exporter.simulator.faults import Fault

CONTACTS = ("Alarm Entry Sensor 2", "Window Alarm Sensor", "Window Sensor")
MOTIONS = ("Alarm Motion Sensor 2", "Motion Sensor 2 Alarm", "Motion Sensor Mini")
FLOODS = ("Flood Alarm",)
METERS = ("EMI Norwegian HAN",)
_PERIODIC = (*FLOODS, *CONTACTS, *MOTIONS)


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a scenario, in seconds after its start."""

    at: float
    sentence: str
    action: Action


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named list of steps in the order of their times."""

    name: str
    summary: str
    steps: tuple[Step, ...]

    @property
    def duration(self) -> float:
        """Return the time of the last step."""
        return self.steps[-1].at


def _contact(*, value: bool) -> SetState:
    return SetState(CONTACTS, "alarm", "alarm", value)


def _motion(*, value: bool) -> SetState:
    return SetState(MOTIONS, "alarm", "alarm", value)


def _flood(*, value: bool) -> SetState:
    return SetState(FLOODS, "alarm", "flood", value)


def _chill(degrees: float) -> Together:
    return Together(
        (
            SetState(_PERIODIC, "temperature", "temperature", degrees),
            WallyState("TEMP", degrees),
        )
    )


_OUTAGE = Break(
    (
        Fault(kind="status", vendor="homely", status=502, html=True),
        Fault(kind="status", vendor="wally", status=504, html=True),
    )
)
_CALM = Scenario(
    "calm",
    "An ordinary day.",
    (Step(0, "Nothing special happens: readings move with the day.", Narrate()),),
)
_LEAK = Scenario(
    "leak",
    "Water under a Homely sensor and under a Wally sensor, dry again after four minutes.",
    (
        Step(10, "Water reaches the Homely flood alarm.", _flood(value=True)),
        Step(15, "A Wally sensor gets wet; its cloud posts a callback.", WallyLeak(wet=True)),
        Step(
            120,
            "Somebody acknowledges the Wally alarm; the water is still there.",
            WallyActivity("alarm", "acknowledged"),
        ),
        Step(240, "The Homely sensor is dry.", _flood(value=False)),
        Step(250, "The Wally sensor is dry and its alarm is resolved.", WallyLeak(wet=False)),
    ),
)
_FROST = Scenario(
    "frost",
    "A heater fails and a room falls below freezing.",
    (
        Step(5, "The heater stops: 9 degrees.", _chill(9)),
        Step(20, "5 degrees and falling.", _chill(5)),
        Step(
            35,
            "2 degrees; Wally reports a temperature that is too low.",
            Together((_chill(2), WallyActivity("temp_too_low", "open"))),
        ),
        Step(50, "Half a degree below zero.", _chill(-0.5)),
        Step(80, "3.2 degrees below zero.", _chill(-3.2)),
        Step(
            240,
            "The heater works again: 8 degrees.",
            Together((_chill(8), WallyActivity("temp_too_low", "resolved"))),
        ),
    ),
)
_BREAK_IN = Scenario(
    "break-in",
    "A door opens while the alarm is armed.",
    (
        Step(3, "The owner arms the alarm.", SetAlarm("ARM_PENDING")),
        Step(8, "The alarm is armed.", SetAlarm("ARMED_AWAY")),
        Step(20, "A door opens.", _contact(value=True)),
        Step(22, "Somebody moves inside.", _motion(value=True)),
        Step(24, "The alarm goes off.", SetAlarm("BREACHED")),
        Step(40, "The movement ends.", _motion(value=False)),
        Step(90, "The alarm is disarmed.", SetAlarm("DISARMED")),
        Step(95, "The door is closed.", _contact(value=False)),
    ),
)
_CLOUD_OUTAGE = Scenario(
    "cloud-outage",
    "Both clouds answer 502 and 504 for two minutes and drop every socket.",
    (
        Step(10, "Both clouds fail and every socket drops.", Together((_OUTAGE, DropSockets()))),
        Step(130, "Both clouds are back.", Mend()),
    ),
)
_RATE_LIMIT = Scenario(
    "rate-limit",
    "Homely answers 429 with a retryAfter that is too short.",
    (
        Step(
            5,
            "Homely limits every REST call: 429, retry after 4 seconds.",
            Break(
                tuple(
                    Fault(
                        kind="status",
                        vendor="homely",
                        endpoint=endpoint,
                        status=429,
                        retry_after=4,
                        retry_after_header="4",
                    )
                    for endpoint in ("token", "refresh", "locations", "home")
                )
            ),
        ),
        Step(125, "Homely lifts the limit.", Mend()),
    ),
)
_FLAPPING = Scenario(
    "flapping-socket",
    "Every socket drops again and again.",
    (
        *(
            Step(10 * turn, f"Every socket drops, time {turn} of 6.", DropSockets())
            for turn in range(1, 7)
        ),
        Step(70, "The sockets are left in peace.", Narrate()),
    ),
)
_DEMO = Scenario(
    "demo",
    "A tour of four minutes through everything that can happen at home.",
    (
        Step(5, "The front door opens.", _contact(value=True)),
        Step(9, "Somebody walks through the hall.", _motion(value=True)),
        Step(15, "The front door closes.", _contact(value=False)),
        Step(24, "The hall is quiet again.", _motion(value=False)),
        Step(35, "Water reaches the Homely flood alarm.", _flood(value=True)),
        Step(45, "A Wally sensor gets wet; its cloud posts a callback.", WallyLeak(wet=True)),
        Step(
            75,
            "Somebody acknowledges the Wally alarm.",
            WallyActivity("alarm", "acknowledged"),
        ),
        Step(85, "The Homely sensor is dry.", _flood(value=False)),
        Step(90, "The Wally sensor is dry and its alarm is resolved.", WallyLeak(wet=False)),
        Step(100, "The alarm is being armed.", SetAlarm("ARM_PENDING")),
        Step(105, "The alarm is armed.", SetAlarm("ARMED_AWAY")),
        Step(115, "The door opens while the alarm is armed.", _contact(value=True)),
        Step(117, "The alarm goes off: BREACHED.", SetAlarm("BREACHED")),
        Step(
            130,
            "The alarm is disarmed and the door closed.",
            Together((SetAlarm("DISARMED"), _contact(value=False))),
        ),
        Step(
            140,
            "Sauna, oven and car charger at once: 11.5 kW.",
            SetState(METERS, "metering", "demand", 11_500, hold=30),
        ),
        Step(170, "Power use is back to normal.", Narrate()),
        Step(180, "Both clouds fail and every socket drops.", Together((_OUTAGE, DropSockets()))),
        Step(205, "Both clouds are back.", Mend()),
        Step(225, "Every Homely socket drops once more.", DropSockets()),
        Step(240, "The tour is over; the day goes on.", Narrate()),
    ),
)

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _CALM,
        _LEAK,
        _FROST,
        _BREAK_IN,
        _CLOUD_OUTAGE,
        _RATE_LIMIT,
        _FLAPPING,
        _DEMO,
    )
}
