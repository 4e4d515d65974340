"""The command as people run it: a process of its own."""

import asyncio
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml

from exporter.simulator import Simulator

PATIENCE = 60.0
STOP_WITHIN = 5.0


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config_for(sim: Simulator, folder: Path) -> Path:
    """Write a configuration for the simulated accounts."""
    homely = [
        {"base_url": sim.homely_url, "username": username, "password": password}
        for username, password in sim.homely_logins
    ]
    wally = [{"base_url": sim.wally_url, "token": token} for token in sim.wally_tokens]
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump({"homely": homely, "wally": wally, "state_dir": "state"}))
    return path


@dataclass
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def lines(self) -> list[str]:
        """The lines it wrote to standard error."""
        return self.err.splitlines()


@dataclass
class Command:
    """A run of `python -m exporter`."""

    process: asyncio.subprocess.Process
    began: float = field(default_factory=time.monotonic)

    async def finish(self, within: float = PATIENCE) -> Finished:
        """Wait for its end."""
        began = time.monotonic()
        out, err = await asyncio.wait_for(self.process.communicate(), within)
        assert self.process.returncode is not None
        seconds = time.monotonic() - began
        return Finished(self.process.returncode, out.decode(), err.decode(), seconds)

    async def line(self, words: str, *, stream: str = "stderr") -> str:
        """Read up to the line that has these words in it and return it."""
        pipe = self.process.stderr if stream == "stderr" else self.process.stdout
        assert pipe is not None
        seen = []
        async with asyncio.timeout(PATIENCE):
            while line := (await pipe.readline()).decode():
                seen.append(line)
                if words in line:
                    return line
        raise AssertionError(f"ended without {words!r}: {seen}")

    async def stop(self, number: signal.Signals) -> Finished:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return await self.finish()

    async def kill(self) -> None:
        """End it if the test left it running."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()


async def start(*arguments: str, folder: Path, module: str = "exporter", **environ: str) -> Command:
    """Start the command in a folder, with a small environment of its own."""
    # The folder may be anywhere, so the package is found by its path.
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        module,
        *arguments,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "HOME": str(folder), **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Command(process)


async def get(url: str) -> str:
    """Fetch a page that must be there."""
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.status == 200, (url, response.status)
        return await response.text()


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 loopback address, as many containers have not."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


async def until_served(url: str, within: float = PATIENCE) -> str:
    """Fetch a page as soon as somebody serves it."""
    async with asyncio.timeout(within):
        while True:
            try:
                return await get(url)
            except (aiohttp.ClientConnectionError, AssertionError):
                await asyncio.sleep(0.02)
