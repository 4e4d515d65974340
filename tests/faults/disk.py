"""Disks that fail, as far as a test may bring that about on any machine."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Of the kernel's own: nobody can make anything there, root neither.
_NOBODYS = Path("/sys/kernel")


@contextmanager
def no_file_grows(beyond: int = 0) -> Iterator[None]:
    """Let each file of this process hold so many bytes: a full disk fails at the same point."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    is_unwritten = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # it would be cut as well, and read by the next process
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = is_unwritten


def nobodys_folder() -> Path:
    """Return a folder in which nothing can be made."""
    if not _NOBODYS.is_dir():
        pytest.skip(f"this machine has no {_NOBODYS}, in which not even root can make a file")
    return _NOBODYS
