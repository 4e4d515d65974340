"""A bench for each vendor."""

import pytest

from tests.store.bench import HomelyBench, WallyBench


@pytest.fixture
def homely() -> HomelyBench:
    return HomelyBench()


@pytest.fixture
def wally() -> WallyBench:
    return WallyBench()
