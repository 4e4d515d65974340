"""What is wrong: with an account, with a location, with a device, each with its reason."""

from collections.abc import Iterator, Mapping
from enum import Enum, IntEnum
from typing import NamedTuple

from exporter.accounts import Failure, Status, WatchStatus
from exporter.catalog import Metric, readings
from exporter.errors import Outcome
from exporter.model import Reading
from exporter.sources.base import Reason
from exporter.sources.gate import AccountState
from exporter.store.freshness import DeviceView, alarm_is_fresh, is_up
from exporter.store.held import NEVER, HeldDevice, HeldLocation, Slot
from exporter.web.page.moments import span


class Severity(IntEnum):
    """How bad it is, the worst first."""

    CRITICAL = 0
    WARNING = 1
    NONE = 2

    @property
    def word(self) -> str:
        """The severity as a class of the stylesheet and as a word."""
        return self.name.lower()


class Kind(Enum):
    """What can be wrong, the most urgent first.

    Its title, its icon, and what happened at the time that is told of it where that is not the
    trouble itself.
    """

    FIRE = ("Smoke or heat", "flame")
    LEAK = ("Water leak", "drop")
    BURGLARY = ("Burglar alarm", "bell")
    CREDENTIALS = ("Credentials refused", "key")
    PENALTY = ("Fewer calls asked for", "clock")
    ACCOUNT = ("Cloud does not answer", "cloud")
    STALE = ("Out of date", "clock", "polled")
    TAMPER = ("Tampered with", "alert")
    JAMMED = ("Lock jammed", "alert")
    TRIGGERED = ("Alarm triggered", "alert")
    REPORTED = ("Reported by the vendor", "alert")
    OFFLINE = ("Device offline", "offline", "heard")
    SILENT = ("Device silent", "offline", "read")
    BATTERY = ("Battery low", "battery")
    DEFECT = ("Battery defect", "battery")
    STREAM = ("Socket down", "plug")
    POLL = ("Poll failed", "cloud", "polled")
    MISSING = ("Devices missing", "alert")

    @property
    def title(self) -> str:
        """The kind in a few words."""
        return str(self.value[0])

    @property
    def icon(self) -> str:
        """The name of its icon."""
        return str(self.value[1])

    @property
    def happened(self) -> str:
        """What happened at its time, "" where that is the trouble itself."""
        return "".join(self.value[2:])


URGENCY = {kind: order for order, kind in enumerate(Kind)}


class Trouble(NamedTuple):
    """One thing that is wrong; `at` is when it was learnt (monotonic), None when unknown."""

    kind: Kind
    severity: Severity
    reason: str
    at: float | None = None
    device: HeldDevice | None = None


