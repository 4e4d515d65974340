"""A client small enough to show what is on the wire."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from exporter.simulator import Simulator

PATIENCE = 5.0


@dataclass
class Answer:
    """What came back: status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Talk to a simulator's three servers."""

    sim: Simulator
    http: aiohttp.ClientSession

    async def call(self, method: str, url: str, **options: Any) -> Answer:
        async with self.http.request(method, url, allow_redirects=False, **options) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    async def login(self, number: int = 0) -> dict[str, Any]:
        username, password = self.sim.homely_logins[number]
        answer = await self.post("/homely/oauth/token", username=username, password=password)
        assert answer.status == 201, answer.body
        body: dict[str, Any] = answer.json
        return body

    async def token(self, number: int = 0) -> str:
        return str((await self.login(number))["access_token"])

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.call("POST", self.sim.homely_url + path, json=body)

    async def get(self, path: str, token: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.call("GET", self.sim.homely_url + path, headers=headers)

    async def wally(self, path: str, token: str | None = None) -> Answer:
        chosen = self.sim.wally_tokens[0] if token is None else token
        headers = {"Authorization": f"Bearer {chosen}"}
        return await self.call("GET", self.sim.wally_url + path, headers=headers)

    async def control(self, path: str, body: Any = None) -> Answer:
        url = f"{self.sim.control_url}/control/{path}"
        return await self.call("POST", url, json=body)

    async def socket(self, location: str, token: str) -> "Socket":
        query = {
            "EIO": "4",
            "transport": "websocket",
            "locationId": location,
            "token": f"Bearer {token}",
        }
        url = f"{self.sim.homely_url}/socket.io/"
        return Socket(await self.http.ws_connect(url, params=query))


@dataclass
class Socket:
    """One Socket.IO connection, frame by frame."""

    ws: aiohttp.ClientWebSocketResponse

    async def frame(self) -> aiohttp.WSMessage:
        return await asyncio.wait_for(self.ws.receive(), PATIENCE)

    async def text(self) -> str:
        """Return the next frame that is not a ping."""
        while (frame := await self.frame()).data == "2":
            await self.ws.send_str("3")
        return str(frame.data)

    async def join(self) -> Self:
        assert (await self.text()).startswith("0{")
        await self.ws.send_str("40")
        assert (await self.text()).startswith("40{")
        return self

    async def event(self) -> Any:
        text = await self.text()
        assert text.startswith("42"), text
        name, payload = json.loads(text[2:])
        assert name == "event"
        return payload

    async def until_closed(self) -> list[str]:
        """Return the frames that come before the connection ends."""
        frames = []
        while (frame := await self.frame()).type in (
            aiohttp.WSMsgType.TEXT,
            aiohttp.WSMsgType.BINARY,
        ):
            frames.append(str(frame.data))
        return frames


MakeClient = Callable[[Simulator], Awaitable[Client]]
