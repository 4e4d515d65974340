"""A fleet of simulated homes as a process of its own: `python -m tests.bench.cloud HOMES`.

It stands still but for what it is told on standard input, a line of JSON each, so that what is
measured is what was asked for. Every change sets a temperature that no other change sets.
"""

import asyncio
import gc
import json
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from exporter.clock import SystemClock
from exporter.simulator import Change, Simulator
from exporter.simulator.devices import HomelyDevice
from exporter.simulator.homes import Home
from exporter.simulator.worlds import fleet_world

DEVICES = 5  # of each home: about 120 series
_HOUR = 3600.0
_STILL = 1e9
_READING = ("temperature", "temperature")


def temperatures() -> Iterator[float]:
    """Return temperatures within what is plausible, each another one."""
    for number in count():
        yield 10 + (number % 800_000) / 10_000


class Cloud:
    """The simulator, and how its homes change."""

    def __init__(self, homes: int) -> None:
        self.world = fleet_world(homes, 1, DEVICES, report_every=_HOUR)
        self.simulator = Simulator(clock=SystemClock(), world=self.world, tick=_STILL)
        self._seats = [(home, _thermometer(home)) for home in self.world.homes]
        self._temperatures = temperatures()
        self._dice = random.Random(1)  # noqa: S311  # not a secret

    async def obey(self, wish: str, details: dict[str, Any]) -> dict[str, Any]:
        """Do what was asked for and return what came of it."""
        if wish == "connected":
            return {"sockets": self.simulator.homely.sockets.count()}
        if wish == "change":
            return await self._change(details["homes"])
        return await self._stream(details["events"], details["every"], Path(details["path"]))

    async def _change(self, homes: int) -> dict[str, Any]:
        """Change one reading in each of so many homes, drawn anew; tell of the last one."""
        began, value = time.monotonic(), 0.0
        for number, seat in enumerate(self._dice.sample(self._seats, homes), 1):
            change, value = self._next(*seat)
            await self.simulator.publish([change])
            if number % 20 == 0:
                await asyncio.sleep(0)
        return {"began": began, "value": value}

    async def _stream(self, events: int, every: float, path: Path) -> dict[str, Any]:
        """Let each home send so many events, one `every` so many seconds, at a moment of its own.

        Writes when each was given to the socket, by its value, for other processes to compare.
        """
        offsets = sorted((self._dice.uniform(0, every), seat) for seat in range(len(self._seats)))
        sent: dict[float, float] = {}
        late, began = 0.0, time.monotonic()
        for turn in range(events):
            for offset, seat in offsets:
                due = began + turn * every + offset
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                change, value = self._next(*self._seats[seat])
                sent[value] = time.monotonic()
                late = max(late, sent[value] - due)
                await self.simulator.publish([change])
        path.write_text(json.dumps(list(sent.items())))
        return {"events": len(sent), "late": late}

    def _next(self, home: Home, device: HomelyDevice) -> tuple[Change, float]:
        value = next(self._temperatures)
        return self.world.set_state(home, device, *_READING, value, now=time.time()), value


def _thermometer(home: Home) -> HomelyDevice:
    return next(device for device in home.devices if device.read(*_READING) is not None)


async def main(homes: int) -> None:
    """Serve until told to end."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop, cloud = asyncio.get_running_loop(), Cloud(homes)
    main_task = asyncio.current_task()
    assert main_task is not None
    loop.add_signal_handler(signal.SIGTERM, main_task.cancel)
    await cloud.simulator.start()
    gc.collect()
    gc.freeze()
    wishes = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)
    _say({"url": cloud.simulator.homely_url, "logins": cloud.simulator.homely_logins})
    while line := await wishes.readline():
        details = json.loads(line)
        _say(await cloud.obey(details.pop("wish"), details))


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1])))
    except asyncio.CancelledError:
        sys.exit(0)
