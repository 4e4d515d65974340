"""A third vendor, as CONTRIBUTING says that one is added: its whole module, for the tests alone."""

import random
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import SecretStr

from exporter.catalog import readings
from exporter.clock import Clock
from exporter.config import AccountConfig, BaseUrl, Duration, FileName, SecretField
from exporter.model import Device, LocationRef, Reading, Snapshot
from exporter.sources import bearer
from exporter.sources.base import Endpoints, InfoOf, Polled, Source
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate, Reply
from exporter.sources.values import Reader, text


class ToyConfig(AccountConfig):
    """One account in exporter.yml."""

    vendor: ClassVar[str] = "toy"
    secret_fields: ClassVar[tuple[SecretField, ...]] = (SecretField("token"),)
    poll_floor: ClassVar[float] = 10.0

    base_url: BaseUrl = "https://toy.example"
    token: SecretStr | None = None
    token_file: FileName | None = None
    token_env: str | None = None
    poll_interval: Duration = 60.0
    stale_after: Duration = 900.0
    device_stale_after: Duration = 7200.0


def map_thing(key: str, thing: dict[str, Any], reader: Reader) -> Device:
    """Return one device of a house."""
    times = reader.when(thing.get("at"))
    found = {
        "wet": Reading(readings.LEAK, reader.boolean(thing.get("wet")), *times),
        "online": Reading(readings.DEVICE_ONLINE, reader.boolean(thing.get("online"))),
    }
    if thing.get("celsius") is not None:
        celsius = reader.number(thing["celsius"], readings.TEMPERATURE)
        found["celsius"] = Reading(readings.TEMPERATURE, celsius, *times)
    return Device(key, text(thing.get("name")), "", {}, found, updated=times[0])


class ToySource:
    """Reads one account."""

    endpoints = Endpoints("houses", "things")

    def __init__(self, config: ToyConfig, gate: Gate, findings: Findings) -> None:
        self.config, self._gate, self._findings = config, gate, findings
        self._names: dict[str, str] = {}

    def change(self, config: ToyConfig) -> None:
        """Go on with another configuration."""
        self.config = config

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which houses the account has."""

        def read(reply: Reply) -> list[LocationRef]:
            rows = Reader(reply.vendor_now, self._findings).rows(reply.body, "id")
            return [LocationRef(key, text(house.get("name"))) for key, house in rows]

        houses = await bearer.get(self._gate, self.config, "houses", "/houses", read)
        self._names = {house.id: house.name for house in houses}
        return houses

    async def poll(self, location_id: str, _: InfoOf, /) -> Polled:
        """Ask for the devices of one house."""

        def read(reply: Reply) -> Polled:
            reader = Reader(reply.vendor_now, self._findings)
            things = [map_thing(*row, reader) for row in reader.rows(reply.body, "id")]
            snapshot = Snapshot(self._names.get(location_id, ""), "", tuple(things))
            return Polled(snapshot, reply.began, reply.vendor_now)

        path = f"/houses/{location_id}/things"
        return await bearer.get(self._gate, self.config, "things", path, read, location_id)


class ToyVendor:
    """Builds sources, which share nothing."""

    config: ClassVar[type[AccountConfig]] = ToyConfig

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        pass

    def build(self, config: ToyConfig, gate: Gate, findings: Findings) -> Source:
        """Return the source of one account."""
        return ToySource(config, gate, findings)

    async def close(self) -> None:
        """Close nothing."""
