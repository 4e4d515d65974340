"""Commands that a test has started end with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from exporter.clock import SystemClock
from tests.cli import forked
from tests.cli.command import Command, Finished, start

Start = Callable[..., Awaitable[Command]]
Run = Callable[..., Awaitable[Finished]]


@pytest.fixture
async def command(tmp_path: Path) -> AsyncIterator[Start]:
    """Return what starts the command in the test's folder."""
    started: list[Command] = []

    async def one(*arguments: str, **environ: str) -> Command:
        started.append(await start(*arguments, folder=tmp_path, **environ))
        return started[-1]

    yield one
    for each in started:
        await each.kill()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs the command to its end."""

    async def one(*arguments: str, **environ: str) -> Finished:
        return await forked.run(arguments, tmp_path, **environ)

    return one


@pytest.fixture
def clock() -> SystemClock:
    """Return real time, which other processes go by."""
    return SystemClock()
