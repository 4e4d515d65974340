"""Where the commands of the documents run: both clouds, the exporter on them, an Alertmanager."""

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.clock import SystemClock
from exporter.simulator import Simulator, small_world
from tests.cli.command import config_for, free_port, start, until_served
from tests.documents.blocks import ROOT, Block

_PATIENCE = 60.0
_EXPORTER, _ALERTMANAGER = "127.0.0.1:10874", "127.0.0.1:9093"
#: How a server of the documents is told where to listen, and where it answers once it serves.
_SERVERS = {
    "home-exporter": ("--web.listen-address=127.0.0.1:{}", "/-/ready"),
    "victoria-metrics": ("-httpListenAddr=127.0.0.1:{}", "/health"),
}


@dataclass
class Stage:
    """A folder like that of somebody who follows the documents."""

    folder: Path
    addresses: dict[str, str]
    environ: dict[str, str]

    def localised(self, text: str) -> str:
        """Return a text with the addresses that things really have here."""
        for shown, real in self.addresses.items():
            text = text.replace(shown, real)
        return text

    async def run(self, block: Block) -> None:
        """Run the commands of a block; each must end with 0."""
        process = await self._shell("set -euo pipefail\n" + self.localised(block.text))
        async with asyncio.timeout(_PATIENCE):
            out, _ = await process.communicate()
        assert process.returncode == 0, f"{block}: {out.decode()}"

    async def serve(self, block: Block) -> None:
        """Start the server of a block, wait until it answers, and end it."""
        flag, path = _SERVERS[shlex.split(block.text)[0]]
        port = free_port()
        command = block.text.strip().replace("\\\n", " ")
        process = await self._shell(f"exec {command} {flag.format(port)}")
        await until_served(f"http://127.0.0.1:{port}{path}")
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), _PATIENCE)
        assert process.returncode == 0, f"{block}: {out.decode()}"

    def serves(self, block: Block) -> bool:
        """Return whether the block starts a server that can be had here."""
        return shlex.split(block.text)[0] in _SERVERS

    async def _shell(self, script: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *("bash", "-c", script),
            cwd=self.folder,
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Set the stage, and clear it."""
    sim = Simulator(clock=SystemClock(), world=small_world())
    await sim.start()
    config_for(sim, folder)
    (folder / "deploy").symlink_to(ROOT / "deploy")
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "home-exporter"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -W error -m exporter "$@"\n')
    program.chmod(0o755)
    port = free_port()
    address = f"127.0.0.1:{port}"
    flags = (f"--web.listen-address={address}", "--web.enable-lifecycle")
    serving = await start("serve", *flags, folder=folder)
    try:
        await until_served(f"http://{address}/-/ready")
        async with _alertmanager(folder) as alerts:
            environ = {
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "HOME": str(folder),
                "PID": str(serving.process.pid),
            }
            yield Stage(folder, {_EXPORTER: address, _ALERTMANAGER: alerts}, environ)
        assert (await serving.stop(signal.SIGTERM)).code == 0
    finally:
        await serving.kill()
        await sim.stop()


@asynccontextmanager
async def _alertmanager(folder: Path) -> AsyncIterator[str]:
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        "prometheus-alertmanager",
        f"--config.file={ROOT / 'deploy/alertmanager/alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await until_served(f"http://{address}/-/ready")
        yield address
    finally:
        process.terminate()
        await process.wait()
