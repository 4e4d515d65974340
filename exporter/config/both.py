"""Two files that are read at once, so that the faults of both are told."""

from collections.abc import Callable
from typing import TypeVar

from exporter.errors import ConfigError

_One = TypeVar("_One")
_Other = TypeVar("_Other")


def together(first: Callable[[], _One], second: Callable[[], _Other]) -> tuple[_One, _Other]:
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
