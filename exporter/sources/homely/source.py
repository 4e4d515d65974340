"""One Homely login as a source: locations, homes, and a stream for each."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from exporter.clock import Clock
from exporter.errors import CloudError, Outcome
from exporter.model import LocationRef
from exporter.rest import Bearer
from exporter.secret import Secret
from exporter.sources.base import Event, ModelOf, Polled, StreamListener
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate, Reply
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.mapping import map_event, map_home, map_locations
from exporter.sources.homely.stream import Connector, Stream
from exporter.sources.homely.tokens import Tokens
from exporter.sources.values import Reader


class HomelySource:
    """Reads one Homely login."""

    def __init__(
        self,
        config: HomelyConfig,
        gate: Gate,
        connector: Connector,
        findings: Findings,
        clock: Clock,
    ) -> None:
        self.config = config
        self._gate = gate
        self._connector = connector
        self._findings = findings
        self._clock = clock
        self._tokens = Tokens(config, gate, clock)

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which locations the login has, and return those that the configuration admits."""
        reply = await self._get("locations", "/homely/locations", forbidden_is_final=True)
        refs = map_locations(reply.body, Reader(reply.vendor_now, self._findings))
        return [ref for ref in refs if self.config.locations.admits(ref.id, ref.name)]

    async def poll(self, location_id: str) -> Polled:
        """Ask for the state of one home."""
        reply = await self._get("home", f"/homely/home/{quote(location_id, safe='')}")
        snapshot = map_home(reply.body, Reader(reply.vendor_now, self._findings))
        return Polled(snapshot, reply.began, reply.vendor_now)

    async def follow(self, location_id: str, listener: StreamListener) -> None:
        """Keep the location's socket up until cancelled."""
        await Stream(self._connector, self.config.base_url, location_id, self, listener).run()

    def event(self, payload: Any, model_of: ModelOf) -> Event | None:
        """Return what a socket event says."""
        return map_event(payload, Reader(self._gate.vendor_now(), self._findings), model_of)

    async def stream_token(self) -> Secret:
        """Return a token for a new connection; a held one is used even while calls are on hold."""
        held = self._tokens.held()
        if held is not None:
            return held
        async with self._gate:
            return await self._tokens.get()

    def stream_refused(self) -> None:
        """Take that the socket refused the token: the next connection gets a new one."""
        self._tokens.forget_access()

    async def _get(self, endpoint: str, path: str, *, forbidden_is_final: bool = False) -> Reply:
        async with self._gate:
            token = await self._tokens.get()
            try:
                return await self._call(endpoint, path, token)
            except CloudError as error:
                if error.outcome is Outcome.FORBIDDEN and forbidden_is_final:
                    raise self._refused(error) from None
                if error.outcome is not Outcome.UNAUTHORIZED:
                    raise
            token = await self._tokens.renew()
            try:
                return await self._call(endpoint, path, token)
            except CloudError as error:
                if error.outcome is Outcome.UNAUTHORIZED:
                    raise self._refused(error) from None
                raise

    async def _call(self, endpoint: str, path: str, token: Secret) -> Reply:
        reply = await self._gate.call(endpoint, "GET", path, auth=Bearer(token.reveal()))
        self._gate.accept()
        return reply

    def _refused(self, error: CloudError) -> CloudError:
        self._tokens.forget()
        return self._gate.refuse(error)
