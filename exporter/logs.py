"""Structured logs: one line per change of state, logfmt or JSON, never what a cloud said."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

LogFormat = Literal["logfmt", "json"]
_ROOT, _BUGS = "exporter", "app"
_NEVER = logging.CRITICAL + 1
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
LEVELS = tuple(_LEVELS)
# What these say at lower levels is one line per call, per job or per packet.
_QUIET = ("aiohttp", "apscheduler", "asyncio", "urllib3")
# What these say can hold the URL of a socket, the token included, or a line for each bad request.
_SILENT = ("engineio", "socketio", "aiohttp.server")


class Log:
    """A logger whose lines are a sentence and fields."""

    def __init__(self, name: str, **fields: object) -> None:
        self._logger = logging.getLogger(f"{_ROOT}.{name}")
        self._fields = fields

    def debug(self, message: str, **fields: object) -> None:
        """Say what helps someone who looks for a fault."""
        self._log(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Say that something changed."""
        self._log(logging.INFO, message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Say that something is wrong, and goes on without help."""
        self._log(logging.WARNING, message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Say that something is wrong which needs a person."""
        self._log(logging.ERROR, message, fields)

    def bug(self, message: str, error: BaseException) -> None:
        """Say that the exporter itself failed: what and where, but not with which data."""
        self._log(logging.ERROR, message, {"error": type(error).__name__, "where": where(error)})

    def _log(self, level: int, message: str, fields: dict[str, object]) -> None:
        self._logger.log(level, message, extra={"fields": {**self._fields, **fields}})


def where(error: BaseException) -> str:
    """Return the innermost frames of a traceback as `file:line`; no values, no messages."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-5:-1])


def configure(level: str | None, log_format: LogFormat) -> None:
    """Send all logs to standard error in the given form; without a level only what is a bug.

    What Python itself would write there as it comes, with the values at hand, becomes a log line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if level else _NEVER)
    logging.getLogger(_ROOT).setLevel(_LEVELS[level] if level else _NEVER)
    logging.getLogger(f"{_ROOT}.{_BUGS}").setLevel(logging.NOTSET if level else logging.ERROR)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR if level else _NEVER)
    for name in _SILENT:
        logging.getLogger(name).setLevel(_NEVER)
    logging.captureWarnings(capture=True)
    sys.unraisablehook = lambda failed: _tell_bug(failed.exc_value)
    threading.excepthook = lambda failed: _tell_bug(failed.exc_value)


def _tell_bug(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        Log(_BUGS).bug("something failed where nobody waits for it", error)


class _Structured(logging.Formatter):
    """Turns a record into an ordered mapping of fields."""

    def _values(self, record: logging.LogRecord) -> dict[str, Any]:
        moment = datetime.fromtimestamp(record.created, UTC)
        is_own = record.name.startswith(f"{_ROOT}.")
        values: dict[str, Any] = {
            "ts": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": {"warning": "warn"}.get(record.levelname.lower(), record.levelname.lower()),
            "logger": record.name.removeprefix(f"{_ROOT}."),
            "msg": record.getMessage() if is_own else "a library reports something",
        }
        if is_own:
            values.update(getattr(record, "fields", {}))
        else:
            # Its words may hold a URL, a header or a payload: its place is enough.
            values["at"] = f"{record.filename}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            values |= {"error": type(error).__name__, "where": where(error)}
        return values


class _Json(_Structured):
    def format(self, record: logging.LogRecord) -> str:
        return _json(self._values(record))


class _Logfmt(_Structured):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{key}={_quoted(value)}" for key, value in self._values(record).items())


def _quoted(value: object) -> str:
    text = "true" if value is True else "false" if value is False else str(value)
    if text and all(character.isprintable() and character not in ' "=' for character in text):
        return text
    return _json(text)


def _json(value: object) -> str:
    """Return JSON on one line, whatever a reader takes for the end of a line."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
