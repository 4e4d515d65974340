"""`home-exporter demo`: the real exporter on two simulated clouds, without account or internet."""

import asyncio
import secrets
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import yaml

from exporter.address import parse_address
from exporter.app import App
from exporter.clock import SystemClock
from exporter.config import Config, load
from exporter.errors import ConfigError
from exporter.simulator import SCENARIOS, Recorded, Scenario, Simulator, Step
from exporter.sources.vendors import MODELS

# The simulated clouds do not mind: a tour of minutes wants polls in seconds.
_HOMELY_POLL, _WALLY_POLL = "30s", "5s"
_READY_LOOK = 0.05


async def demo(address: str, scenario: str | None, seed: int, dump: Path | None = None) -> None:
    """Run until cancelled; raises ConfigError or StartError where it cannot.

    With a `dump` the clouds answer as those did that it was taken from, and nothing happens.
    """
    if dump is not None and scenario is not None:
        raise ConfigError(["--scenario: expected none with --dump: in a dump nothing happens"])
    scenario = scenario or ("calm" if dump else "demo")
    if scenario not in SCENARIOS:
        raise ConfigError([f"--scenario: expected one of {', '.join(SCENARIOS)}"])
    simulator = await (_recorded(dump) if dump else _simulated(seed))
    callback_secret = secrets.token_hex(16)
    await simulator.start()
    try:
        with tempfile.TemporaryDirectory(prefix="home-exporter-demo-") as folder:
            app = App(_config(simulator, Path(folder), callback_secret))
            try:
                await app.start(address)
                base = _base_url(address, app.server.port)
                path = f"/callbacks/wally/{quote(callback_secret)}"
                simulator.callback_targets.append(f"{base}{path}")
                await _until_ready(app)
                _introduce(simulator, base, SCENARIOS[scenario])
                # Calm until now, so that nothing happens before there is somebody to see it.
                simulator.on_step = _tell
                simulator.play(scenario)
                await asyncio.Event().wait()
            finally:
                await app.stop()
    finally:
        await simulator.stop()


async def _simulated(seed: int) -> Simulator:
    return Simulator(clock=SystemClock(), seed=seed)


async def _recorded(dump: Path) -> Simulator:
    try:
        return await Recorded.read(dump).simulator(SystemClock())
    except (OSError, ValueError) as error:
        raise ConfigError(
            [f"--dump: {dump}: {getattr(error, 'strerror', None) or error}"]
        ) from None


def _config(simulator: Simulator, folder: Path, callback_secret: str) -> Config:
    """Write a configuration for the simulated accounts and load it as any other."""
    homely = [
        {
            "base_url": simulator.homely_url,
            "username": username,
            "password": password,
            "poll_interval": _HOMELY_POLL,
            "poll_interval_disconnected": "10s",
            "locations_refresh": "60s",
        }
        for username, password in simulator.homely_logins
    ]
    wally = [
        {"base_url": simulator.wally_url, "token": token, "poll_interval": _WALLY_POLL}
        for token in simulator.wally_tokens
    ]
    if wally:
        wally[0]["callback_secret"] = callback_secret
    path = folder / "exporter.yml"
    path.write_text(
        yaml.safe_dump({"homely": homely, "wally": wally, "state_dir": str(folder / "state")})
    )
    return load(path, MODELS)


def _base_url(address: str, port: int) -> str:
    host, _ = parse_address(address)
    host = "127.0.0.1" if host in (None, "0.0.0.0") else host  # noqa: S104  # not bound here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _until_ready(app: App) -> None:
    while not app.is_ready():  # noqa: ASYNC110  # the app has no event for the one who waits once
        await asyncio.sleep(_READY_LOOK)


def _introduce(simulator: Simulator, base: str, scenario: Scenario) -> None:
    lines = [
        "",
        "home-exporter is serving two simulated clouds. Open:",
        f"  {base}/          the page",
        f"  {base}/metrics   what Prometheus scrapes",
        f"  {simulator.control_url}/control/world   the simulated homes themselves",
        "",
        f"Scenario {scenario.name}: {scenario.summary}",
        *(f"  {step.at:5.0f} s  {step.sentence}" for step in scenario.steps),
        "",
        "Ctrl-C ends it.",
        "",
    ]
    print("\n".join(lines), flush=True)  # noqa: T201  # for the person at the terminal


def _tell(step: Step) -> None:
    moment = time.strftime("%H:%M:%S")
    print(f"{moment}  {step.sentence}", flush=True)  # noqa: T201  # same
