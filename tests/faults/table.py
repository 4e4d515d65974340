"""The fault table as data: the tests hold the exporter to it, and docs/faults.md is made from it.

A new fault is a row here and a test of its name in this folder.
"""

from dataclasses import dataclass, replace
from typing import Any

from exporter.simulator import Fault
from tests.faults.served import ByPoll, Everything, Nothing, OnceRestarted, Served, UntilStale
from tests.faults.signs import Ahead, Counts, Prose, Rests, Shows, Sign, lost, outcome

VENDORS = ("homely", "wally")

#: The longest wait between two tries of a call that fails.
RETRY = {"homely": 1260.0, "wally": 70.0}
#: The longest penalty after a 429 or an odd 4xx, and the longest wait after a refused login.
PENALTY, REFUSED = 3960.0, 3600.0
#: The longest wait between two tries of a socket, the first of these waits, and the sum of the
#: waits until a token is suspected.
SOCKET, FIRST, SUSPECTED = 300.0, 2.0, 14.0
#: How soon a poll fills in what a lost socket did not push, and how often it is polled without.
FILLED_IN, WITHOUT_SOCKET = 420.0, 330.0
RETRY_AFTER = 30.0
STOPPED = 5.0


ALL = Everything()
UNTIL_STALE = UntilStale("everything until {}; then only what an open socket pushes", False)
OTHERS = UntilStale("all of the other locations; of this one until {}", True)
REFILLED = ByPoll("what was not pushed comes with a poll within {}", FILLED_IN, True)
POLLED = ByPoll("changes come with polls, at most {} apart", WITHOUT_SOCKET, False)
RESTARTED = OnceRestarted()
NOTHING = Nothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is served, what the metrics say, and in how many seconds it is over after its end."""

    served: Served
    signs: tuple[Sign, ...]
    within: float


@dataclass(frozen=True, slots=True)
class Row:
    """One fault: the promise for each vendor, and how the simulator's cloud brings it about."""

    name: str
    title: str
    promises: dict[str, Promise]
    fault: Fault | None = None

    @property
    def test(self) -> str:
        """The name of the test."""
        return f"test_{self.name}"


def _each(served: Served, within: dict[str, float], *signs: Sign) -> dict[str, Promise]:
    return {
        vendor: Promise(served=served, signs=signs, within=within[vendor]) for vendor in VENDORS
    }


def _fails(name: str, *homely: Sign) -> dict[str, Promise]:
    """Promise what holds for every call that brings no usable answer; more of Homely's."""
    signs = outcome(name), Shows("account_up", 0), Rests("auth_failures_total")
    promises = _each(UNTIL_STALE, RETRY, *signs)
    return promises | {"homely": replace(promises["homely"], signs=(*signs, *homely))}


def _penalised(name: str, least: float) -> dict[str, Promise]:
    """Promise what holds where the cloud asks for fewer calls; jitter adds up to a tenth."""
    until = Ahead("rate_limited_until_timestamp_seconds", least, 1.1 * least, is_at_first=True)
    signs = outcome(name), Shows("account_up", 0), until
    return _each(UNTIL_STALE, dict.fromkeys(VENDORS, PENALTY), *signs)


def _elsewhere(name: str) -> dict[str, Promise]:
    signs = outcome(name), Shows("account_up", 1), Rests("auth_failures_total")
    return _each(OTHERS, RETRY, *signs)


def _socket(served: Served, reason: str, within: float, *signs: Sign) -> dict[str, Promise]:
    signs = lost(reason), *signs, Shows("account_up", 1)
    return {"homely": Promise(served=served, signs=signs, within=within)}


def _status(status: int, **how: Any) -> Fault:
    return Fault(kind="status", status=status, **how)


_DOWN = Shows("stream_connected", 0)
_MALFORMED = Counts("stream_events_total", (("outcome", "malformed"),))
_TOKEN_IS_RENEWED = Promise(
    served=ALL,
    signs=(outcome("unauthorized"), Shows("account_up", 1), Rests("auth_failures_total")),
    within=0.0,
)
_TOKEN_IS_REFUSED = (
    outcome("unauthorized"),
    Shows("account_up", 0),
    Counts("auth_failures_total"),
)

STATUSES = (
    Row(
        "401_once",
        "401 once",
        {
            "homely": _TOKEN_IS_RENEWED,
            "wally": Promise(served=ALL, signs=_TOKEN_IS_REFUSED, within=300.0),
        },
        _status(401, times=1),
    ),
    Row(
        "401_always",
        "401 always",
        _each(UNTIL_STALE, dict.fromkeys(VENDORS, REFUSED), *_TOKEN_IS_REFUSED),
        _status(401),
    ),
    Row("403_on_one_location", "403 on one location", _elsewhere("forbidden"), _status(403)),
    Row("404", "404", _fails("not_found"), _status(404, html=True)),
    Row(
        "429_with_retry_after",
        f"429 with a `retryAfter` of {RETRY_AFTER:.0f} s",
        _penalised("rate_limited", 10 * RETRY_AFTER),
        _status(429, retry_after=RETRY_AFTER),
    ),
    Row(
        "429_without_retry_after",
        "429 without `retryAfter`",
        _penalised("rate_limited", 120.0),
        _status(429),
    ),
    Row("439", "439", _penalised("client_error", 120.0), _status(439)),
    Row("500", "500", _fails("server_error"), _status(500)),
    Row("502_with_html", "502 with HTML", _fails("server_error"), _status(502, html=True)),
    Row("504", "504", _fails("server_error"), _status(504, html=True)),
    Row(
        "redirect_with_a_bad_location",
        "redirect with a body and a bad `Location`",
        _fails("redirect"),
        Fault(kind="redirect", url="http://[elsewhere"),
    ),
)

