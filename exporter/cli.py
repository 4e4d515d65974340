"""The command `home-exporter`: flags, exit codes, and the process's own limits."""

import argparse
import asyncio
import gc
import os
import resource
import signal
import sys
import threading
from asyncio import sslproto
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from exporter import __version__, logs
from exporter.address import parse_address
from exporter.errors import ConfigError, StartError

EXIT_OK = 0
EXIT_START = 1
EXIT_USAGE = 2

_DEFAULT_ADDRESS = "127.0.0.1:10874"
_COMMANDS = ("serve", "demo")
# A record of TLS; asyncio would fill 256 KiB for each connection, outgoing ones too.
_TLS_BUFFER = 16 * 1024

_One = TypeVar("_One")
_Other = TypeVar("_Other")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    code = run(sys.argv[1:] if arguments is None else arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.active_count() > 1:
        # A thread that hangs in a call or on a dead disk would hold the interpreter with it.
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(_with_command(arguments))
    logs.configure(options.log_level, options.log_format)
    _raise_file_limit()
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    # Until the event loop takes the signals over, there is nothing to close.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(EXIT_OK))
    command: Callable[[argparse.Namespace], Awaitable[None]] = options.command
    try:
        asyncio.run(_until_signal(lambda: command(options)))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201  # for the person at the terminal
        return EXIT_USAGE
    except StartError as error:
        print(f"home-exporter: {error}", file=sys.stderr)  # noqa: T201  # same
        return EXIT_START
    except Exception as error:  # noqa: BLE001  # Python's own report would show values
        logs.Log("app").bug("home-exporter failed", error)
        return EXIT_START
    return EXIT_OK


def _with_command(arguments: Sequence[str]) -> list[str]:
    """Put `serve` before flags that name no command."""
    names_command = arguments and arguments[0] in (*_COMMANDS, "-h", "--help", "--version")
    return list(arguments) if names_command else ["serve", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="home-exporter",
        description="Prometheus exporter for smart homes: Homely and WallyHome.",
        epilog="Exit codes: 0 stopped, 1 could not start or failed, "
        "2 wrong configuration or flags.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"home-exporter {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    serve = _add(commands, "serve", _serve, "read the clouds and serve metrics (the default)")
    serve.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        default=os.environ.get("HOME_EXPORTER_CONFIG_FILE", "exporter.yml"),
        metavar="PATH",
        help="configuration file (default: $HOME_EXPORTER_CONFIG_FILE, else exporter.yml)",
    )
    serve.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="PATH",
        help="TLS and basic auth, in the format of Prometheus's exporter-toolkit (default: none)",
    )
    serve.add_argument(
        "--web.open-health",
        dest="open_health",
        action="store_true",
        help="answer /-/healthy without basic auth",
    )
    demo = _add(commands, "demo", _demo, "serve two simulated clouds: no account, no internet")
    demo.add_argument("--scenario", default="demo", metavar="NAME", help="what happens")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which homes (default: 1)")
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Callable[[argparse.Namespace], Awaitable[None]],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(command=command)
    parser.add_argument("--version", action="version", version=f"home-exporter {__version__}")
    parser.add_argument(
        "--web.listen-address",
        dest="listen_address",
        type=_address,
        default=os.environ.get("HOME_EXPORTER_LISTEN_ADDRESS", _DEFAULT_ADDRESS),
        metavar="HOST:PORT",
        help="address to serve on; :10874 for all interfaces "
        f"(default: $HOME_EXPORTER_LISTEN_ADDRESS, else {_DEFAULT_ADDRESS})",
    )
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=logs.LEVELS,
        default="info",
        help="least level to log (default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=("logfmt", "json"),
        default="logfmt",
        help="form of the log lines (default: %(default)s)",
    )
    return parser


def _address(text: str) -> str:
    try:
        parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


async def _serve(options: argparse.Namespace) -> None:
    # Imported here, so that --help and a wrong flag answer at once.
    from exporter.app import App  # noqa: PLC0415
    from exporter.config import load  # noqa: PLC0415
    from exporter.sources.vendors import MODELS  # noqa: PLC0415
    from exporter.web.protection import Protection  # noqa: PLC0415

    config, protection = _together(
        lambda: load(options.config_file, MODELS),
        lambda: Protection(options.web_config_file, open_health=options.open_health),
    )
    app = App(config, on_ready=_freeze)
    log = logs.Log("app")
    try:
        await app.start(options.listen_address, protection)
        log.info("home-exporter started", version=__version__, port=app.server.port)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.info("home-exporter stops")
        raise
    finally:
        await app.stop()


def _together(first: Callable[[], _One], second: Callable[[], _Other]) -> tuple[_One, _Other]:
    """Return what both files say; raises ConfigError with the faults of both."""
    try:
        one = first()
    except ConfigError as error:
        try:
            second()
        except ConfigError as another:
            raise ConfigError(error.faults + another.faults) from None
        raise
    return one, second()


def _freeze() -> None:
    """Look no more at what lives as long as the process: with the homes held, that is most."""
    gc.collect()
    gc.freeze()


async def _demo(options: argparse.Namespace) -> None:
    from exporter.demo import demo  # noqa: PLC0415  # the simulator is for the demo alone

    await demo(options.listen_address, options.scenario, options.seed)


class _Lookups(ThreadPoolExecutor):
    """The loop's default executor, which is left to DNS: a hung look-up does not hold the end."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # its signature
        super().shutdown(wait=False, cancel_futures=True)


async def _until_signal(command: Callable[[], Awaitable[None]]) -> None:
    """Run the command until it ends, or until SIGINT or SIGTERM cancels it."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Lookups(thread_name_prefix="dns"))
    task = asyncio.ensure_future(command())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


def _raise_file_limit() -> None:
    """Let the process have as many sockets as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        # Some systems name a limit that they do not grant: what there is has to do then.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
