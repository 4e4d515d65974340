"""One WallyHome account as a source: places, sensors, and callbacks."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from exporter.errors import CloudError, Outcome
from exporter.model import ActivityChange, LocationRef, Snapshot
from exporter.rest import Bearer
from exporter.sources.base import Polled
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate, Reply
from exporter.sources.values import Reader
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.mapping import Place, map_callback, map_places, map_sensors


class WallySource:
    """Reads one WallyHome account."""

    def __init__(self, config: WallyConfig, gate: Gate, findings: Findings) -> None:
        self.config = config
        self._gate = gate
        self._findings = findings
        self._places: dict[str, Place] = {}

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which places the account has."""
        reply = await self._get("places", "/v2/places")
        places = map_places(reply.body, Reader(reply.vendor_now, self._findings))
        self._places = {place.ref.id: place for place in places}
        return [place.ref for place in places]

    async def poll(self, location_id: str) -> Polled:
        """Ask for the sensors of one place."""
        reply = await self._get("sensors", f"/v2/places/{quote(location_id, safe='')}/sensors")
        reader = Reader(reply.vendor_now, self._findings)
        devices = map_sensors(reply.body, reader, self.config.threshold_unit)
        place = self._places.get(location_id)
        snapshot = Snapshot(
            name=place.ref.name if place else "",
            gateway_serial="",
            devices=devices,
            suspended=place.ref.suspended if place else None,
            expected_devices=place.expected_devices if place else None,
        )
        return Polled(snapshot, reply.began, reply.vendor_now)

    def callback(self, payload: Any) -> tuple[list[ActivityChange], int]:
        """Return what a callback says, and how many of its items were malformed."""
        return map_callback(payload, Reader(self._gate.vendor_now(), self._findings))

    async def _get(self, endpoint: str, path: str) -> Reply:
        token = Bearer(self.config.secret("token").reveal())
        async with self._gate:
            try:
                reply = await self._gate.call(endpoint, "GET", path, auth=token)
            except CloudError as error:
                revoked = error.outcome is Outcome.UNAUTHORIZED
                if revoked or (error.outcome is Outcome.FORBIDDEN and endpoint == "places"):
                    raise self._gate.refuse(error) from None
                raise
            self._gate.accept()
            return reply
