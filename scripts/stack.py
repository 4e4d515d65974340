"""Run the shipped Prometheus and Alertmanager configuration on loopback, without Docker.

`make stack` starts the demo, Debian's Prometheus and Alertmanager, and a receiver that prints what
would reach a phone. The end-to-end tests and the benchmark start the same servers from here.
"""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

DEPLOY = Path(__file__).parent.parent / "deploy"
BINARIES = ("prometheus", "prometheus-alertmanager")
_PATIENCE = 10.0

Notify = Callable[[str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen; the defaults are those of the shipped files."""

    exporter: int = 10874
    receiver: int = 10876
    prometheus: int = 9090
    alertmanager: int = 9093


def missing(binaries: Iterable[str] = BINARIES) -> list[str]:
    """Return the programs that are not installed."""
    return [name for name in binaries if shutil.which(name) is None]


def taken(ports: Ports) -> list[int]:
    """Return the ports on which somebody listens already."""
    found = []
    for port in astuple(ports):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                found.append(port)
    return found


def render(folder: Path, ports: Ports, edit: Callable[[str], str] = str) -> None:
    """Copy the shipped configuration, with other ports; `edit` may change the text of a file."""
    shipped = Ports()
    shutil.copytree(DEPLOY / "prometheus", folder, dirs_exist_ok=True)
    shutil.copy(DEPLOY / "alertmanager" / "alertmanager.yml", folder)
    for path in folder.rglob("*.yml"):
        text = edit(path.read_text())
        for part in ("exporter", "receiver", "prometheus", "alertmanager"):
            text = text.replace(
                f"127.0.0.1:{getattr(shipped, part)}", f"127.0.0.1:{getattr(ports, part)}"
            )
        path.write_text(text)


@asynccontextmanager
async def process(*command: str, log: Path | None = None) -> AsyncIterator[None]:
    """Run a command until the block ends."""
    with (log or Path(os.devnull)).open("ab") as out:
        running = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                running.terminate()
            try:
                await asyncio.wait_for(running.wait(), _PATIENCE)
            except TimeoutError:
                running.kill()
                await running.wait()


@asynccontextmanager
async def receiver(port: int, notify: Notify) -> AsyncIterator[int]:
    """Take what Alertmanager posts; yields the port."""

    async def take(request: web.Request) -> web.Response:
        await notify(request.match_info["name"], await request.json())
        return web.Response()

    application = web.Application()
    application.router.add_post("/{name}", take)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def alertmanager(folder: Path, ports: Ports) -> AbstractAsyncContextManager[None]:
    """Run Alertmanager on the configuration that was rendered into a folder."""
    return process(
        str(shutil.which("prometheus-alertmanager")),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data' / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{ports.alertmanager}",
        "--cluster.listen-address=",
        log=folder / "alertmanager.log",
    )


def prometheus(folder: Path, ports: Ports) -> AbstractAsyncContextManager[None]:
    """Run Prometheus on the configuration that was rendered into a folder."""
    return process(
        str(shutil.which("prometheus")),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data' / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{ports.prometheus}",
        log=folder / "prometheus.log",
    )


async def _print(name: str, body: dict[str, Any]) -> None:
    if name == "watchdog":
        return
    for alert in body["alerts"]:
        notes = alert["annotations"]
        what = f"{alert['status'].upper()}  {alert['labels']['alertname']}"
        lines = [
            f"{time.strftime('%H:%M:%S')}  {name}: {what}  {notes.get('summary', '')}",
            f"          {notes.get('description', '')}",
            f"          {notes.get('runbook_url', '')}",
        ]
        print(*lines, sep="\n", flush=True)


def _introduce(ports: Ports, folder: Path) -> None:
    print(
        "",
        "The stack is starting. Open:",
        f"  http://127.0.0.1:{ports.exporter}/   the exporter: what it knows, and how old",
        f"  http://127.0.0.1:{ports.prometheus}/    Prometheus; see Alerts at its top",
        "",
        "Debian's Alertmanager has no page of its own; what it knows, and the logs:",
        f"  amtool --alertmanager.url=http://127.0.0.1:{ports.alertmanager} alert",
        f"  {folder}",
        "",
        "What would reach a phone is printed here. Ctrl-C ends it.",
        "",
        sep="\n",
        flush=True,
    )


async def main(scenario: str) -> int:
    """Run the demo and its watchers until Ctrl-C."""
    if missing():
        print(f"not installed: {', '.join(missing())} (Debian has packages of these names)")
        return 1
    ports = Ports()
    if busy := taken(ports):
        print(f"taken on 127.0.0.1: port {', '.join(map(str, busy))}")
        print("Debian starts what it installs. To stop that until the next start of the machine:")
        print("    sudo systemctl stop prometheus prometheus-alertmanager")
        return 1
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    demo = ("-m", "exporter", "demo", f"--scenario={scenario}")
    with tempfile.TemporaryDirectory(prefix="home-exporter-stack-") as name:
        folder = Path(name)
        render(folder, ports)
        async with (
            receiver(ports.receiver, _print),
            alertmanager(folder, ports),
            prometheus(folder, ports),
            process(sys.executable, *demo, log=folder / "demo.log"),
        ):
            _introduce(ports, folder)
            await ended.wait()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the demo with Prometheus and Alertmanager.")
    parser.add_argument("--scenario", default="demo", help="what happens at home")
    sys.exit(asyncio.run(main(parser.parse_args().scenario)))
