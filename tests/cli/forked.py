"""The command in a fork of a process that has imported it already: many runs, one import.

What is about starting, signals or what a person sees meanwhile starts a whole process instead
(`tests.cli.command`).
"""

import asyncio
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from exporter.cli import main
from tests.cli.command import PATIENCE, Finished

_PRELOADED = ["exporter.app", "exporter.commands.check", "exporter.commands.dump", __name__]


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _child(arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
    for number, name in ((0, os.devnull), (1, "stdout"), (2, "stderr")):
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
        os.dup2(os.open(folder / name if number else name, flags, 0o600), number)
    os.chdir(folder.parent)
    os.environ.clear()
    os.environ.update(environ)
    warnings.simplefilter("error")
    sys.argv = ["home-exporter", *arguments]
    main(arguments)


async def run(arguments: Sequence[str], folder: Path, **environ: str) -> Finished:
    """Run the command to its end in a folder, with a small environment of its own."""
    output = folder / f"output-{time.monotonic_ns()}"
    output.mkdir(mode=0o700)
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}
    began = time.monotonic()
    process = _context().Process(target=_child, args=(arguments, output, variables))
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.join, PATIENCE)
    assert process.exitcode is not None, "it does not end"
    out, err = ((output / name).read_text() for name in ("stdout", "stderr"))
    for name in ("stdout", "stderr"):
        (output / name).unlink()
    output.rmdir()
    return Finished(process.exitcode, out, err, time.monotonic() - began)
