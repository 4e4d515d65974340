"""One WallyHome account as a source: places, sensors, and callbacks."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from exporter.model import ActivityChange, Device, LocationRef, Snapshot
from exporter.sources import bearer
from exporter.sources.base import Endpoints, InfoOf, Polled
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate, Reply
from exporter.sources.values import Reader
from exporter.sources.wally.config import WallyConfig
from exporter.sources.wally.mapping import Place, map_callback, map_places, map_sensors


class WallySource:
    """Reads one WallyHome account."""

    endpoints = Endpoints("places", "sensors")

    def __init__(self, config: WallyConfig, gate: Gate, findings: Findings) -> None:
        self.config = config
        self._gate = gate
        self._findings = findings
        self._places: dict[str, Place] = {}

    def change(self, config: WallyConfig) -> None:
        """Go on with another configuration."""
        self.config = config

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which places the account has."""

        def read(reply: Reply) -> list[Place]:
            return map_places(reply.body, self._reader(reply.vendor_now))

        places = await bearer.get(self._gate, self.config, "places", "/v2/places", read)
        self._places = {place.ref.id: place for place in places}
        return [place.ref for place in places]

    async def poll(self, location_id: str, info_of: InfoOf, /) -> Polled:
        """Ask for the sensors of one place."""

        def read(reply: Reply) -> Polled:
            reader = self._reader(reply.vendor_now)
            devices = map_sensors(reply.body, reader, self.config.threshold_unit, info_of)
            return Polled(self._snapshot(location_id, devices), reply.began, reply.vendor_now)

        path = f"/v2/places/{quote(location_id, safe='')}/sensors"
        return await bearer.get(self._gate, self.config, "sensors", path, read, location_id)

    def _snapshot(self, location_id: str, devices: tuple[Device, ...]) -> Snapshot:
        place = self._places.get(location_id)
        return Snapshot(
            name=place.ref.name if place else "",
            gateway_serial="",
            devices=devices,
            suspended=place.ref.suspended if place else None,
            expected_devices=place.expected_devices if place else None,
        )

    def callback(self, payload: Any) -> tuple[list[ActivityChange], int]:
        """Return what a callback says, and how many of its items were malformed."""
        return map_callback(payload, self._reader(self._gate.vendor_now()))

    def _reader(self, vendor_now: float) -> Reader:
        return Reader(vendor_now, self._findings, self.config.name)
