"""The cloud of the toy vendor: a real server of one house, with the simulator's faults and log."""

from typing import Any

from aiohttp import web

from exporter.clock import Clock
from exporter.simulator import Fault, World
from exporter.simulator.calls import CallLog
from exporter.simulator.devices import EMPTY
from exporter.simulator.door import Door
from exporter.simulator.faults import FaultBook, Kind
from exporter.simulator.gate import Shared, Visit, bearer, gated_app
from exporter.simulator.stamps import iso

TOKEN = "token-of-the-toy"


class Toy:
    """The toy cloud: the device is a sensor of water, the reading its temperature."""

    vendor = "toy"
    endpoint, listing = "things", "houses"
    interval = listed_every = 60 * 1.1
    stale_after, device_stale_after = 15 * 60.0, 2 * 3600.0
    location_id, device_id = "house-1", "thing-1"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shared = Shared(clock, World([], []), FaultBook(), CallLog())
        self._door = Door(self._app)
        self._houses = [{"id": self.location_id, "name": "Toy house"}]
        self._things: list[dict[str, Any]] = [
            {"id": self.device_id, "name": "Cellar", "wet": False, "online": True, "celsius": 9.5},
            {"id": "thing-2", "name": "Attic", "wet": False, "online": True, "celsius": 12},
        ]
        self._shown = list(self._things)
        self._at = clock.wall()
        self._is_frozen = self._is_revoked = False

    @property
    def account(self) -> dict[str, str]:
        """What stands in exporter.yml."""
        return {"base_url": self._door.url, "token": TOKEN}

    @property
    def log(self) -> CallLog:
        return self._shared.calls

    async def open(self) -> None:
        """Serve."""
        await self._door.open("127.0.0.1", 0)

    async def close(self) -> None:
        """Serve no more."""
        await self._door.close()

    def flood(self) -> None:
        """Let the device get wet."""
        self._things[0]["wet"] = True

    def revoke(self) -> None:
        """Accept the token no more."""
        self._is_revoked = True

    def freeze(self) -> None:
        self._is_frozen = True

    def write(self, value: Any) -> None:
        self._things[0]["celsius"] = {} if value is EMPTY else value
        self._at = self._clock.wall()

    def rename(self, name: str) -> None:
        self._things[0]["name"] = name

    def rename_location(self, name: str) -> None:
        self._houses[0]["name"] = name

    def hide(self) -> None:
        self._shown = self._things[1:]

    def show(self) -> None:
        self._shown = list(self._things)

    def remove_location(self) -> None:
        self._houses.clear()

    def twin(self) -> None:
        self._things[1]["name"] = self._things[0]["name"]

    async def fail(self, kind: Kind) -> None:
        self._shared.faults.add(Fault(kind=kind))

    def mend(self) -> None:
        self._shared.faults.clear()

    def _app(self) -> web.Application:
        app = gated_app(self.vendor, self._shared, self._visit, lambda _: web.Response(status=404))
        app.router.add_get("/houses", self._answer_houses)
        app.router.add_get(f"/houses/{self.location_id}/things", self._answer_things)
        return app

    async def _visit(self, request: web.Request) -> Visit | None:
        name = request.path.rpartition("/")[2]
        return Visit(name, "", "" if name == self.listing else self.location_id)

    def _admit(self, request: web.Request) -> None:
        if self._is_revoked or bearer(request.headers.get("Authorization", "")) != TOKEN:
            raise web.HTTPUnauthorized

    async def _answer_houses(self, request: web.Request) -> web.Response:
        self._admit(request)
        return web.json_response(self._houses)

    async def _answer_things(self, request: web.Request) -> web.Response:
        self._admit(request)
        if not self._houses:
            return web.Response(status=404)
        if not self._is_frozen:
            self._at = self._clock.wall()
        return web.json_response([{**thing, "at": iso(self._at)} for thing in self._shown])
