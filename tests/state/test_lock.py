"""Processes that share a state folder know of each other."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.state import ReadOnlyFiles, StateFiles
from exporter.state.documents import CallsDocument, StoredPenalty
from exporter.state.lock import FolderLock
from tests.support.running import Running

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


def is_free(folder: Path) -> bool:
    """Return whether nobody holds a folder."""
    lock = FolderLock(folder)
    try:
        return lock.take()
    finally:
        lock.release()


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
        await files.close()


async def test_a_folder_is_held_until_the_write_under_way_is_done(tmp_path: Path) -> None:
    """A write goes on when the task that asked for it is cancelled, as at the end of a process."""
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        files = StateFiles(tmp_path, pool, lambda: None)
        assert await files.claim()
        pool.submit(go_on.wait, 10)
        write = asyncio.create_task(files.write("calls", "one", DOCUMENT))
        await asyncio.sleep(0)
        write.cancel()
        closing = asyncio.create_task(files.close())
        await asyncio.wait([write])
        assert not is_free(tmp_path)
        assert list(tmp_path.glob("calls/*")) == []
        go_on.set()
        await closing
        assert [path.suffix for path in tmp_path.glob("calls/*")] == [".json"]
        assert is_free(tmp_path)


async def test_a_write_that_hangs_holds_the_folder_and_not_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.state.files._CLOSE_LIMIT", 0.05)
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        files = StateFiles(tmp_path, pool, lambda: None)
        assert await files.claim()
        pool.submit(go_on.wait, 10)
        await files.close()
        assert not is_free(tmp_path)
        go_on.set()


async def test_an_exporter_that_has_stopped_holds_its_folder_no_more(
    running: Running, tmp_path: Path
) -> None:
    assert not is_free(tmp_path / "state")
    await running.end()
    assert is_free(tmp_path / "state")


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
