"""A test here is a row of the table: it is run for each vendor that the row promises something."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from exporter.config import AccountConfig
from exporter.simulator import Simulator, small_world
from tests.conftest import Start
from tests.faults.drill import Drill, Hasty
from tests.faults.table import ROWS, Row
from tests.support.manual_clock import ManualClock

Begin = Callable[..., Awaitable[Drill]]


def row_of(function: Callable[..., Any]) -> Row:
    """Return the row that a test is named after."""
    return ROWS[function.__name__.removeprefix("test_")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vendor" in metafunc.fixturenames:
        metafunc.parametrize("vendor", list(row_of(metafunc.function).promises))


@pytest.fixture(autouse=True)
def _no_bug_is_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Find that each failure was foreseen: what is not is logged with where it came from."""
    yield
    records = caplog.get_records("call")
    assert not [one.getMessage() for one in records if "where" in getattr(one, "fields", {})]


@pytest.fixture
def begin(
    start: Start, clock: ManualClock, vendor: str, request: pytest.FixtureRequest
) -> Iterator[Begin]:
    """Return what starts the row's drill, all being well at first.

    Afterwards the drill must have seen all that the row says about what is served.
    """
    drills: list[Drill] = []

    async def one(
        sim: Simulator | None = None, *, use_environment: bool = False, **options: Any
    ) -> Drill:
        calls: dict[str, Hasty] = {}

        def make_transport(config: AccountConfig) -> Hasty:
            calls[config.vendor] = Hasty(use_environment=use_environment)
            return calls[config.vendor]

        parts = {"make_transport": make_transport, **options.pop("parts", {})}
        sim = sim or Simulator(clock=clock, world=small_world())
        running = await start(sim, parts=parts, **options)
        await running.ready()
        drills.append(Drill(running, row_of(request.function), vendor, calls[vendor]))
        return drills[-1]

    yield one
    for drill in drills:
        served, course = drill.promise.served, drill.course
        assert served.is_proved_by(course), f"not all was seen of {served.text!r}: {course}"


@pytest.fixture
async def drill(begin: Begin) -> Drill:
    """Return the row's drill in the small world."""
    return await begin()
