"""The simulated world: homes and places whose readings move with time."""

import math
from collections.abc import Iterator
from typing import Any

from exporter.simulator.activities import Seat, forget_resolved, move_activity, set_leak
from exporter.simulator.changes import (
    ActivityChange,
    AlarmChange,
    Change,
    DeviceChange,
    Entry,
    Vendor,
)
from exporter.simulator.devices import Device, HomelyDevice, Spec, WallySensor
from exporter.simulator.homes import Home, Login, Place, WallyAccount
from exporter.simulator.noise import noise
from exporter.simulator.timers import Agenda, Timer

_HOUR = 3600
_PUBLISH_DELAY = 7
_RESOLVED_SHOWN = 120.0
_METER = ("metering", "summationdelivered")
_DEMAND = ("metering", "demand")


class World:
    """Everything both clouds know; `advance` moves it, and the setters disturb it."""

    def __init__(
        self, logins: list[Login], accounts: list[WallyAccount], *, speed: float = 1.0
    ) -> None:
        self.logins = logins
        self.accounts = accounts
        self.speed = speed
        self._origin: float | None = None
        self._agenda = Agenda()
        self._index: dict[str, Home] = {}
        self._fading: list[tuple[float, WallySensor]] = []

    @property
    def homes(self) -> list[Home]:
        """Return every Homely location once, also one that two logins share."""
        seen = {home.location_id: home for login in self.logins for home in login.homes}
        return list(seen.values())

    @property
    def places(self) -> list[Place]:
        """Return every Wally place."""
        return [place for account in self.accounts for place in account.places]

    def home(self, location_id: str) -> Home:
        """Return a Homely location; KeyError for an unknown one."""
        if location_id not in self._index:
            self._index = {home.location_id: home for home in self.homes}
        return self._index[location_id]

    def begin(self, now: float) -> None:
        """Give every state its first value and a plausible age; the first call counts."""
        if self._origin is not None:
            return
        self._origin = now
        for owner_id, device in self._devices():
            for index, spec in enumerate(device.specs):
                self._begin_state(owner_id, device, index, spec, now)
            if device.meter is not None:
                hour = (now - _PUBLISH_DELAY) // _HOUR * _HOUR + _PUBLISH_DELAY
                reading = device.meter.start(hour, device.read(*_DEMAND))
                device.write(*_METER, reading, hour)

    def advance(self, now: float) -> list[Change]:
        """Move everything that is due by `now` and return what changed, in order."""
        self.begin(now)
        moment = self._inner(now)
        found: dict[tuple[str, str], list[Entry]] = {}
        vendors: dict[tuple[str, str], Device] = {}
        for due, timer in list(self._agenda.due(moment)):
            owner = (timer.owner_id, timer.device.device_id)
            entries = self._report(due, timer, moment, now)
            if entries:
                found.setdefault(owner, []).extend(entries)
                vendors[owner] = timer.device
            self._agenda.add(timer.following(moment), timer)
        self._forget(now)
        return [_change(owner[0], vendors[owner], tuple(found[owner])) for owner in found]

    def set_state(  # noqa: PLR0913 - the four names of a reading, and when
        self,
        owner: Home | Place,
        device: Device,
        feature: str,
        state: str,
        value: Any,
        *,
        now: float,
        hold: float = math.inf,
    ) -> DeviceChange:
        """Set one state by hand and keep time from moving it for `hold` seconds."""
        device.write(feature, state, value, now)
        device.pins[feature, state] = now + hold
        entries = [Entry(feature, state, value, now)]
        if (feature, state) == _DEMAND:
            entries += self._measure(device, now, value)
        return _change(_owner_id(owner), device, tuple(entries))

    def set_alarm(self, home: Home, state: str, now: float) -> AlarmChange:
        """Put a home's alarm into `state`, as its first user does."""
        home.alarm_state = state
        home.event_id += 1
        login = next(login for login in self.logins if home in login.homes)
        return AlarmChange(home.location_id, state, login.user_id, login.person, now, home.event_id)

    def set_leak(self, sensor: WallySensor, *, wet: bool, now: float) -> list[Change]:
        """Wet or dry a Wally sensor."""
        if not wet:
            self._fading.append((now + _RESOLVED_SHOWN, sensor))
        return set_leak(self._seat(sensor), wet=wet, now=now)

    def set_activity(
        self, sensor: WallySensor, kind: str, state: str, now: float
    ) -> ActivityChange:
        """Open, acknowledge or resolve an activity of a Wally sensor."""
        if state == "resolved":
            self._fading.append((now + _RESOLVED_SHOWN, sensor))
        return move_activity(self._seat(sensor), kind, state, now)

    def _devices(self) -> Iterator[tuple[str, Device]]:
        for home in self.homes:
            yield from ((home.location_id, device) for device in home.devices)
        for place in self.places:
            yield from ((place.place_id, sensor) for sensor in place.sensors)

    def _seat(self, sensor: WallySensor) -> Seat:
        return next(
            Seat(account, place, sensor)
            for account in self.accounts
            for place in account.places
            if sensor in place.sensors
        )

    def _inner(self, now: float) -> float:
        origin = now if self._origin is None else self._origin
        return origin + (now - origin) * self.speed

    def _outer(self, moment: float) -> float:
        origin = moment if self._origin is None else self._origin
        return origin + (moment - origin) / self.speed if moment > origin else moment

    def _begin_state(
        self, owner_id: str, device: Device, index: int, spec: Spec, now: float
    ) -> None:
        if spec.curve is None or not spec.moves:
            age = spec.age * (1 + noise(device.key, index) / 20)
            device.write(*spec.key, spec.value, now - age)
            return
        timer = Timer(owner_id, device, spec, noise(device.key, int(spec.period)) * spec.period)
        last = timer.last(now)
        device.write(*spec.key, spec.curve.at(now if spec.period == 0 else last), last)
        self._agenda.add(timer.following(now), timer)

    def _report(self, due: float, timer: Timer, moment: float, now: float) -> list[Entry]:
        spec, device = timer.spec, timer.device
        if spec.curve is None:
            return []
        pinned = device.pins.get(spec.key, -math.inf) > now
        held = device.read(*spec.key)
        if spec.period == 0:
            if pinned:
                return []
            value = spec.curve.at(moment)
            entry = self._write(device, spec, value, timer.last(moment))
            return [] if value == held else [entry]
        entries: list[Entry] = []
        if device.meter is not None and spec.key == _DEMAND:
            for slot in timer.slots(due, moment):
                watts = held if pinned else spec.curve.at(slot)
                entries += self._measure(device, self._outer(slot), watts)
        last = max(timer.last(moment), due)
        value = held if pinned else spec.curve.at(last)
        return [self._write(device, spec, value, last), *entries]

    def _write(self, device: Device, spec: Spec, value: Any, moment: float) -> Entry:
        stamp = self._outer(moment)
        device.write(*spec.key, value, stamp)
        return Entry(*spec.key, value, stamp)

    def _measure(self, device: Device, stamp: float, watts: float) -> list[Entry]:
        reading = device.meter.step(stamp, watts) if device.meter is not None else None
        if reading is None:
            return []
        device.write(*_METER, reading, stamp)
        return [Entry(*_METER, reading, stamp)]

    def _forget(self, now: float) -> None:
        for when, sensor in self._fading:
            if when <= now:
                forget_resolved(sensor)
        self._fading = [(when, sensor) for when, sensor in self._fading if when > now]


def _owner_id(owner: Home | Place) -> str:
    return owner.location_id if isinstance(owner, Home) else owner.place_id


def _change(owner_id: str, device: Device, entries: tuple[Entry, ...]) -> DeviceChange:
    vendor: Vendor = "homely" if isinstance(device, HomelyDevice) else "wally"
    return DeviceChange(vendor, owner_id, device.device_id, entries)
