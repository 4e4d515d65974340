"""The Homely cloud in memory: logins, homes, and a socket for each."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from exporter.simulator.stamps import iso
from tests.soak.dice import Dice
from tests.soak.life import News
from tests.soak.oracle import Oracle, Seen
from tests.soak.sockets import MemorySocket
from tests.soak.things import HOUR, MINUTE, Home, State, Thing, Trait
from tests.soak.wire import Exchange

_TOKEN_LIFE, _SHORT_LIFE, _REFRESH_LIFE = 60.0, 15.0, 1800.0
#: With so much left a token is not renewed, and what a call takes on its way.
_TOKEN_MARGIN = 10.0 + 1.0
_LATE, _TWICE, _NULL, _OMITTED, _GARBLED = 0.15, 0.05, 0.002, 0.004, 0.005

#: Often and long after: a repeat must be told from a state that came back.
_ALARM_TWICE = 0.6
#: Answers that are overtaken by events, with many nulls in them.
_OVERTAKEN, _BLANK = 0.1, 0.1

#: How the cloud says that it has no value of a state, beside leaving it out.
_NOTHINGS: tuple[dict[str, Any] | None, ...] = ({"value": None, "lastUpdated": None}, {}, None)


class HomelyCloud:
    """Answers the calls of two logins and pushes what it learns."""

    def __init__(
        self, homes: list[Home], oracle: Oracle, now: Callable[[], float], dice: Dice
    ) -> None:
        self._homes = {home.id: home for home in homes if home.vendor == "homely"}
        self._oracle = oracle
        self._now = now
        self._dice = dice
        self._loop = asyncio.get_running_loop()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._refreshes: dict[str, float] = {}
        self.sockets: defaultdict[str, list[MemorySocket]] = defaultdict(list)
        self.sent: Counter[str] = Counter()
        self.short_lived: Callable[[], str | None] = lambda: None
        self.on_overtaken: Callable[[Home], None] = lambda _: None
        self.wasted: list[str] = []
        self._expires: dict[str, float] = {}

    # --- REST

    def answer(self, account: str, request: requests.PreparedRequest) -> Exchange:
        """Return the answer of the cloud to one call."""
        path = urlsplit(request.url or "").path.split("/")[2:]
        if path[0] == "oauth":
            return self._token(account, path[1], json.loads(request.body or b"{}"))
        if not self.admits(request.headers.get("Authorization", "").removeprefix("Bearer ")):
            return Exchange(401, b'{"statusCode": 401, "message": "Unauthorized"}')
        if path[0] == "locations":
            homes = [self._listed(h) for h in self._homes.values() if h.account == account]
            return Exchange(body=json.dumps(homes).encode())
        return self._home(self._homes[path[1]])

    def admits(self, token: str) -> bool:
        """Return whether a token is of this cloud and still lives."""
        return self._tokens.get(token, ("", 0.0))[1] > self._loop.time()

    def doubt(self, account: str) -> None:
        """Take that the exporter has reason to want another token."""
        self._expires.pop(account, None)

    def _token(self, account: str, kind: str, body: dict[str, str]) -> Exchange:
        now = self._loop.time()
        if self._expires.get(account, 0.0) - now > _TOKEN_MARGIN:
            self.wasted.append(f"{account}: a token fetched at {now:.0f} s that nobody needed")
        if kind == "refresh-token" and self._refreshes.pop(body["refresh_token"], 0.0) < now:
            return Exchange(400, b'{"statusCode": 400, "message": "Refresh token expired"}')
        life = _SHORT_LIFE if account == self.short_lived() else _TOKEN_LIFE
        number = f"{account}-{len(self._tokens)}-{self._dice.getrandbits(32):x}"
        self._tokens = {key: had for key, had in self._tokens.items() if had[1] > now}
        self._expires[account] = now + life
        self._tokens[f"access-{number}"] = (account, now + life)
        self._refreshes[f"refresh-{number}"] = now + _REFRESH_LIFE
        answer = {
            "access_token": f"access-{number}",
            "expires_in": life,
            "refresh_token": f"refresh-{number}",
            "refresh_expires_in": _REFRESH_LIFE,
        }
        return Exchange(201, json.dumps(answer).encode())

    def _listed(self, home: Home) -> dict[str, Any]:
        return {"name": f"The {home.id}", "locationId": home.id, "gatewayserial": "02000001"}

    def _home(self, home: Home) -> Exchange:
        seen: Seen = {}
        is_overtaken = self._dice.hits(_OVERTAKEN)
        devices = [
            self._device(thing, seen.setdefault(thing.id, {}), _BLANK if is_overtaken else _NULL)
            for thing in home.things
            if not (thing.gone or self._dice.hits(_OMITTED))
        ]
        body: dict[str, Any] = {**self._listed(home), "devices": devices}
        alarm = None if self._dice.hits(0.02) else home.alarm
        if alarm is not None:
            body["alarmState"] = alarm
        if is_overtaken:
            # What happens now is pushed, and is there before this answer.
            self._loop.call_soon(self.on_overtaken, home)
        return Exchange(
            body=json.dumps(body).encode(),
            seconds=3.0 if is_overtaken else self._dice.uniform(0.05, 3.0),
            arriving=lambda: self._oracle.before_poll(home, seen),
            arrived=lambda began: self._oracle.polled(home, began, seen, alarm=alarm),
        )

    def _device(self, thing: Thing, seen: dict[str, State | None], blank: float) -> dict[str, Any]:
        features: dict[str, Any] = defaultdict(_no_states)
        for trait in thing.traits:
            feature, name = trait.source.split(".")
            state = thing.states[trait.source]
            if self._dice.hits(blank):
                seen[trait.source] = None
                nothing = self._dice.choice(_NOTHINGS)
                if nothing is not None:
                    features[feature]["states"][name] = nothing
            else:
                seen[trait.source] = state
                written = {"value": state.raw, "lastUpdated": iso(state.at)}
                features[feature]["states"][name] = written
        return {
            "id": thing.id,
            "name": thing.name,
            "serialNumber": f"0015BC00{len(thing.id):08}",
            "location": "Floor 1 - Hall",
            "online": True,
            "modelName": thing.model,
            "features": features,
        }

    # --- the socket

    def learn(self, home: Home, thing: Thing, news: News) -> None:
        """Push what this cloud pushes of a thing's news: late, twice and in any order.

        What a gateway kept comes quickly, and the store tells no edge that more than 16 changes of
        the same state have overtaken: so no news of that kind is made late as well.
        """
        pushed = [(trait, state) for trait, state in news if trait.source in home.pushed]
        if not pushed:
            return
        delay = self._dice.uniform(0.03, 1.5)
        is_kept = self._now() - pushed[0][1].at > 10 * MINUTE
        if self._dice.hits(_LATE) and not is_kept:
            delay = self._dice.uniform(5, 90)
            self.sent["late"] += 1
        self._loop.call_later(delay, self._push, home, thing, pushed)
        if self._dice.hits(_TWICE) and not is_kept:
            self.sent["twice"] += 1
            again = delay + self._dice.uniform(0, 120)
            self._loop.call_later(again, self._push, home, thing, pushed)

    def alarm(self, home: Home) -> None:
        """Push the alarm's state at once; the vendor's own time in it may be a little off."""
        at = iso(self._now() + self._dice.uniform(-0.1, 0.1))
        data = {"locationId": home.id, "state": home.alarm, "userName": "x", "timestamp": at}
        event = {"type": "alarm-state-changed", "data": data}
        state, is_told = home.alarm, False

        def taken() -> None:
            nonlocal is_told
            if not is_told:
                self._oracle.pushed_alarm(home, state)
            is_told = True

        if self._emit(home, event, taken) and self._dice.hits(_ALARM_TWICE):
            self.sent["twice"] += 1
            self._loop.call_later(self._dice.uniform(0, HOUR), self._emit, home, event, taken)

    def _push(self, home: Home, thing: Thing, news: News) -> None:
        changes = [_change(trait, state) for trait, state in news]
        data: dict[str, Any] = {"deviceId": thing.id, "rootLocationId": home.id}
        data["changes"] = changes
        if self._dice.hits(0.5):
            data["change"] = changes[0]
        envelope = self._dice.choice(("data", "payload"))
        event = {"type": "device-state-changed", envelope: data}
        self._emit(home, event, lambda: self._oracle.pushed(home, thing, news))

    def _emit(self, home: Home, payload: dict[str, Any], taken: Callable[[], None]) -> bool:
        """Send to the sockets of the home; return whether it reaches the exporter."""

        def arrived() -> None:
            self.sent["delivered"] += 1
            taken()

        reached = [socket.send(payload, arrived) for socket in self.sockets[home.id]]
        self.sent["lost"] += not any(reached)
        if self._dice.hits(_GARBLED):
            self.sent["garbage"] += sum(s.babble(self._dice) for s in self.sockets[home.id])
        return any(reached)


def _no_states() -> dict[str, Any]:
    return {"states": {}}


def _change(trait: Trait, state: State) -> dict[str, Any]:
    feature, name = trait.source.split(".")
    times = {"value": state.raw, "lastUpdated": iso(state.at)}
    return {"feature": feature, "stateName": name, **times}


def credentials(url: str) -> tuple[str, str]:
    """Return the location and the token that a socket's address names."""
    query = parse_qs(urlsplit(url).query)
    return query["locationId"][0], query["token"][0].removeprefix("Bearer ")