BODIES = (
    Row(
        "hang_before_a_body",
        "hang before a body",
        _fails("timeout"),
        Fault(kind="hang_before"),
    ),
    Row(
        "hang_in_the_middle_of_a_body",
        "hang in the middle of a body",
        _fails("timeout"),
        Fault(kind="hang_body"),
    ),
    Row(
        "truncated_json",
        "truncated JSON",
        _fails("unusable_body"),
        Fault(kind="truncated_json"),
    ),
    Row(
        "gzip_bomb",
        "gzip bomb",
        _fails("too_large"),
        Fault(kind="gzip_bomb", size=16 * 1024 * 1024),
    ),
    Row(
        "200_with_an_object_for_a_list",
        "200 with an object for a list, or a list for an object",
        _fails("unusable_body"),
        Fault(kind="object_for_list"),
    ),
    Row("200_with_html", "200 with HTML", _fails("unusable_body"), Fault(kind="html_200")),
)

NETWORK = (
    Row("dns_failure", "DNS failure", _fails("dns")),
    Row("refused", "refused", _fails("connection", lost("server"), _DOWN)),
    Row(
        "tls_with_a_wrong_name",
        "TLS with a wrong name",
        _fails("tls"),
        Fault(kind="wrong_name"),
    ),
)

SOCKETS = (
    Row(
        "socket_refused",
        "socket refused",
        _socket(
            POLLED,
            "connect_failed",
            SOCKET,
            _DOWN,
            Ahead("next_poll_timestamp_seconds", 0.0, WITHOUT_SOCKET),
        ),
        Fault(kind="refuse", endpoint="connect"),
    ),
    Row(
        "socket_that_hangs_in_the_handshake",
        "socket that hangs in the handshake",
        _socket(
            POLLED,
            "connect_timeout",
            SOCKET,
            _DOWN,
            Ahead("next_poll_timestamp_seconds", 0.0, WITHOUT_SOCKET),
            Prose("each wait for a connect up to twice as long as the last"),
        ),
        Fault(kind="hang_before", endpoint="connect"),
    ),
    Row(
        "socket_dropped",
        "socket dropped",
        _socket(REFILLED, "server", FIRST, _DOWN),
        Fault(kind="drop_after_connect", now=True),
    ),
    Row(
        "socket_black_holed",
        "socket black-holed, once the cloud's own ping time is over",
        _socket(REFILLED, "transport", FIRST, _DOWN),
        Fault(kind="black_hole", now=True),
    ),
    Row(
        "socket_that_sends_garbage",
        "socket that sends garbage",
        _socket(REFILLED, "transport", FIRST, _MALFORMED, _DOWN),
        Fault(kind="garbage", now=True),
    ),
    Row(
        "engineio_close",
        "engine.io close",
        _socket(REFILLED, "server", FIRST, _DOWN),
        Fault(kind="engineio_close", now=True),
    ),
    Row(
        "token_expired_during_connect",
        "token expired during connect",
        _socket(REFILLED, "server", SUSPECTED),
        Fault(kind="expire_during_connect", endpoint="connect", times=1),
    ),
)

PROCESS = (
    Row(
        "clock_jump",
        "clock jump: a day ahead, a day back",
        _each(
            ALL,
            dict.fromkeys(VENDORS, 0.0),
            Shows("account_up", 1),
            Rests("rejected_values_total"),
        ),
    ),
)

_UNSAVED = Counts("state_file_errors_total"), Shows("account_up", 1)
_AT_ONCE = dict.fromkeys(VENDORS, 0.0)

STATE = (
    Row(
        "disk_full",
        "disk full: files can be made, but not grow",
        _each(ALL, _AT_ONCE, *_UNSAVED),
    ),
    Row(
        "state_read_only",
        "state folder in which nothing can be made",
        _each(ALL, _AT_ONCE, *_UNSAVED),
    ),
    Row(
        "sigkill_while_writing_state",
        "SIGKILL while writing state",
        _each(RESTARTED, _AT_ONCE, Rests("state_file_errors_total"), Shows("account_up", 1)),
    ),
)

#: In the middle of every other row.
SIGTERM = Row(
    "sigterm",
    "SIGTERM in the middle of each of these",
    _each(NOTHING, dict.fromkeys(VENDORS, STOPPED), Prose("exit code 0")),
)

ROWS = {
    row.name: row for row in (*STATUSES, *BODIES, *NETWORK, *SOCKETS, *PROCESS, *STATE, SIGTERM)
}
