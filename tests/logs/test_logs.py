"""What is logged, and what never is: whoever speaks, at whatever level, about whatever it holds."""

import json
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import logs
from exporter.secret import Secret

MARKER = "hunter2-in-the-url"
_PRELUDE = f"""
import logging, sys, threading, warnings
from exporter import logs
logs.configure("debug", "%s")
MARKER = "{MARKER}"
"""
LIBRARIES = [
    *("urllib3", "urllib3.connectionpool", "engineio.client", "socketio.client", "aiohttp.access"),
    *("aiohttp.server", "aiohttp.client", "apscheduler.scheduler", "apscheduler.executors.default"),
    *("asyncio", "concurrent.futures", "requests", "py.warnings", "somebody.else", "root"),
]


def spoken(code: str, log_format: str = "logfmt") -> str:
    """Run code in a process whose logs are configured, and return what it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", _PRELUDE % log_format + code],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_no_library_can_tell_what_it_handles(log_format: str) -> None:
    said = spoken(
        f"""
for name in {LIBRARIES!r}:
    log = logging.getLogger(None if name == "root" else name)
    for level in (10, 20, 30, 40, 50):
        log.log(level, "GET %s", MARKER)
        log.log(level, f"GET {{MARKER}}")
        log.log(level, MARKER, extra={{"fields": {{"url": MARKER}}}})
        try:
            raise ValueError(MARKER)
        except ValueError:
            log.log(level, "failed", exc_info=True)
            log.log(level, "failed", stack_info=True)
""",
        log_format,
    )
    assert MARKER not in said
    assert "Traceback" not in said
    # That something was reported, and where, is told: an error must not vanish.
    assert "a library reports something" in said
    assert "somebody.else" in said
    assert "ValueError" in said


def test_libraries_are_quiet_about_what_is_no_trouble() -> None:
    said = spoken(
        f"""
for name in {LIBRARIES!r}:
    logging.getLogger(None if name == "root" else name).info("one line per call")
    logging.getLogger(None if name == "root" else name).debug("one line per packet")
"""
    )
    assert said == ""


def test_what_python_itself_would_print_becomes_one_line() -> None:
    said = spoken(
        """
def fail():
    raise KeyError(MARKER)
class Late:
    def __del__(self):
        fail()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
late = Late()
del late
warnings.warn(MARKER)
"""
    )
    assert MARKER not in said
    assert "Traceback" not in said
    lines = said.splitlines()
    assert len(lines) == 3
    for line in lines[:2]:
        assert "level=error" in line
        assert "error=KeyError" in line
        assert "where=" in line
    assert "level=warn logger=py.warnings" in lines[2]


def test_without_a_level_only_a_bug_is_told() -> None:
    said = spoken(
        """
logs.configure(None, "logfmt")
logs.Log("account").error("refused")
logging.getLogger("urllib3").error("failed")
logs.Log("app").bug("home-exporter failed", ValueError(MARKER))
"""
    )
    assert len(said.splitlines()) == 1
    assert "error=ValueError" in said
    assert MARKER not in said


def test_a_level_leaves_out_what_is_below_it() -> None:
    code = """
logs.configure("{0}", "logfmt")
log = logs.Log("account", account="a")
for speak in (log.debug, log.info, log.warning, log.error):
    speak("something happened", number=1)
"""
    for place, level in enumerate(logs.LEVELS):
        said = spoken(code.format(level)).splitlines()
        assert [line.split()[1] for line in said] == [f"level={one}" for one in logs.LEVELS[place:]]
        assert all('msg="something happened" account=a number=1' in line for line in said)


NASTY = 'two words\nts=1970 level=error msg="forged" \x1b[31m = \\ \u2028'


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_a_value_cannot_forge_a_line(log_format: str) -> None:
    said = spoken(f"logs.Log('a').warning('said', word={NASTY!r})", log_format)
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said
    if log_format == "json":
        assert json.loads(said)["word"] == NASTY


# --- secrets are masked by their type

WAYS: list[Callable[[Any], object]] = [
    repr,
    str,
    ascii,
    lambda secret: f"{secret}",
    lambda secret: f"{secret!r}",
    lambda secret: f"{secret:>40}",
    lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  # people do
    lambda secret: "{} {!r}".format(secret, secret),  # noqa: UP032  # same
    lambda secret: str([secret, {"a": secret}, (secret,)]),
    lambda secret: repr(ValueError(secret)),
    lambda secret: str(ValueError("failed", secret)),
    lambda secret: json.dumps({"secret": secret}, default=str),
    json.dumps,
    lambda secret: json.dumps({secret: 1}),
    pickle.dumps,
    lambda secret: secret.__reduce_ex__(4),
    lambda secret: secret.__getstate__(),
    vars,
    lambda secret: "token " + secret,
    lambda secret: secret + "token",
    lambda secret: "".join(map(str, [secret])),
    list,
    int,
    bytes,
    lambda secret: dict[Secret, int]()[secret],
    lambda secret: getattr(secret, "value"),  # noqa: B009  # same
    lambda secret: logging.LogRecord("a", 40, "a", 1, "%s", (secret,), None).getMessage(),
    lambda secret: logging.makeLogRecord({"msg": secret}).getMessage(),
]


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6))
def test_no_way_of_printing_a_secret_shows_it(value: str) -> None:
    value = f"x-{value}-x"
    for number, way in enumerate(WAYS):
        try:
            shown = way(Secret(value))
        except Exception as error:  # noqa: BLE001  # that it refuses is as good
            shown = "".join(traceback.format_exception(error))
        text = repr(shown) + str(shown)
        assert value not in text, number
        assert ascii(value)[1:-1] not in text, number


def test_a_log_field_that_is_a_secret_is_masked() -> None:
    code = "from exporter.secret import Secret\nlogs.Log('a').warning('said', token=Secret(MARKER))"
    for log_format in ("logfmt", "json"):
        said = spoken(code, log_format)
        assert MARKER not in said
        assert "Secret(***)" in said
