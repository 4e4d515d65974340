"""The exporter in a process whose files fail it, or that dies while it writes one.

$FAULT is `full`: no file can grow. `torn`: the process ends in the middle of the first write that
would make a file longer than $BYTES. `unmoved`: it ends when a document of $KIND is written beside,
and is to be moved to its place.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exporter.cli import main


def _limit(size: int) -> None:
    sys.dont_write_bytecode = True  # it would be cut as well, and read by the next process
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _tear() -> None:
    # Python ignores the signal; the kernel's own answer is to end the process at once, as by
    # SIGKILL: the bytes up to the limit are in the file, and nobody cleans up.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    _limit(int(os.environ["BYTES"]))


def _die_before_the_move(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "os.rename" and Path(arguments[1]).parent.name == os.environ["KIND"]:
        os.kill(os.getpid(), signal.SIGKILL)


_FAULTS: dict[str, Callable[[], None]] = {
    "full": lambda: _limit(0),
    "torn": _tear,
    "unmoved": lambda: sys.addaudithook(_die_before_the_move),
}

if __name__ == "__main__":
    _FAULTS[os.environ["FAULT"]]()
    main()
