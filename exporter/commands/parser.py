"""A parser of the command line whose complaints say what may have been meant."""

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """Refuses abbreviations, and suggests the flag or command that is closest."""

    def __init__(self, **arguments: Any) -> None:
        arguments.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **arguments)

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the options; a command that has set `parser` answers for its own flags."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            parser: Parser = getattr(options, "parser", self)
            parser.refuse(unknown)
        return options

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with what was not understood, and what is close to it."""
        flags = [flag for action in self._actions for flag in action.option_strings]
        meant = (_closest(one.partition("=")[0], flags) for one in unknown)
        known = sorted({flag for flag in meant if flag})
        hint = f"did you mean {', '.join(known)}?" if known else f"{self.prog} --help lists them"
        self.error(f"unrecognized arguments: {' '.join(unknown)}: {hint}")

    def error(self, message: str) -> NoReturn:
        """End with one line and the exit code 2; the usage is for those who ask for --help."""
        self.exit(2, f"{self.prog}: {message}\n")


def _closest(given: str, flags: Sequence[str]) -> str | None:
    if not given.startswith("-"):
        return None
    # Of --config the beginning is right, which counts for more than the likeness.
    begun = [flag for flag in flags if flag.startswith(given)] if len(given) > len("--") else []
    close = begun or difflib.get_close_matches(given, flags, n=1)
    return close[0] if close else None


def closest_command(given: str, commands: Sequence[str]) -> str:
    """Return what to say of a command that there is not."""
    close = difflib.get_close_matches(given, commands, n=1)
    if close:
        return f"no command {given!r}: did you mean {close[0]}?"
    return f"no command {given!r}: expected one of {', '.join(commands)}"
