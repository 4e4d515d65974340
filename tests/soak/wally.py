"""The WallyHome cloud in memory: places, sensors, and callbacks that come as they like."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from exporter.simulator.stamps import iso
from tests.soak import things
from tests.soak.dice import Dice
from tests.soak.oracle import Oracle, Seen
from tests.soak.things import HOUR, MINUTE, Alert, Home, State, Thing
from tests.soak.wire import Exchange

_LOST, _LATE, _TWICE, _NULL, _OMITTED = 0.1, 0.15, 0.15, 0.002, 0.004
_SUCCESSES = range(200, 300)

#: Posts a body to the exporter, with the right secret or a wrong one, and returns its status.
Post = Callable[[bytes, bool], Awaitable[int]]


class WallyCloud:
    """Answers the calls of one account and posts its activities."""

    def __init__(
        self, homes: list[Home], oracle: Oracle, now: Callable[[], float], dice: Dice
    ) -> None:
        self._places = {home.id: home for home in homes if home.vendor == "wally"}
        self._oracle = oracle
        self._now = now
        self._dice = dice
        self._loop = asyncio.get_running_loop()
        self._posts: set[asyncio.Task[None]] = set()
        self.post: Post | None = None
        self.sent: Counter[str] = Counter()

    def answer(self, _: str, request: requests.PreparedRequest) -> Exchange:
        """Return the answer of the cloud to one call."""
        path = urlsplit(request.url or "").path.split("/")[2:]
        if len(path) == 1:
            places = [
                {"id": place.id, "label": f"The {place.id}", "sensorIds": [], "suspended": False}
                for place in self._places.values()
            ]
            return Exchange(body=json.dumps(places).encode())
        return self._sensors(self._places[path[1]])

    def _sensors(self, place: Home) -> Exchange:
        seen: Seen = {}
        listed: dict[str, list[Alert]] = {}
        sensors = []
        for thing in place.things:
            if not (thing.gone or self._dice.hits(_OMITTED)):
                sensors.append(self._sensor(thing, seen.setdefault(thing.id, {})))
                listed[thing.id] = list(thing.alerts)
        return Exchange(
            body=json.dumps(sensors).encode(),
            seconds=self._dice.uniform(0.05, 3.0),
            arriving=lambda: self._oracle.before_poll(place, seen),
            arrived=lambda began: self._oracle.polled(place, began, seen, listed=listed),
        )

    def _sensor(self, thing: Thing, seen: dict[str, State | None]) -> dict[str, Any]:
        traits: dict[str, Any] = {}
        for trait in thing.traits:
            state = thing.states[trait.source]
            if self._dice.hits(_NULL):
                seen[trait.source] = None
                traits[trait.source] = {"value": None, "at": None}
            else:
                seen[trait.source] = state
                traits[trait.source] = {"value": state.raw, "at": iso(state.at)}
        is_contact = things.COND in thing.traits
        traits["SENSOR"] = {"value": int(is_contact), "at": iso(self._now() - HOUR)}
        alarmed = any(alert.kind == "alarm" and alert.state != "resolved" for alert in thing.alerts)
        return {
            "snid": thing.id,
            "offline": False,
            "suspended": False,
            "alarmed": alarmed,
            "updated": iso(max(state.at for state in thing.states.values())),
            "hardwareType": thing.model,
            "location": {"room": "Kitchen", "appliance": thing.name},
            "state": traits,
            "activities": [_activity(thing, alert) for alert in thing.alerts],
        }

    # --- callbacks

    def alert(self, _: Home, thing: Thing, alert: Alert) -> None:
        """Post an activity: late, twice, before the one it follows, or not at all."""
        if self._dice.hits(_LOST):
            self.sent["lost"] += 1
            return
        delay = self._dice.uniform(0.1, 5)
        if self._dice.hits(_LATE):
            self.sent["late"] += 1
            delay = self._dice.uniform(MINUTE, HOUR)
        now = Alert(alert.kind, alert.created, alert.state, alert.leak)
        self._loop.call_later(delay, self._begin_post, thing, now)
        if self._dice.hits(_TWICE):
            self.sent["twice"] += 1
            again = delay + self._dice.uniform(0, HOUR)
            self._loop.call_later(again, self._begin_post, thing, now)

    def _begin_post(self, thing: Thing, alert: Alert) -> None:
        task = self._loop.create_task(self._post(thing, alert))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _post(self, thing: Thing, alert: Alert) -> None:
        assert self.post is not None
        body: Any = _activity(thing, alert)
        if self._dice.hits(0.05):
            self.sent["refused"] += 1
            junk = self._dice.choice((b"{", b"[{}]", b"7", b"\xff"))
            assert await self.post(junk, True) == 400
            assert await self.post(json.dumps(body).encode(), False) == 404
        status = await self.post(json.dumps(self._dice.choice((body, [body]))).encode(), True)
        if status in _SUCCESSES:
            self.sent["delivered"] += 1
            self._oracle.told(thing, alert)


def _activity(thing: Thing, alert: Alert) -> dict[str, Any]:
    return {
        "snid": thing.id,
        "created": iso(alert.created),
        "type": alert.kind,
        "state": alert.state,
        "viewParams": {"label": "Cabin"},
    }
