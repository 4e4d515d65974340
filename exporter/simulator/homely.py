"""The Homely cloud: REST, tokens and sockets as one server."""

from typing import Any

from aiohttp import web

from exporter.simulator.changes import AlarmChange, DeviceChange, alarm_event, device_event
from exporter.simulator.gate import Shared, gated_app
from exporter.simulator.homely_rest import HomelyRest, not_found
from exporter.simulator.homely_socket import HomelySockets
from exporter.simulator.tokens import TokenOffice


class HomelyCloud:
    """Everything a client of Homely can reach, and the hands behind it."""

    def __init__(self, shared: Shared, tokens: TokenOffice, sockets: HomelySockets) -> None:
        self.shared = shared
        self.tokens = tokens
        self.sockets = sockets

    def app(self) -> web.Application:
        """Return the web application."""
        rest = HomelyRest(self.shared, self.tokens)
        app = gated_app("homely", self.shared, rest.read, not_found)
        rest.add_routes(app)
        self.sockets.attach(app)
        return app

    async def emit(self, location_id: str, payload: Any) -> int:
        """Send any `event` to a location's sockets; return how many there were."""
        return await self.sockets.emit(location_id, payload)

    async def drop_sockets(self, location_id: str | None = None) -> int:
        """Close the sockets of one location or of all; return how many there were."""
        return await self.sockets.drop(location_id)

    def live_sockets(self, location_id: str | None = None) -> int:
        """Count the sockets that are connected."""
        return self.sockets.count(location_id)

    async def publish(self, change: DeviceChange | AlarmChange) -> None:
        """Send what has changed in a home to its sockets."""
        if not self.sockets.count(change.location_id):
            return
        home = self.shared.world.home(change.location_id)
        if isinstance(change, AlarmChange):
            await self.emit(home.location_id, alarm_event(change, home.form))
        else:
            await self.emit(home.location_id, device_event(home, change))
