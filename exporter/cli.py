"""The command `home-exporter`: flags, exit codes, and the process's own limits."""

import argparse
import asyncio
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from exporter import __version__, logs
from exporter.address import parse_address
from exporter.commands.codes import Code
from exporter.commands.parser import Parser, closest_command
from exporter.errors import ConfigError, StartError

_DEFAULT_ADDRESS = "127.0.0.1:10874"
_COMMANDS = ("serve", "check", "dump", "demo")
_TOP = ("-h", "--help", "--version")

_EPILOG = """\
examples:
  home-exporter --config.file=exporter.yml           serve metrics until stopped
  home-exporter check                                are the file and its secrets right?
  home-exporter check --online                       log in, list what each device would give
  home-exporter dump --redact --output=dump.json     for a bug report: no names, no secrets
  home-exporter demo                                 two simulated clouds: no account needed

exit codes:
  0    stopped; check and dump: all is well
  1    could not start (the address is taken), or failed
  2    wrong configuration or flags
  3    check and dump: the credentials are refused
  4    check and dump: no cloud can be reached, or it asks for silence
  5    check and dump: some accounts or homes could be read, others not
  130  check and dump: interrupted

`home-exporter COMMAND --help` tells more about each.
"""

_Command = Callable[[argparse.Namespace], Awaitable[Code | None]]


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
    parser = _parser()
    options = parser.read(_with_command(parser, arguments))
    logs.configure(options.log_level, options.log_format)
    _raise_file_limit()
    # Until the event loop takes the signals over, there is nothing to close.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(options.interrupted))
    command: _Command = options.command
    try:
        return asyncio.run(_until_signal(lambda: command(options), options.interrupted))
    except ConfigError as error:
        _complain(f"{error}{_next_step(error)}")
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


def _next_step(error: ConfigError) -> str:
    if "No such file" not in str(error) or len(error.faults) > 1:
        return ""
    return "\nhome-exporter: --config.file names another file; the README shows the shortest one"


def _with_command(parser: Parser, arguments: Sequence[str]) -> list[str]:
    """Put `serve` before flags that name no command."""
    first = arguments[0] if arguments else ""
    if first in (*_COMMANDS, *_TOP):
        return list(arguments)
    if first and not first.startswith("-"):
        parser.error(closest_command(first, _COMMANDS))
    late = next((one for one in arguments if one in _COMMANDS), None)
    if late is not None:
        parser.error(f"the command comes first: home-exporter {late} {first}")
    return ["serve", *arguments]


def _parser() -> Parser:
    parser = Parser(
        prog="home-exporter",
        description="Prometheus exporter for smart homes: Homely and WallyHome.\n"
        "Without a command it serves.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"home-exporter {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    serve = _add(commands, "serve", _serve, "read the clouds and serve metrics (the default)")
    _add_config_file(serve)
    _add_address(serve)
    check = _add(commands, "check", _check, "check the configuration, and the clouds if asked to")
    check.epilog = (
        "Without --online no cloud is called. Hints about permissions do not change the exit code."
        "\nWith it each account makes one call for its locations, one for each of them, and one to"
        "\nlog in where there is a login: within its budget of calls, and none inside a penalty."
        "\n\nexamples:"
        "\n  home-exporter check && systemctl restart home-exporter"
        "\n  home-exporter check --online --format=json\n\nexit codes: see home-exporter --help"
    )
    _add_config_file(check)
    check.add_argument("--online", action="store_true", help="call the clouds, once each")
    check.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="form of the result (default: %(default)s)",
    )
    dump = _add(commands, "dump", _dump, "write what the clouds answer, for a bug report")
    dump.epilog = (
        "Ids, names, addresses, serials, tokens and free texts are replaced, the same by the same."
        "\nIt calls the clouds as check --online does."
        "\n\nexamples:"
        "\n  home-exporter dump --redact --output=dump.json"
        "\n  home-exporter demo --dump=dump.json       serve what it holds"
        "\n\nexit codes: see home-exporter --help"
    )
    _add_config_file(dump)
    dump.add_argument("--redact", action="store_true", help="replace what is personal; required")
    dump.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    demo = _add(commands, "demo", _demo, "serve two simulated clouds: no account, no internet")
    _add_address(demo)
    demo.add_argument("--scenario", metavar="NAME", help="what happens (default: a tour)")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which homes (default: 1)")
    demo.add_argument("--dump", type=Path, metavar="FILE", help="the homes of a dump instead")
    for service in (serve, demo):
        _add_log_flags(service, "info")
    for look in (check, dump):
        _add_log_flags(look, None)
        look.set_defaults(interrupted=Code.INTERRUPTED)
    return parser


def _add(
    commands: "argparse._SubParsersAction[Parser]", name: str, command: _Command, text: str
) -> Parser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command, parser=parser, interrupted=Code.OK)
    parser.add_argument("--version", action="version", version=f"home-exporter {__version__}")
    return parser


def _add_log_flags(parser: Parser, level: str | None) -> None:
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=logs.LEVELS,
        default=level,
        help=f"least level to log (default: {level or 'nothing is logged'})",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=("logfmt", "json"),
        default="logfmt",
        help="form of the log lines (default: %(default)s)",
    )


def _add_config_file(parser: Parser) -> None:
    parser.add_argument(
        "--config.file",
        dest="config_file",
        type=Path,
        default=os.environ.get("HOME_EXPORTER_CONFIG_FILE", "exporter.yml"),
        metavar="PATH",
        help="configuration file (default: $HOME_EXPORTER_CONFIG_FILE, else exporter.yml)",
    )


def _add_address(parser: Parser) -> None:
    parser.add_argument(
        "--web.listen-address",
        dest="listen_address",
        type=_address,
        default=os.environ.get("HOME_EXPORTER_LISTEN_ADDRESS", _DEFAULT_ADDRESS),
        metavar="HOST:PORT",
        help="address to serve on; :10874 for all interfaces "
        f"(default: $HOME_EXPORTER_LISTEN_ADDRESS, else {_DEFAULT_ADDRESS})",
    )


def _address(text: str) -> str:
    try:
        parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


# Imported in the commands, so that --help and a wrong flag answer at once.


async def _serve(options: argparse.Namespace) -> None:
    from exporter.app import App  # noqa: PLC0415
    from exporter.config import load  # noqa: PLC0415
    from exporter.sources.vendors import MODELS  # noqa: PLC0415

    app = App(load(options.config_file, MODELS), on_ready=_freeze)
    log = logs.Log("app")
    try:
        await app.start(options.listen_address)
        log.info("home-exporter started", version=__version__, port=app.server.port)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.info("home-exporter stops")
        raise
    finally:
        await app.stop()


def _freeze() -> None:
    """Look no more at what lives as long as the process: with the homes held, that is most."""
    gc.collect()
    gc.freeze()


async def _check(options: argparse.Namespace) -> Code:
    from exporter.commands.check import check  # noqa: PLC0415

    is_json = options.format == "json"
    return await check(options.config_file, is_online=options.online, as_json=is_json)


async def _dump(options: argparse.Namespace) -> Code:
    if not options.redact:
        why = "what the clouds answer is about people: say --redact, there is no other dump"
        raise ConfigError([f"home-exporter dump: {why}"])
    from exporter.commands.dump import dump  # noqa: PLC0415

    return await dump(options.config_file, options.output)


async def _demo(options: argparse.Namespace) -> None:
    from exporter.demo import demo  # noqa: PLC0415  # the simulator is for the demo alone

    await demo(options.listen_address, options.scenario, options.seed, options.dump)


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
