"""A configuration written for one test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from exporter.config import AccountConfig, Config
from tests.config.helpers import loaded

Configure = Callable[..., Config]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Return what writes exporter.yml into the test's folder and loads it."""

    def write(text: str, environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "exporter.yml"
        path.write_text(dedent(text))
        return loaded(path, environ)

    return write


@pytest.fixture
def homely(configure: Configure) -> AccountConfig:
    """Return a Homely account of which only what must be given is given."""
    return configure("homely: [{username: me@example.com, password: s3cr3t}]").accounts[0]


@pytest.fixture
def wally(configure: Configure) -> AccountConfig:
    """Return a Wally account of which only what must be given is given."""
    return configure("wally: [{token: s3cr3t}]").accounts[0]
