"""Tells processes that share a state folder of each other; a dead one holds nothing."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class FolderLock:
    """A lock on a folder that any number of processes hold together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None
        self._is_alone = False

    def take(self) -> bool:
        """Hold the folder until `release`; return whether no other process held it.

        Raises OSError where the folder cannot be used.
        """
        if self._held is not None:
            return self._is_alone
        self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._held = os.open(self._folder / "lock", flags, _FILE_MODE)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._is_alone = True
        except BlockingIOError:
            self._is_alone = False
        # From here on it only says that somebody is there: several shards may share a folder.
        with suppress(BlockingIOError):
            fcntl.flock(self._held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return self._is_alone

    def release(self) -> None:
        """Hold it no more; doing so again does no harm."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)
