"""Documents on disk, each whole or not there: written beside and moved, for one user alone."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from exporter.logs import Log
from exporter.state.documents import Document
from exporter.state.lock import FolderLock

_SIZE_LIMIT = 16 * 1024 * 1024
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_READ_LIMIT, _WRITE_LIMIT, _CLOSE_LIMIT = 10.0, 3.0, 1.0

_D = TypeVar("_D", bound=Document)


class StateFiles:
    """Reads and writes the state folder; no failure here is more than a warning and a count.

    `pool` has one thread, so that writes of one file keep their order.
    """

    def __init__(self, folder: Path, pool: Executor, on_error: Callable[[], None]) -> None:
        self._folder = folder
        self._pool = pool
        self._on_error = on_error
        self._lock = FolderLock(folder)
        self._is_unreadable = self._is_unwritable = False
        self._hung: asyncio.Future[None] | None = None
        self._log = Log("state", folder=str(folder))

    async def claim(self) -> bool:
        """Say that the folder is in use until `close`; return whether nobody else said so."""
        take = asyncio.get_running_loop().run_in_executor(self._pool, self._lock.take)
        try:
            async with asyncio.timeout(_WRITE_LIMIT):
                return await take
        except (OSError, TimeoutError):
            # Where it cannot be said, nothing can be written either: that is told when it matters.
            return True

    async def close(self) -> None:
        """Say that the folder is in use no more, once the write under way is done."""
        # A write outlives the task that asked for it. One that hangs keeps the folder in use until
        # the process ends, and itself with it.
        release = asyncio.get_running_loop().run_in_executor(self._pool, self._lock.release)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT):
                await release

    async def read_all(self, kind: str, model: type[_D]) -> list[_D]:
        """Return every document of a kind that is whole; files that are not stay as they are."""
        read = asyncio.get_running_loop().run_in_executor(self._pool, self._contents, kind)
        try:
            async with asyncio.timeout(_READ_LIMIT):
                contents = await read
        except (OSError, TimeoutError) as error:
            self.reject(type(error).__name__)
            return []
        found = []
        for content in contents:
            if isinstance(content, OSError):
                self.reject(type(content).__name__)
                continue
            try:
                found.append(model.model_validate_json(content))
            except ValidationError as error:
                self.reject(type(error).__name__)
        return found

    async def write(
        self, kind: str, name: str, document: Document, *, is_durable: bool = False
    ) -> bool:
        """Write a document off the loop, synced if durable; return whether it is there."""
        path, text = self._path(kind, name), document.model_dump_json().encode()
        return await self._change(lambda: _replace(path, text, is_durable=is_durable))

    async def remove(self, kind: str, name: str) -> None:
        """Forget a document."""
        path = self._path(kind, name)
        await self._change(lambda: path.unlink(missing_ok=True))

    def reject(self, reason: str) -> None:
        """Take that a document cannot be read, or is not what it should be."""
        self._on_error()
        if not self._is_unreadable:
            self._log.warning("a state file is of no use: going on without it", reason=reason)
        self._is_unreadable = True

    async def _change(self, work: Callable[[], None]) -> bool:
        if self._hung is not None and not self._hung.done():
            return self._unwritable("timeout")
        change = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            # A disk that hangs must not hold up the calls; the thread itself cannot be stopped.
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes with the end.
            async with asyncio.timeout(_WRITE_LIMIT):
                await asyncio.shield(change)
        except TimeoutError:
            self._hung = change
            change.add_done_callback(lambda done: done.cancelled() or done.exception())
            return self._unwritable("timeout")
        except OSError as error:
            return self._unwritable(error.strerror or type(error).__name__)
        if self._is_unwritable:
            self._log.info("state files can be written again")
        self._is_unwritable = False
        return True

    def _unwritable(self, reason: str) -> bool:
        self._on_error()
        if not self._is_unwritable:
            self._log.warning(
                "state files cannot be written: a restart will have to ask the clouds again",
                reason=reason,
            )
        self._is_unwritable = True
        return False

    def _contents(self, kind: str) -> list[bytes | OSError]:
        return [_read(path) for path in sorted((self._folder / kind).glob("*.json"))]

    def _path(self, kind: str, name: str) -> Path:
        # Ids and names come from outside: a digest of them is a safe file name.
        return self._folder / kind / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> bytes | OSError:
    try:
        with path.open("rb") as file:
            return file.read(_SIZE_LIMIT)
    except OSError as error:
        return error


def _replace(path: Path, text: bytes, *, is_durable: bool) -> None:
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(beside, flags, _FILE_MODE), "wb") as file:
        os.fchmod(file.fileno(), _FILE_MODE)
        file.write(text)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())
    beside.replace(path)


class ReadOnlyFiles(StateFiles):
    """A state folder that another process writes to, or another user: nothing in it is changed."""

    async def claim(self) -> bool:
        """Leave the folder as it is."""
        return False

    async def write(
        self,
        kind: str,  # noqa: ARG002  # what is written elsewhere
        name: str,  # noqa: ARG002  # same
        document: Document,  # noqa: ARG002  # same
        *,
        is_durable: bool = False,  # noqa: ARG002  # same
    ) -> bool:
        """Take the document as written: whoever owns the folder has its own."""
        return True

    async def remove(self, kind: str, name: str) -> None:
        """Leave the document where it is."""