#: States of an alarm that has gone off.
BREACHED = ("BREACHED", "TRIGGERED")
_URGENT: dict[Metric, tuple[Kind, str, str]] = {
    readings.FIRE: (Kind.FIRE, "Smoke or heat is detected.", "It did so when last heard of."),
    readings.LEAK: (Kind.LEAK, "The sensor is wet.", "It was wet when last heard of."),
    readings.LEAK_ALARMED: (
        Kind.LEAK,
        "The vendor reports a leak.",
        "The vendor did so when it was last heard of.",
    ),
}
_ORDINARY: dict[Metric, tuple[Kind, bool, str]] = {
    readings.TAMPER: (Kind.TAMPER, True, "The device says so."),
    readings.LOCK_JAMMED: (Kind.JAMMED, True, "The lock says that it is jammed or broken."),
    readings.ALARM_TRIGGERED: (Kind.TRIGGERED, True, "The device says so."),
    readings.BATTERY_LOW: (Kind.BATTERY, True, "The device says so."),
    readings.BATTERY_DEFECT: (Kind.DEFECT, True, "The device says so."),
    readings.DEVICE_ONLINE: (Kind.OFFLINE, False, "The vendor does not reach it."),
}
#: The value of each with which something is wrong.
_WRONG = dict.fromkeys(_URGENT, 1.0) | {metric: float(row[1]) for metric, row in _ORDINARY.items()}
_ACTIVITIES = {
    "dead_sensor": "The sensor is not heard of.",
    "dead_gateway": "The gateway is not heard of.",
    "rh_too_high": "It is too humid.",
    "rh_too_low": "It is too dry.",
    "temp_too_high": "It is too warm.",
    "temp_too_low": "It is too cold.",
    "mold_risk": "Mold may grow.",
}
_FAILURES = {
    Outcome.TIMEOUT: "the cloud did not answer in time",
    Outcome.DNS: "the cloud's name could not be looked up",
    Outcome.TLS: "the cloud's certificate was not accepted",
    Outcome.CONNECTION: "no connection to the cloud",
    Outcome.TOO_LARGE: "the answer was too large",
    Outcome.UNUSABLE: "the answer could not be used",
    Outcome.REDIRECT: "the cloud sent us elsewhere",
    Outcome.INTERNAL: "the exporter failed, its log says where",
}
_LOSSES = {
    Reason.SERVER: "The cloud closed it.",
    Reason.TRANSPORT: "The connection broke.",
    Reason.REFUSED: "The cloud refused the token.",
    Reason.CONNECT_FAILED: "No connection comes about.",
    Reason.CONNECT_TIMEOUT: "The cloud does not answer in time.",
    Reason.NO_TOKEN: "There is no token to connect with.",
    Reason.SHUTDOWN: "It was closed.",
}
_ON_HOLD = (AccountState.RATE_LIMITED, AccountState.REFUSED)


def why(failure: Failure) -> str:
    """Return in words what a call failed with."""
    words = _FAILURES.get(failure.outcome, failure.outcome.value.replace("_", " "))
    return words if failure.status is None else f"the cloud answered HTTP {failure.status}"


def why_lost(loss: Reason) -> str:
    """Return a sentence about why a socket is down."""
    return _LOSSES[loss]


def of_account(status: Status) -> Trouble | None:
    """Return what is wrong with a whole account."""
    if status.state is AccountState.REFUSED:
        text = "The cloud refuses the account's credentials: check them in exporter.yml."
        return Trouble(Kind.CREDENTIALS, Severity.WARNING, text)
    if status.state is AccountState.RATE_LIMITED:
        text = "The cloud asked for fewer calls, so none is made for a while."
        return Trouble(Kind.PENALTY, Severity.WARNING, text)
    if status.failure is not None:
        text = f"Its locations cannot be listed: {why(status.failure)}."
        return Trouble(Kind.ACCOUNT, Severity.WARNING, text)
    return None


def of_location(
    location: HeldLocation, status: Status | None, watch: WatchStatus | None, now: float
) -> Iterator[Trouble]:
    """Yield what is wrong with a location itself, its devices aside."""
    yield from _burglary(location, now)
    if location.suspended:
        return
    failure = watch.failure if watch else None
    # While no call is made, the account says why.
    is_held = status is not None and status.state in _ON_HOLD
    failing = f"The last poll failed: {why(failure)}." if failure and not is_held else ""
    if not is_up(location, now):
        yield from _stale(location, failing)
    elif failing:
        yield Trouble(Kind.POLL, Severity.WARNING, failing, location.polled)
    if watch and watch.loss and location.stream_connected is False:
        yield Trouble(Kind.STREAM, Severity.WARNING, why_lost(watch.loss), watch.lost_at)
    expected = location.expected_devices or 0
    if is_up(location, now) and expected > len(location.devices):
        text = f"The vendor names {expected} devices and tells of {len(location.devices)}."
        yield Trouble(Kind.MISSING, Severity.WARNING, text)


def _burglary(location: HeldLocation, now: float) -> Iterator[Trouble]:
    if location.alarm.state in BREACHED:
        is_fresh = alarm_is_fresh(location, now)
        text = "The alarm has gone off." if is_fresh else "It was on when last heard of."
        pushed = location.alarm.pushed
        at = None if pushed == NEVER else pushed
        yield Trouble(Kind.BURGLARY, Severity.CRITICAL, text, at)


