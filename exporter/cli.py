"""The command `home-exporter`: flags, exit codes, and the process's own limits."""

import argparse
import asyncio
import os
import resource
import signal
import sys
import threading
from asyncio import sslproto
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from exporter import __version__, logs
from exporter.commands.codes import Code
from exporter.commands.flags import parse
from exporter.errors import ConfigError, StartError

_Command = Callable[[argparse.Namespace], Awaitable[Code | None]]
# A record of TLS; asyncio would fill 256 KiB for each connection, outgoing ones too.
_TLS_BUFFER = 16 * 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    code = run(sys.argv[1:] if arguments is None else arguments)
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    if threading.active_count() > 1:
        # A thread that hangs in a call or on a dead disk would hold the interpreter with it.
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    options = parse(arguments)
    logs.configure(options.log_level, options.log_format)
    _raise_file_limit()
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    # Until the event loop takes the signals over, there is nothing to close.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(options.interrupted))
    command = _COMMANDS[options.command]
    try:
        return asyncio.run(_until_signal(lambda: command(options), options.interrupted))
    except ConfigError as error:
        _complain(str(error))
        if str(error).startswith(f"{getattr(options, 'config_file', None)}: expected a readable"):
            _complain("home-exporter: --config.file names it; the README shows the shortest one")
        return Code.USAGE
    except StartError as error:
        hint = "; --web.listen-address names another" if "listen_address" in options else ""
        _complain(f"home-exporter: {error}{hint}")
        return Code.FAILED
    except BrokenPipeError:
        # Who reads along has seen enough: there is nobody to complain to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.FAILED
    except Exception as error:  # noqa: BLE001  # Python's own report would show values
        logs.Log("app").bug("home-exporter failed", error)
        return Code.FAILED


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  # for the person at the terminal


# Imported in the commands, so that --help and a wrong flag answer at once.


async def _serve(options: argparse.Namespace) -> None:
    # Until there is something to reload.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from exporter.app import App  # noqa: PLC0415
    from exporter.clock import SystemClock  # noqa: PLC0415
    from exporter.config import Config, load, together  # noqa: PLC0415
    from exporter.garbage import Sweeper  # noqa: PLC0415
    from exporter.sources.vendors import MODELS  # noqa: PLC0415
    from exporter.web.protection import Protection  # noqa: PLC0415

    def read() -> Config:
        return load(options.config_file, MODELS, shard=options.shard)

    config, protection = together(
        read, lambda: Protection(options.web_config_file, open_health=options.open_health)
    )
    sweeper = Sweeper(SystemClock())
    app = App(config, load=read, enable_lifecycle=options.enable_lifecycle, on_tick=sweeper.look)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.reloader.ask)
    log = logs.Log("app")
    try:
        await app.start(options.listen_address, protection)
        shard = f"{config.shard.ordinal}/{config.shard.total}"
        log.info("home-exporter started", version=__version__, port=app.server.port, shard=shard)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.info("home-exporter stops")
        raise
    finally:
        await app.stop()


async def _check(options: argparse.Namespace) -> Code:
    from exporter.commands.check import check  # noqa: PLC0415

    return await check(
        options.config_file,
        options.web_config_file,
        options.shard,
        is_fleet=options.is_fleet,
        is_online=options.online,
        as_json=options.format == "json",
    )


async def _dump(options: argparse.Namespace) -> Code:
    if not options.redact:
        why = "what the clouds answer is about people: say --redact, there is no other dump"
        raise ConfigError([f"home-exporter dump: {why}"])
    from exporter.commands.dump import dump  # noqa: PLC0415

    return await dump(options.config_file, options.output, options.shard)


async def _demo(options: argparse.Namespace) -> None:
    from exporter.demo import demo  # noqa: PLC0415  # the simulator is for the demo alone

    await demo(options.listen_address, options.scenario, options.seed, options.dump)


async def _healthcheck(options: argparse.Namespace) -> Code:
    from exporter.commands.healthcheck import healthcheck  # noqa: PLC0415

    return await healthcheck(options.listen_address)


_COMMANDS: dict[str, _Command] = {
    "serve": _serve,
    "check": _check,
    "dump": _dump,
    "demo": _demo,
    "healthcheck": _healthcheck,
}


class _Lookups(ThreadPoolExecutor):
    """The loop's default executor, which is left to DNS: a hung look-up does not hold the end."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # its signature
        super().shutdown(wait=False, cancel_futures=True)


async def _until_signal(command: Callable[[], Awaitable[Code | None]], interrupted: Code) -> Code:
    """Run the command until it ends, or until SIGINT or SIGTERM cancels it; return its code."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Lookups(thread_name_prefix="dns"))
    task = asyncio.ensure_future(command())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task or Code.OK
    except asyncio.CancelledError:
        return interrupted


def _raise_file_limit() -> None:
    """Let the process have as many sockets as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        # Some systems name a limit that they do not grant: what there is has to do then.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
