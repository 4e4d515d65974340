"""Pages over a Homely home and over a Wally place that the test fills."""

from collections.abc import AsyncIterator

import pytest

from tests.page.shown import Shown
from tests.store.bench import HomelyBench, WallyBench


@pytest.fixture
def homely() -> HomelyBench:
    return HomelyBench()


@pytest.fixture
def wally() -> WallyBench:
    return WallyBench()


@pytest.fixture
async def home_page(homely: HomelyBench) -> AsyncIterator[Shown]:
    shown = Shown(homely)
    await shown.start()
    yield shown
    await shown.stop()


@pytest.fixture
async def place_page(wally: WallyBench) -> AsyncIterator[Shown]:
    shown = Shown(wally)
    await shown.start()
    yield shown
    await shown.stop()