def _stale(location: HeldLocation, failing: str) -> Iterator[Trouble]:
    if location.polled != NEVER:
        limit = span(location.policy.stale_after)
        text = f"Not polled with success for more than {limit}: readings are hidden. {failing}"
        yield Trouble(Kind.STALE, Severity.WARNING, text.strip(), location.polled)
    elif failing:
        text = f"Never polled with success since the start. {failing}"
        yield Trouble(Kind.STALE, Severity.WARNING, text)


def of_device(device: HeldDevice, view: DeviceView) -> list[Trouble]:
    """Return what is wrong with a device; of one that is suspended only what is urgent."""
    found: list[Trouble] = []
    is_suspended = view.location.suspended or _is_suspended(device)
    # Nearly always nothing is: what is served is worked out only where a value says otherwise.
    if any(
        one.value is not None and _WRONG.get(one.metric) == one.value
        for one in device.readings.values()
    ):
        best = device.best()
        found += _urgent(device, view, best, is_suspended=bool(is_suspended))
        found += () if is_suspended else _ordinary(device, view, best)
    if not is_suspended:
        found += _reported(device, view)
        if not any(one.kind is Kind.OFFLINE for one in found):
            found += _silent(device, view)
    return found


def _is_suspended(device: HeldDevice) -> bool:
    return any(
        one.metric is readings.DEVICE_SUSPENDED and one.value for one in device.readings.values()
    )


def _urgent(
    device: HeldDevice, view: DeviceView, best: Mapping[Slot, Reading], *, is_suspended: bool
) -> Iterator[Trouble]:
    told = set()
    for metric, (kind, now, before) in _URGENT.items():
        reading = best.get((metric, ()))
        if reading is None or not reading.value or kind in told:
            continue
        told.add(kind)
        # It must not look as if it had ended only because nothing is heard any more.
        text = now if view.shows(reading) else before
        severity = Severity.WARNING if is_suspended else Severity.CRITICAL
        text += " Alerts about it are suspended." if is_suspended else ""
        at = _heard(reading.updated, view)
        yield Trouble(kind, severity, text, _pushed(device, reading) if at is None else at, device)


def _pushed(device: HeldDevice, reading: Reading) -> float | None:
    """Return when a reading without a time of its own was pushed, None where it was polled."""
    found = (source for source, one in device.readings.items() if one is reading)
    return device.pushed.get(next(found))


def _ordinary(
    device: HeldDevice, view: DeviceView, best: Mapping[Slot, Reading]
) -> Iterator[Trouble]:
    for metric, (kind, bad, text) in _ORDINARY.items():
        reading = best.get((metric, ()))
        if reading is not None and bool(reading.value) is bad and view.shows(reading):
            at = device.updated if metric is readings.DEVICE_ONLINE else reading.updated
            yield Trouble(kind, Severity.WARNING, text, _heard(at, view), device)


def _reported(device: HeldDevice, view: DeviceView) -> Iterator[Trouble]:
    if not view.is_served or not device.ledger.entries:
        return
    for kind, state, count in device.ledger.ongoing():
        if count and kind in _ACTIVITIES:
            text = f"{_ACTIVITIES[kind]} The report is {state}."
            yield Trouble(Kind.REPORTED, Severity.WARNING, text, None, device)


def _silent(device: HeldDevice, view: DeviceView) -> Iterator[Trouble]:
    if view.is_fresh and not view.is_alive:
        limit = span(view.location.policy.device_stale_after)
        text = f"No reading of its own for more than {limit}: what it said is hidden."
        newest = max(device.reading_times.values(), default=None)
        yield Trouble(Kind.SILENT, Severity.WARNING, text, _heard(newest, view), device)


def _heard(vendor_time: float | None, view: DeviceView) -> float | None:
    """Return a vendor's time on our monotonic clock."""
    return None if vendor_time is None else vendor_time - view.location.offset
