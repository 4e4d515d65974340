"""What is told to stop does stop, whatever it waits for at that moment."""

import asyncio
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from exporter.state import StateFiles
from exporter.state.documents import Document
from exporter.tasks import Tasks


async def test_a_task_that_loses_a_cancellation_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exporter.tasks._AGAIN", 0.01)
    lost: list[str] = []

    async def deaf() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append("one")
        await asyncio.Event().wait()

    tasks = Tasks()
    task = tasks.start(deaf(), "deaf")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.stop()
    assert lost == ["one"]
    assert task.cancelled()
    assert len(tasks) == 0


class _AtOnce(Executor):
    """An executor whose work is done when it is handed over."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.mark.parametrize("turns", range(8))
async def test_a_write_that_ends_just_then_loses_no_cancellation(
    tmp_path: Path, turns: int
) -> None:
    files = StateFiles(tmp_path, _AtOnce(), lambda: None)
    write = asyncio.create_task(files.write("calls", "a", Document(account="a", written_at=0.0)))
    for _ in range(turns):
        await asyncio.sleep(0)
    is_told = write.cancel()
    await asyncio.wait([write])
    assert write.cancelled() is is_told
