"""Clouds that answer as a dump of `home-exporter dump --redact` says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from exporter.clock import Clock
from exporter.simulator.devices import HomelyDevice, WallySensor
from exporter.simulator.faults import Fault, fault_from
from exporter.simulator.homes import Home, Login, Place, WallyAccount
from exporter.simulator.server import Simulator
from exporter.simulator.world import World

_FORMAT = "home-exporter-dump/1"
_ENDPOINTS = {
    "/homely/oauth/token": "token",
    "/homely/locations": "locations",
    "/homely/home/{id}": "home",
    "/v2/places": "places",
    "/v2/places/{id}/sensors": "sensors",
}
_SHAPES: dict[str, type] = {
    "token": dict,
    "locations": list,
    "home": dict,
    "places": list,
    "sensors": list,
}
_SUCCESSES = range(200, 300)
_UNASKED: dict[str, Any] = {"status": 503, "headers": {}}

#: The endpoint, and the location it was asked about or "".
_Asked = tuple[str, str]


@dataclass(slots=True)
class RecordedHome(Home):
    """A home that shows what was recorded, to the letter."""

    entry: Any = None
    body: dict[str, Any] = field(default_factory=dict)

    def summary(self, user_id: str) -> dict[str, Any]:  # noqa: ARG002  # the entry has it
        """Return the home's entry in `/locations`."""
        return self.entry  # type: ignore[no-any-return]  # whatever the cloud had there

    def payload(self) -> dict[str, Any]:
        """Return the answer of `/home/{locationId}`; the alarm may have been set meanwhile."""
        if self.alarm_state == self.body.get("alarmState"):
            return self.body
        return {**self.body, "alarmState": self.alarm_state}


@dataclass(slots=True)
class RecordedPlace(Place):
    """A place that shows what was recorded, to the letter."""

    entry: Any = None

    def payload(self) -> dict[str, Any]:
        """Return the place's entry in `/v2/places`."""
        return self.entry  # type: ignore[no-any-return]  # whatever the cloud had there


class _ShiftedClock:
    """A clock on which it is still the day of the dump."""

    def __init__(self, clock: Clock, wall: float) -> None:
        self._clock = clock
        self._ahead = wall - clock.wall()
        self.monotonic, self.sleep = clock.monotonic, clock.sleep

    def wall(self) -> float:
        """Return the time that the clouds have."""
        return self._clock.wall() + self._ahead


class Recorded:
    """What a dump holds: the world it shows, and the calls that failed."""

    def __init__(self, document: Any) -> None:
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise ValueError(f"expected a document of the format {_FORMAT}")
        self.faults: list[Fault] = []
        self.moment = 0.0
        logins, accounts = [], []
        try:
            for account in document["accounts"]:
                answers = dict(self._answers(account["exchanges"]))
                if account["vendor"] == "homely":
                    logins.append(self._login(f"{account['account']}@example.invalid", answers))
                else:
                    accounts.append(self._account(f"token-of-{account['account']}", answers))
            taken = datetime.fromisoformat(document["taken"]).timestamp()
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"expected a whole dump, this one lacks {error}") from None
        self.moment = self.moment or taken
        self.world = World(logins, accounts)

    @classmethod
    def read(cls, path: Path) -> "Recorded":
        """Read a dump; raises OSError or ValueError, which says what is wrong with it."""
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError:
            raise ValueError("expected JSON, as home-exporter dump writes it") from None

    async def simulator(self, clock: Clock, **knobs: Any) -> Simulator:
        """Return a simulator, not yet started, that shows it; `knobs` are the simulator's own."""
        simulator = Simulator(clock=_ShiftedClock(clock, self.moment), world=self.world, **knobs)
        for fault in self.faults:
            await simulator.inject(fault)
        return simulator

    def _answers(self, exchanges: list[Any]) -> Iterator[tuple[_Asked, Any]]:
        """Yield what was answered; of several answers to one question the last one counts."""
        for exchange in exchanges:
            endpoint = _ENDPOINTS.get(exchange["path"])
            date = exchange.get("headers", {}).get("Date")
            if date is not None:
                self.moment = max(self.moment, parsedate_to_datetime(date).timestamp())
            if endpoint is not None:
                yield (endpoint, next(iter(exchange["ids"]), "")), exchange

    def _login(self, username: str, answers: Mapping[_Asked, Any]) -> Login:
        self._body("homely", username, ("token", ""), answers)
        listed = self._body("homely", username, ("locations", ""), answers) or []
        homes = []
        for entry in listed:
            location_id = _text(entry, "locationId")
            body = self._body("homely", username, ("home", location_id), answers) or {}
            homes.append(_home(location_id, entry, body))
        user = next((_text(entry, "userId") for entry in listed), "")
        return Login(username, "dump", user, "", list(homes))

    def _account(self, token: str, answers: Mapping[_Asked, Any]) -> WallyAccount:
        places = []
        for entry in self._body("wally", token, ("places", ""), answers) or []:
            place_id = _text(entry, "id")
            body = self._body("wally", token, ("sensors", place_id), answers) or []
            sensors = [WallySensor(sensor, (), 0) for sensor in body]
            label = _text(entry, "label")
            places.append(RecordedPlace(place_id, label, sensors, entry=entry))
        return WallyAccount(token, list(places))

    def _body(self, vendor: str, account: str, asked: _Asked, answers: Mapping[_Asked, Any]) -> Any:
        """Return what was answered; where that is of no use, plan the fault and return None."""
        endpoint, location_id = asked
        answer = answers.get(asked, _UNASKED)
        whom = {"vendor": vendor, "endpoint": endpoint, "account": account}
        where = {"location_id": location_id} if location_id else {}
        how = _failure(answer, _SHAPES[endpoint])
        if how is None:
            return answer["body"]
        self.faults.append(fault_from({**whom, **where, **how}))
        return None


def _failure(answer: Any, shape: type) -> dict[str, Any] | None:
    """Return what goes wrong when this is asked, None where it is answered as it should be."""
    status, unreadable = answer.get("status"), answer.get("unreadable", {})
    is_html = unreadable.get("kind") == "html"
    if status is None:
        return {"kind": "disconnect"}
    if status not in _SUCCESSES:
        body = answer.get("body")
        wait = body.get("retryAfter") if isinstance(body, dict) else None
        header = answer["headers"].get("Retry-After")
        waits = {"retry_after": wait, "retry_after_header": header}
        return {"kind": "status", "status": status, "html": is_html, **waits}
    if unreadable:
        broken = "truncated_json" if unreadable.get("bytes") else "empty_body"
        return {"kind": "html_200" if is_html else broken}
    return None if isinstance(answer["body"], shape) else {"kind": "object_for_list"}


def _home(location_id: str, entry: Any, body: dict[str, Any]) -> RecordedHome:
    devices = body.get("devices")
    return RecordedHome(
        location_id=location_id,
        name=_text(body, "name") or _text(entry, "name"),
        gateway_id="",
        gateway_serial=_text(entry, "gatewayserial"),
        devices=[
            HomelyDevice(device, (), 0, features=_features(device))
            for device in (devices if isinstance(devices, list) else ())
            if isinstance(device, dict)
        ],
        alarm_state=body.get("alarmState"),
        entry=entry,
        body=body,
    )


def _features(device: dict[str, Any]) -> dict[str, Any]:
    features = device.get("features")
    return features if isinstance(features, dict) else {}


def _text(entry: Any, key: str) -> str:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else ""
