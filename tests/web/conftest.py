"""The exporter with a web configuration, on the clock of the test."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import bcrypt
import pytest
import trustme
import yaml

from exporter.app import App
from exporter.simulator import Simulator, small_world
from exporter.web.protection import Protection
from tests.support.manual_clock import ManualClock
from tests.support.running import config_for

USER, PASSWORD = "prometheus", "right-password"
Serve = Callable[..., Awaitable[App]]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


def hashed(password: str) -> str:
    """Return a hash that is quick to check."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def basic(name: str, password: str) -> dict[str, str]:
    """Return the header that carries a name and a password."""
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def write(folder: Path, password: str | None = None, *, tls: bool = False) -> Path:
    """Write a web configuration, with the user if there is a password for it."""
    document: dict[str, object] = {}
    if password is not None:
        document["basic_auth_users"] = {USER: hashed(password)}
    if tls:
        document["tls_server_config"] = {"cert_file": "cert.pem", "key_file": "key.pem"}
    path = folder / "web.yml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
async def serve(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Serve]:
    """Return what starts the exporter with the web configuration in the test's folder."""
    apps: list[App] = []
    simulator = Simulator(clock=clock, world=small_world())
    await simulator.start()

    async def start(*, open_health: bool = False) -> App:
        path = tmp_path / "web.yml"
        protection = Protection(path, open_health=open_health, clock=clock)
        apps.append(App(config_for(simulator, tmp_path), clock=clock))
        await apps[-1].start("127.0.0.1:0", protection)
        return apps[-1]

    yield start
    for app in apps:
        await app.stop()
    await simulator.stop()
