"""What tests of accounts ask of a household."""

import itertools

import pytest

from exporter.config import AccountConfig
from tests.care.rig import FakeSource


def second(first: FakeSource, config: AccountConfig, *listed: str) -> FakeSource:
    """Return the source of an account that comes after another in the configuration."""
    named = config.model_copy(update={"name": f"{config.vendor}-2"})
    return FakeSource(named, first.clock, listed=list(listed))


def lines(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if words in record.getMessage()]


def gaps(source: FakeSource, name: str, since: float = 0.0) -> list[float]:
    """Return the times between the polls of a location from a moment on."""
    moments = [moment for moment in source.polled(name) if moment >= since]
    return [after - before for before, after in itertools.pairwise(moments)]
