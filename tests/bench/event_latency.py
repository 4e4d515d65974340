"""How soon is a pushed change on the page? Run with `make bench`.

The simulator runs in this process, the exporter in one of its own, both on loopback. A power
reading is pushed over the socket and /metrics is scraped without pause until it shows it, so the
figure holds the socket, the mapping, the store, the rendering and one whole scrape.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Simulator, demo_world

EVENTS = 100
_PORT = 10987
_URL = f"http://127.0.0.1:{_PORT}/metrics"


async def _measure(simulator: Simulator, http: aiohttp.ClientSession) -> list[float]:
    world = simulator.world
    home = next(
        one for one in world.homes if any(d.model == "EMI Norwegian HAN" for d in one.devices)
    )
    plug = next(device for device in home.devices if device.model == "EMI Norwegian HAN")
    seconds = []
    for number in range(EVENTS):
        watts = 20_000 + number
        wanted = f" {float(watts)!r}\n".encode()
        change = world.set_state(home, plug, "metering", "demand", watts, now=time.time())
        began = time.perf_counter()
        await simulator.publish([change])
        while True:
            async with http.get(_URL) as response:
                if wanted in await response.read():
                    break
        seconds.append(time.perf_counter() - began)
    return seconds


async def _scrape_cost(http: aiohttp.ClientSession) -> float:
    began = time.perf_counter()
    for _ in range(EVENTS):
        async with http.get(_URL) as response:
            await response.read()
    return (time.perf_counter() - began) / EVENTS


async def _until_connected(http: aiohttp.ClientSession, homes: int) -> None:
    for _ in range(1000):
        try:
            async with http.get(_URL) as response:
                page = await response.text()
        except aiohttp.ClientError:
            page = ""
        lines = [line for line in page.splitlines() if line.startswith("home_exporter_stream_conn")]
        if (
            sum(
                line.startswith("home_exporter_stream_connected{") and line.endswith(" 1.0")
                for line in lines
            )
            == homes
        ):
            return
        await asyncio.sleep(0.02)
    raise SystemExit("the exporter did not connect")


async def main() -> None:
    """Print the median and the worst of the events, and what one scrape alone takes."""
    simulator = Simulator(clock=SystemClock(), world=demo_world())
    await simulator.start()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "exporter.yml")
        accounts = [
            {"base_url": simulator.homely_url, "username": user, "password": word}
            for user, word in simulator.homely_logins
        ]
        path.write_text(yaml.safe_dump({"homely": accounts, "state_dir": folder}))
        command = [sys.executable, "-m", "exporter", f"--config.file={path}", "--log.level=error"]
        process = await asyncio.create_subprocess_exec(
            *command, f"--web.listen-address=127.0.0.1:{_PORT}"
        )
        try:
            async with aiohttp.ClientSession() as http:
                await _until_connected(http, len(simulator.world.homes))
                alone = await _scrape_cost(http)
                seconds = sorted(await _measure(simulator, http))
        finally:
            process.terminate()
            await process.wait()
    await simulator.stop()
    milliseconds = [1000 * one for one in seconds]
    print(
        f"event to visible over {EVENTS} events: median {statistics.median(milliseconds):.1f} ms, "
        f"worst {milliseconds[-1]:.1f} ms; one scrape alone {1000 * alone:.1f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main())
