"""What is logged that should never be: a soak meets only failures that were foreseen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_EXPORTER = logging.getLogger("exporter")
#: Errors that need a person, as clouds here do refuse credentials; and what a loop tells of.
_REFUSED, _STRAY = "the cloud refuses the account's credentials", "outside of any task"
_MOST = 20


class _Listener(logging.Handler):
    """Keeps bugs and errors; what a soak logs of thousands of failures would fill the memory."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record that tells of a bug."""
        text, fields = record.getMessage(), getattr(record, "fields", {})
        is_error = record.levelno >= logging.ERROR and not text.startswith(_REFUSED)
        if (is_error or "where" in fields or _STRAY in text) and len(self.kept) < _MOST:
            self.kept.append(f"logged: {text} {fields}")


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Listen to all loggers, and yield what is kept."""
    listener, root = _Listener(), logging.getLogger()
    level, _EXPORTER.propagate = _EXPORTER.level, False
    _EXPORTER.setLevel(logging.WARNING)
    for logger in (_EXPORTER, root):
        logger.addHandler(listener)
    try:
        yield listener.kept
    finally:
        for logger in (_EXPORTER, root):
            logger.removeHandler(listener)
        _EXPORTER.setLevel(level)
        _EXPORTER.propagate = True
