"""`make stack`, as people start it."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scripts.stack import Ports, missing, taken
from tests.cli.command import PATIENCE, until_served

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")


@asynccontextmanager
async def started() -> AsyncIterator[asyncio.subprocess.Process]:
    """Run what is behind it, and end that as Ctrl-C does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.stack"), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        await process.stdout.read()
        await process.wait()


async def test_it_prints_what_to_open_and_that_opens_and_a_second_one_says_why_not() -> None:
    if taken(Ports()):
        pytest.skip("somebody on this machine has its ports")
    async with started() as stack, asyncio.timeout(PATIENCE):
        assert stack.stdout is not None
        pages: list[str] = []
        while len(pages) < 2:
            line = (await stack.stdout.readline()).decode()
            assert line, "it ended"
            pages += re.findall(r"^ +(http://\S+)", line)
        for page in pages:
            await until_served(page)
        async with started() as second:
            said, _ = await second.communicate()
            assert "taken on 127.0.0.1: port 10874, 10876, 9090, 9093" in said.decode()
            assert second.returncode == 1
    assert stack.returncode == 0
    assert not taken(Ports())
