"""A running Prometheus, as tests ask it."""

import asyncio
from typing import Any

import aiohttp

_PATIENCE = 90.0


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each element of an instant query."""
        found = await self._get("query", query=expression)
        return [(one["metric"], float(one["value"][1])) for one in found.get("result", ())]

    async def until(
        self, expression: str, *, empty: bool = False
    ) -> list[tuple[dict[str, str], float]]:
        """Query until something, or nothing any more, comes back."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                found = await self.query(expression)
                if bool(found) is not empty:
                    return found
                await asyncio.sleep(0.1)

    async def until_it_knows_alertmanager(self) -> None:
        """Wait until alerts have somewhere to go: what is sent before is lost for a minute."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                if (await self._get("alertmanagers")).get("activeAlertmanagers"):
                    return
                await asyncio.sleep(0.1)

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        try:
            async with self._http.get(f"{self._url}/api/v1/{path}", params=params) as answer:
                document: Any = await answer.json()
        except aiohttp.ClientError:
            return {}  # it is starting
        assert document["status"] == "success", document
        data = document["data"]
        assert isinstance(data, dict)
        return data
