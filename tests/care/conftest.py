"""Accounts, gates and sources on a clock that the test moves."""

import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.config import load
from exporter.sources.gate import Gate
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.vendors import MODELS
from exporter.sources.wally.config import WallyConfig
from tests.care.gates import Cloud
from tests.care.rig import FakeStream, Household, ScriptedTransport, Surroundings
from tests.support.manual_clock import ManualClock


@pytest.fixture(autouse=True)
def _every_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="exporter")


@pytest.fixture
def around(clock: ManualClock) -> Iterator[Surroundings]:
    with ThreadPoolExecutor(8) as pool:
        surroundings = Surroundings(clock, pool)
        yield surroundings
        for transport in surroundings.transports:
            transport.abort()
            transport.close()


@pytest.fixture
async def household(around: Surroundings) -> AsyncIterator[Household]:
    made = Household(around)
    yield made
    await made.stop()


@pytest.fixture
def source(household: Household, homely_config: HomelyConfig) -> FakeStream:
    """Return a source of two locations with a stream each."""
    return FakeStream(homely_config, household.clock, listed=["villa", "cabin"])


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def transport(cloud: Cloud) -> ScriptedTransport:
    return ScriptedTransport(cloud)


@pytest.fixture
def gate(around: Surroundings, wally_config: WallyConfig, transport: ScriptedTransport) -> Gate:
    return around.gate(wally_config, transport)


@pytest.fixture
def homely_config(tmp_path: Path) -> HomelyConfig:
    """Return an account of the real cloud; nothing here calls it."""
    return homely_at("https://sdk.iotiliti.cloud", ("me@example.com", "s3cr3t-word"), tmp_path)


@pytest.fixture
def wally_config(tmp_path: Path) -> WallyConfig:
    """Return an account of the real cloud; nothing here calls it."""
    return wally_at("https://api.snsr.net", "s3cr3t-token", tmp_path)


def homely_at(url: str, login: tuple[str, str], folder: Path, **more: str) -> HomelyConfig:
    """Load a configuration with one Homely account and return the account."""
    lines = {"base_url": url, "username": login[0], "password": login[1], **more}
    config = _account("homely", lines, folder)
    assert isinstance(config, HomelyConfig)
    return config


def wally_at(url: str, token: str, folder: Path, **more: str) -> WallyConfig:
    """Load a configuration with one Wally account and return the account."""
    config = _account("wally", {"base_url": url, "token": token, **more}, folder)
    assert isinstance(config, WallyConfig)
    return config


def _account(vendor: str, lines: dict[str, str], folder: Path) -> object:
    path = folder / f"{vendor}.yml"
    account = ", ".join(f'{key}: "{value}"' for key, value in lines.items())
    path.write_text(f"{vendor}: [{{{account}}}]\n")
    return load(path, MODELS).accounts[0]
