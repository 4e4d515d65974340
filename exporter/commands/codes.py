"""The exit codes of the command: what a script can tell from how it ended."""

from enum import IntEnum


class Code(IntEnum):
    """How a run of `home-exporter` ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    PARTIAL = 5
    INTERRUPTED = 130
