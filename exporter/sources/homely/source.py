"""One Homely login as a source: locations, homes, and a stream for each."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from exporter.clock import Clock
from exporter.errors import CloudError, Outcome
from exporter.model import LocationRef
from exporter.rest import Bearer, Request
from exporter.secret import Secret
from exporter.sources.base import Endpoints, Event, InfoOf, Polled, StreamListener
from exporter.sources.findings import Findings
from exporter.sources.gate import Gate, Reply
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.homely.mapping import map_event, map_home, map_locations
from exporter.sources.homely.stream import Connector, Stream
from exporter.sources.homely.tokens import Tokens
from exporter.sources.values import Reader

_T = TypeVar("_T")


class HomelySource:
    """Reads one Homely login."""

    endpoints = Endpoints("locations", "home")

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
        self._tokens = Tokens(config, gate, clock, connector.rng)

    def change(self, config: HomelyConfig) -> None:
        """Go on with another configuration; tokens that another password gave are not used."""
        if config.credentials != self.config.credentials:
            self._tokens = Tokens(config, self._gate, self._clock, self._connector.rng)
        self.config = config

    async def locations(self) -> Sequence[LocationRef]:
        """Ask which locations the login has, and return those that the configuration admits."""

        def read(reply: Reply) -> list[LocationRef]:
            return map_locations(reply.body, Reader(reply.vendor_now, self._findings))

        refs = await self._get(self.endpoints.listing, "/homely/locations", read)
        return [ref for ref in refs if self.config.admits(ref.id, ref.name)]

    async def poll(self, location_id: str, _: InfoOf, /) -> Polled:
        """Ask for the state of one home."""

        def read(reply: Reply) -> Polled:
            snapshot = map_home(reply.body, Reader(reply.vendor_now, self._findings))
            return Polled(snapshot, reply.began, reply.vendor_now)

        path = f"/homely/home/{quote(location_id, safe='')}"
        return await self._get(self.endpoints.poll, path, read, location_id=location_id)

    async def follow(self, location_id: str, listener: StreamListener) -> None:
        """Keep the location's socket up until cancelled."""
        await Stream(self._connector, self.config.base_url, location_id, self, listener).run()

    def event(self, payload: Any, info_of: InfoOf) -> Event | None:
        """Return what a socket event says."""
        return map_event(payload, Reader(self._gate.vendor_now(), self._findings), info_of)

    async def stream_token(self) -> Secret:
        """Return a token for a new connection; a held one is used even while calls are on hold."""
        held = self._tokens.held()
        if held is not None:
            return held
        # A stream that is stopped meanwhile must not lose a token that the cloud has rotated.
        fetch = asyncio.ensure_future(self._fresh_token())
        # Nobody hears of its failure then.
        fetch.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(fetch)

    async def _fresh_token(self) -> Secret:
        async with self._gate:
            return await self._tokens.get()

    def stream_refused(self, token: Secret) -> None:
        """Take that the socket refused the token: the next connection may get a new one."""
        self._tokens.distrust(token)

    async def _get(
        self, endpoint: str, path: str, read: Callable[[Reply], _T], *, location_id: str = ""
    ) -> _T:
        async with self._gate:
            token = await self._tokens.get()
            try:
                return await self._call(endpoint, path, read, token, location_id)
            except CloudError as error:
                if error.outcome is Outcome.FORBIDDEN and not location_id:
                    raise await self._refused(error) from None
                if error.outcome is not Outcome.UNAUTHORIZED:
                    raise
            token = await self._tokens.renew()
            try:
                return await self._call(endpoint, path, read, token, location_id)
            except CloudError as error:
                if error.outcome is Outcome.UNAUTHORIZED:
                    raise await self._refused(error, location_id) from None
                raise

    async def _call(
        self,
        endpoint: str,
        path: str,
        read: Callable[[Reply], _T],
        token: Secret,
        location_id: str,
    ) -> _T:
        request = Request("GET", path, Bearer(token.reveal()))
        found = await self._gate.call(endpoint, request, read, location_id=location_id)
        self._gate.accept()
        return found

    async def _refused(self, error: CloudError, location_id: str = "") -> CloudError:
        if not location_id:
            self._tokens.forget()
        return await self._gate.refuse(error, location_id)
