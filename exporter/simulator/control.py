"""The control interface: the simulator's methods over HTTP, as JSON."""

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from exporter.simulator.activities import STATES
from exporter.simulator.devices import Device, WallySensor
from exporter.simulator.fault_http import Handler
from exporter.simulator.faults import fault_from
from exporter.simulator.homes import Home, Place
from exporter.simulator.scenarios import SCENARIOS

if TYPE_CHECKING:
    from exporter.simulator.server import Simulator

Answer = dict[str, Any]
_MISSING = object()


class BadInputError(ValueError):
    """A request that the control interface cannot obey; its text says why."""


class Control:
    """The routes of the control interface."""

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(middlewares=[_explain])
        posts: dict[str, Callable[[Answer], Awaitable[Answer]]] = {
            "state": self._state,
            "alarm": self._alarm,
            "emit": self._emit,
            "fault": self._fault,
            "clear": self._clear,
            "scenario": self._scenario,
            "wally/activity": self._activity,
            "wally/leak": self._leak,
            "wally/target": self._target,
            "drop-sockets": self._drop,
            "advance": self._advance,
        }
        for path, act in posts.items():
            app.router.add_post(f"/control/{path}", _posted(act))
        app.router.add_get("/control/world", self._world)
        app.router.add_get("/control/calls", self._calls)
        app.router.add_delete("/control/calls", self._forget_calls)
        return app

    async def _state(self, body: Answer) -> Answer:
        owner, device = self._device(body)
        feature, state = _text(body, "feature"), _text(body, "state")
        value = _need(body, "value")
        change = self._simulator.world.set_state(
            owner,
            device,
            feature,
            state,
            value,
            now=self._simulator.now(),
            hold=_number(body, "hold", math.inf),
        )
        await self._simulator.publish([change])
        return {"device": device.device_id, "feature": feature, "state": state, "value": value}

    async def _alarm(self, body: Answer) -> Answer:
        home = self._home(_text(body, "location"))
        state = _text(body, "state")
        change = self._simulator.world.set_alarm(home, state, self._simulator.now())
        await self._simulator.publish([change])
        return {"location": home.location_id, "state": state}

    async def _emit(self, body: Answer) -> Answer:
        home = self._home(_text(body, "location"))
        sent = await self._simulator.homely.emit(home.location_id, _need(body, "payload"))
        return {"sockets": sent}

    async def _fault(self, body: Answer) -> Answer:
        try:
            fault = fault_from(body)
        except ValueError as exc:
            raise BadInputError(str(exc)) from exc
        await self._simulator.inject(fault)
        return {"kind": fault.kind}

    async def _clear(self, _body: Answer) -> Answer:
        self._simulator.clear_faults()
        return {}

    async def _scenario(self, body: Answer) -> Answer:
        name = _text(body, "name")
        if name not in SCENARIOS:
            raise BadInputError(f"name: expected one of {', '.join(SCENARIOS)}")
        scenario = self._simulator.play(name)
        steps = [{"at": step.at, "sentence": step.sentence} for step in scenario.steps]
        return {"name": name, "steps": steps}

    async def _activity(self, body: Answer) -> Answer:
        if "activity" in body:
            raw = body["activity"]
            if not isinstance(raw, dict):
                raise BadInputError("activity: expected an object")
            receipts = await self._simulator.wally.send_callback(raw)
            return {"statuses": [receipt.status for receipt in receipts]}
        sensor, kind, state = self._sensor(body), _text(body, "type"), _text(body, "state")
        if state not in STATES:
            raise BadInputError(f"state: expected one of {', '.join(STATES)}")
        change = self._simulator.world.set_activity(sensor, kind, state, self._simulator.now())
        await self._simulator.publish([change])
        return {"snid": sensor.device_id, "type": kind, "state": state}

    async def _leak(self, body: Answer) -> Answer:
        sensor, wet = self._sensor(body), _need(body, "wet")
        if not isinstance(wet, bool):
            raise BadInputError("wet: expected true or false")
        changes = self._simulator.world.set_leak(sensor, wet=wet, now=self._simulator.now())
        await self._simulator.publish(changes)
        return {"snid": sensor.device_id, "wet": wet}

    async def _target(self, body: Answer) -> Answer:
        url, targets = _text(body, "url"), self._simulator.wally.targets
        token = body.get("token", next(iter(targets), None))
        if token not in targets:
            raise BadInputError("token: no such Wally account")
        targets[token].append(url)
        return {"targets": targets[token]}

    async def _drop(self, body: Answer) -> Answer:
        location = body.get("location")
        chosen = None if location is None else self._home(_text(body, "location")).location_id
        return {"dropped": await self._simulator.homely.drop_sockets(chosen)}

    async def _advance(self, _body: Answer) -> Answer:
        await self._simulator.advance()
        return {}

    async def _world(self, _request: web.Request) -> web.Response:
        world, homely = self._simulator.world, self._simulator.homely
        body = {
            "scenario": self._simulator.scenario.name,
            "homely": {
                "url": self._simulator.homely_url,
                "logins": [
                    {
                        "username": login.username,
                        "password": login.password,
                        "locations": [home.location_id for home in login.homes],
                    }
                    for login in world.logins
                ],
                "homes": [
                    {**home.payload(), "sockets": homely.live_sockets(home.location_id)}
                    for home in world.homes
                ],
            },
            "wally": {
                "url": self._simulator.wally_url,
                "tokens": self._simulator.wally_tokens,
                "places": [
                    {**place.payload(), "sensors": [sensor.payload() for sensor in place.sensors]}
                    for place in world.places
                ],
            },
        }
        return web.json_response(body)

    async def _calls(self, _request: web.Request) -> web.Response:
        return web.json_response([call.payload() for call in self._simulator.calls])

    async def _forget_calls(self, _request: web.Request) -> web.Response:
        self._simulator.call_log.reset()
        return web.json_response({})

    def _home(self, wanted: str) -> Home:
        for home in self._simulator.world.homes:
            if wanted in (home.location_id, home.name, home.name.strip()):
                return home
        raise BadInputError(f"location: no home {wanted!r}")

    def _owner(self, wanted: str) -> Home | Place:
        for place in self._simulator.world.places:
            if wanted in (place.place_id, place.label):
                return place
        return self._home(wanted)

    def _device(self, body: Answer) -> tuple[Home | Place, Device]:
        owner, wanted = self._owner(_text(body, "location")), _text(body, "device")
        devices: list[Device] = list(owner.devices if isinstance(owner, Home) else owner.sensors)
        for device in devices:
            if wanted in (device.device_id, device.name):
                return owner, device
        raise BadInputError(f"device: no {wanted!r} in this location")

    def _sensor(self, body: Answer) -> WallySensor:
        wanted = _text(body, "snid")
        for place in self._simulator.world.places:
            for sensor in place.sensors:
                if sensor.device_id == wanted:
                    return sensor
        raise BadInputError(f"snid: no sensor {wanted!r}")


def _posted(
    act: Callable[[Answer], Awaitable[Answer]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        text = await request.text()
        try:
            body = await request.json() if text else {}
        except ValueError as exc:
            raise BadInputError("the body is not JSON") from exc
        if not isinstance(body, dict):
            raise BadInputError("the body must be a JSON object")
        return web.json_response(await act(body))

    return handle


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadInputError as exc:
        return web.json_response({"error": str(exc)}, status=400)


def _need(body: Mapping[str, Any], key: str) -> Any:
    value = body.get(key, _MISSING)
    if value is _MISSING:
        raise BadInputError(f"{key}: missing")
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = _need(body, key)
    if not isinstance(value, str):
        raise BadInputError(f"{key}: expected a string")
    return value


def _number(body: Mapping[str, Any], key: str, default: float) -> float:
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInputError(f"{key}: expected a number of seconds")
    return float(value)
