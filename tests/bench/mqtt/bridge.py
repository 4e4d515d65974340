"""What people write today: Homely's sockets to MQTT. `python bridge.py SETTINGS PORT`.

Runs in an environment of its own, with python-socketio and paho-mqtt and nothing of the exporter.
A message for each device as a poll shows it, then one for each pushed change, as Zigbee2MQTT does.
"""

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import socketio
from paho.mqtt.client import CallbackAPIVersion, Client

_AT_ONCE = 50
_PATIENCE = 20


class Bridge:
    """One socket for each home, and one connection to the broker."""

    def __init__(self, url: str, http: aiohttp.ClientSession, broker: Client) -> None:
        self._url = url
        self._http = http
        self._broker = broker
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def follow(self, username: str, password: str) -> list[Any]:
        """Log in, publish what the homes are like, and follow their sockets."""
        async with self._gate:
            body = {"username": username, "password": password}
            async with self._http.post(f"{self._url}/homely/oauth/token", json=body) as answer:
                bearer = f"Bearer {(await answer.json())['access_token']}"
            found = []
            for location in await self._get("locations", bearer):
                home = location["locationId"]
                for device in (await self._get(f"home/{home}", bearer))["devices"]:
                    self._publish(home, device["id"], _states(device))
                found.append(await self._connect(home, bearer))
            return found

    async def _get(self, path: str, bearer: str) -> Any:
        headers = {"Authorization": bearer}
        async with self._http.get(f"{self._url}/homely/{path}", headers=headers) as answer:
            return await answer.json()

    async def _connect(self, home: str, bearer: str) -> Any:
        client = socketio.AsyncClient(
            reconnection=False, http_session=self._http, handle_sigint=False
        )

        def take(event: dict[str, Any]) -> None:
            data = event["data"]
            states = {
                _key(one["feature"], one["stateName"]): one["value"] for one in data["changes"]
            }
            self._publish(home, data["deviceId"], states)

        client.on("event", take)
        query = urlencode({"locationId": home, "token": bearer})
        url = f"{self._url}?{query}"
        await client.connect(url, transports=["websocket"], wait_timeout=_PATIENCE)
        return client

    def _publish(self, home: str, device: str, states: dict[str, Any]) -> None:
        self._broker.publish(f"homes/{home}/{device}", json.dumps(states))


def _key(feature: str, state: str) -> str:
    return f"{feature}_{state}"


def _states(device: dict[str, Any]) -> dict[str, Any]:
    return {
        _key(feature, state): held.get("value")
        for feature, body in device["features"].items()
        for state, held in body["states"].items()
    }


async def main(settings: dict[str, Any], port: int) -> None:
    """Run until told to end."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    broker = Client(CallbackAPIVersion.VERSION2)
    broker.max_queued_messages_set(0)
    broker.connect("127.0.0.1", port)
    broker.loop_start()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        bridge = Bridge(settings["url"], http, broker)
        clients = await asyncio.gather(*(bridge.follow(*login) for login in settings["logins"]))
        print(json.dumps({"connected": len(clients)}), flush=True)
        await ended.wait()
        await asyncio.gather(*(client.disconnect() for found in clients for client in found))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))
