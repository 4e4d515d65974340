"""Processes that share a state folder know of each other."""

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.state import ReadOnlyFiles, StateFiles
from exporter.state.documents import CallsDocument, StoredPenalty
from exporter.state.lock import FolderLock

_HOLD = """
import sys, time
from pathlib import Path
from exporter.state.lock import FolderLock
print(FolderLock(Path(sys.argv[1])).take(), flush=True)
time.sleep(600)
"""
_NONE = StoredPenalty(until=0.0, step=0)
DOCUMENT = CallsDocument(
    account="homely home https://x",
    written_at=1.0,
    selection="",
    level=1.0,
    burst=10.0,
    rate=1.0,
    penalty=_NONE,
    refused=_NONE,
    attempts={},
    listed=None,
    succeeded_at=None,
    restarts=0,
)


@pytest.fixture
async def holder(tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Return another process that holds the folder."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HOLD, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"True\n"
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_a_folder_that_another_process_holds_is_known_to_be(
    tmp_path: Path, holder: asyncio.subprocess.Process
) -> None:
    lock = FolderLock(tmp_path)
    assert not lock.take()
    assert not lock.take(), "asked again"
    lock.release()
    holder.kill()
    await holder.wait()
    assert lock.take(), "a process that died holds nothing"
    lock.release()
    lock.release()


async def test_a_folder_that_cannot_be_had_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with ThreadPoolExecutor(1) as pool:
        files = StateFiles(tmp_path / "file" / "state", pool, lambda: None)
        assert await files.claim()
        files.release()


async def test_a_folder_of_others_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        own = StateFiles(tmp_path, pool, lambda: None)
        assert await own.write("calls", "one", DOCUMENT)
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        other = ReadOnlyFiles(tmp_path, pool, lambda: None)
        assert not await other.claim()
        assert await other.write("calls", "two", DOCUMENT)
        await other.remove("calls", "one")
        assert await other.read_all("calls", CallsDocument) == [DOCUMENT]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
