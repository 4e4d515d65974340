"""The WallyHome cloud: places, sensors and callbacks."""

from typing import Any

from aiohttp import web

from exporter.simulator.callbacks import CallbackSender, Receipt
from exporter.simulator.changes import ActivityChange
from exporter.simulator.gate import Shared, Visit, bearer, gated_app
from exporter.simulator.homes import WallyAccount

_PLACES = "/v2/places"
_SENSORS = "/sensors"


class WallyCloud:
    """Everything a client of WallyHome can reach, and the hands behind it."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.sender = CallbackSender()
        self.targets: dict[str, list[str]] = {
            account.token: [] for account in shared.world.accounts
        }
        self.revoked: set[str] = set()

    def app(self) -> web.Application:
        """Return the web application."""
        app = gated_app("wally", self.shared, self._read, _not_found)
        app.router.add_get(_PLACES, self._places)
        app.router.add_get(f"{_PLACES}/{{place}}{_SENSORS}", self._sensors)
        return app

    async def send_callback(
        self, activity: dict[str, Any], token: str | None = None
    ) -> list[Receipt]:
        """Post an activity to the targets of an account, the first one when none is named."""
        chosen = next(iter(self.targets), "") if token is None else token
        return await self.sender.send(self.targets.get(chosen, []), activity)

    async def publish(self, change: ActivityChange) -> None:
        """Post an activity that has changed to its account's targets."""
        await self.send_callback(change.activity, change.token)

    async def _read(self, request: web.Request) -> Visit | None:
        token = bearer(request.headers.get("Authorization", ""))
        if request.method != "GET":
            return None
        if request.path == _PLACES:
            return Visit("places", token, "")
        if request.path.startswith(f"{_PLACES}/") and request.path.endswith(_SENSORS):
            place = request.path.removeprefix(f"{_PLACES}/").removesuffix(_SENSORS)
            return Visit("sensors", token, place)
        return None

    def _account(self, request: web.Request) -> WallyAccount | None:
        token = bearer(request.headers.get("Authorization", ""))
        if token in self.revoked:
            return None
        return next((held for held in self.shared.world.accounts if held.token == token), None)

    async def _places(self, request: web.Request) -> web.Response:
        account = self._account(request)
        if account is None:
            return _error(401, "unauthorized")
        return web.json_response([place.payload() for place in account.places])

    async def _sensors(self, request: web.Request) -> web.Response:
        account = self._account(request)
        if account is None:
            return _error(401, "unauthorized")
        place = account.place(request.match_info["place"])
        if place is None:
            return _error(404, "no such place")
        return web.json_response([sensor.payload() for sensor in place.sensors])


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _not_found(_request: web.Request) -> web.Response:
    return _error(404, "not found")
