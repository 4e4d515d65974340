"""The flags of each command, and what --help says."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from exporter import __version__, logs
from exporter.address import parse_address
from exporter.commands.codes import Code
from exporter.commands.parser import Parser, closest_command
from exporter.shard import Shard, parse_ordinal

_DEFAULT_ADDRESS = "127.0.0.1:10874"
_MOST_SHARDS = 10_000
_COMMANDS = ("serve", "check", "dump", "demo", "healthcheck")
_TOP = ("-h", "--help", "--version")

_EPILOG = """\
examples:
  home-exporter --config.file=exporter.yml           serve metrics until stopped
  home-exporter check                                are the file and its secrets right?
  home-exporter check --online                       log in, list what each device would give
  home-exporter dump --redact --output=dump.json     for a bug report: no names, no secrets
  home-exporter demo                                 two simulated clouds: no account needed
  home-exporter healthcheck                          does the exporter here answer?

exit codes:
  0    stopped; check and dump: all is well
  1    could not start (the address is taken), or failed; healthcheck: no good answer
  2    wrong configuration or flags
  3    check and dump: the credentials are refused
  4    check and dump: no cloud can be reached, or it asks for silence
  5    check and dump: some accounts or homes could be read, others not
  130  check and dump: interrupted

`home-exporter COMMAND --help` tells more about each.
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options: `command` is which, `interrupted` its exit code when it is cut short.

    `shard` is of which accounts, `is_fleet` where no shard is named and there are several.
    Ends the process for --help, --version and flags that are wrong.
    """
    whole = parser()
    options = whole.read(_with_command(whole, arguments))
    if "total_shards" in options:
        _combine_shard(options)
    return options


def _combine_shard(options: argparse.Namespace) -> None:
    parser: Parser = options.parser
    given, total = options.shard, options.total_shards
    options.is_fleet = given is None and total > 1
    if options.is_fleet and getattr(options, "online", False):
        parser.error(f"--online is for one shard of {total}: --shard names it")
    try:
        options.shard = Shard(given or 0, total)
    except ValueError as error:
        parser.error(f"argument --shard: {error} with --total-shards={total}, not {given}")


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


def parser() -> Parser:
    """Return the parser of the whole command line."""
    whole = Parser(
        prog="home-exporter",
        description="Prometheus exporter for smart homes: Homely and WallyHome.\n"
        "Without a command it serves.",
        epilog=_EPILOG,
    )
    whole.add_argument("--version", action="version", version=f"home-exporter {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_check(commands)
    _add_dump(commands)
    _add_demo(commands)
    _add_healthcheck(commands)
    return whole


def _add_serve(commands: "argparse._SubParsersAction[Parser]") -> None:
    serve = _add(commands, "serve", "read the clouds and serve metrics (the default)")
    _add_config_file(serve)
    _add_address(serve)
    _add_web_config_file(serve)
    _add_shard(serve)
    serve.add_argument(
        "--web.open-health",
        dest="open_health",
        action="store_true",
        help="answer /-/healthy without basic auth",
    )
    serve.add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action="store_true",
        help="let POST /-/reload take the configuration anew, as SIGHUP always does",
    )
    _add_log_flags(serve, "info")


def _add_check(commands: "argparse._SubParsersAction[Parser]") -> None:
    check = _add(commands, "check", "check the configuration, and the clouds if asked to")
    check.epilog = (
        "Without --online no cloud is called. Hints about permissions do not change the exit code."
        "\nWith it each account makes one call for its locations, one for each of them, and one to"
        "\nlog in where there is a login: within its budget of calls, and none inside a penalty."
        "\n\nexamples:"
        "\n  home-exporter check && systemctl restart home-exporter"
        "\n  home-exporter check --online --format=json\n\nexit codes: see home-exporter --help"
    )
    _add_config_file(check)
    _add_web_config_file(check)
    _add_shard(check)
    check.add_argument("--online", action="store_true", help="call the clouds, once each")
    check.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="form of the result (default: %(default)s)",
    )
    _add_look(check)


def _add_dump(commands: "argparse._SubParsersAction[Parser]") -> None:
    dump = _add(commands, "dump", "write what the clouds answer, for a bug report")
    dump.epilog = (
        "Ids, names, addresses, serials, tokens and free texts are replaced, the same by the same."
        "\nIt calls the clouds as check --online does."
        "\n\nexamples:"
        "\n  home-exporter dump --redact --output=dump.json"
        "\n  home-exporter demo --dump=dump.json       serve what it holds"
        "\n\nexit codes: see home-exporter --help"
    )
    _add_config_file(dump)
    _add_shard(dump)
    dump.add_argument("--redact", action="store_true", help="replace what is personal; required")
    dump.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    _add_look(dump)


def _add_demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    demo = _add(commands, "demo", "serve two simulated clouds: no account, no internet")
    _add_address(demo)
    demo.add_argument("--scenario", metavar="NAME", help="what happens (default: a tour)")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which homes (default: 1)")
    demo.add_argument("--dump", type=Path, metavar="FILE", help="the homes of a dump instead")
    _add_log_flags(demo, "info")


def _add_healthcheck(commands: "argparse._SubParsersAction[Parser]") -> None:
    healthcheck = _add(commands, "healthcheck", "ask the exporter on this machine whether it lives")
    healthcheck.epilog = (
        "No cloud is called, and no password or certificate is needed: TLS is noticed, and who"
        "\nasks for a password is alive. For the health check of a container.\n"
        "\nexit codes: see home-exporter --help"
    )
    _add_address(healthcheck)
    _add_look(healthcheck)


def _add_look(parser: Parser) -> None:
    """Let a command that looks once log nothing, and end with its own code when interrupted."""
    _add_log_flags(parser, None)
    parser.set_defaults(interrupted=Code.INTERRUPTED)


def _add(commands: "argparse._SubParsersAction[Parser]", name: str, text: str) -> Parser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=name, parser=parser, interrupted=Code.OK)
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


def _add_web_config_file(parser: Parser) -> None:
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="PATH",
        help="TLS and basic auth, in the format of Prometheus's exporter-toolkit (default: none)",
    )


def _add_shard(parser: Parser) -> None:
    # An empty variable is one that a compose file passes on without having it.
    parser.add_argument(
        "--shard",
        type=_ordinal,
        default=os.environ.get("HOME_EXPORTER_SHARD") or None,
        metavar="N",
        help="which shard this is, from 0, or a pod's name that ends in -N "
        "(default: $HOME_EXPORTER_SHARD, else 0)",
    )
    parser.add_argument(
        "--total-shards",
        type=parse_total,
        default=os.environ.get("HOME_EXPORTER_TOTAL_SHARDS") or "1",
        metavar="N",
        help="how many shards share the accounts (default: $HOME_EXPORTER_TOTAL_SHARDS, else 1)",
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


def _ordinal(text: str) -> int:
    try:
        return parse_ordinal(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parse_total(text: str) -> int:
    """Return a number of shards; raises ArgumentTypeError for any other text."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_SHARDS):
        what = f"expected a number from 1 to {_MOST_SHARDS}"
        raise argparse.ArgumentTypeError(f"{what}, not {text!r}")
    return int(text)
