"""The fault table as data: the tests hold the exporter to it, and docs/faults.md is made from it.

A new fault is a row here and a test of its name in this folder.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from exporter.simulator import Fault
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.wally.config import WallyConfig
from tests.faults.signs import Ahead, Counts, Prose, Rests, Shows, Sign, lost, outcome

VENDORS = ("homely", "wally")
STALE_AFTER: dict[str, float] = {
    model.vendor: model.model_fields["stale_after"].default for model in (HomelyConfig, WallyConfig)
}

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


class Served(StrEnum):
    """What of the homes stays on the page in a fault."""

    ALL = "everything"
    UNTIL_STALE = (
        "everything until `stale_after` (Homely {homely}, Wally {wally}); then only what an open "
        "socket pushes"
    )
    OTHERS = (
        "all of the other locations; of this one until `stale_after` (Homely {homely}, "
        "Wally {wally})"
    )
    FILLED_IN = "everything; what was not pushed comes with a poll within {filled_in}"
    POLLED = "everything; changes come with polls, at most {without_socket} apart"
    NOTHING = "nothing: the process ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is served, what the metrics say, and in how many seconds it is over after its end."""

    served: Served
    signs: tuple[Sign, ...]
    within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault: the promise for each vendor, and how the simulator brings it about."""

    name: str
    title: str
    promises: dict[str, Promise]
    faults: tuple[Fault, ...] = ()

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
    promises = _each(Served.UNTIL_STALE, RETRY, *signs)
    return promises | {"homely": replace(promises["homely"], signs=(*signs, *homely))}


def _penalised(name: str, least: float) -> dict[str, Promise]:
    """Promise what holds where the cloud asks for fewer calls; jitter adds up to a tenth."""
    until = Ahead("rate_limited_until_timestamp_seconds", least, 1.1 * least, " at first")
    signs = outcome(name), Shows("account_up", 0), until
    return _each(Served.UNTIL_STALE, dict.fromkeys(VENDORS, PENALTY), *signs)


def _elsewhere(name: str) -> dict[str, Promise]:
    signs = outcome(name), Shows("account_up", 1), Rests("auth_failures_total")
    return _each(Served.OTHERS, RETRY, *signs)


def _socket(served: Served, reason: str, within: float, *signs: Sign) -> dict[str, Promise]:
    signs = lost(reason), *signs, Shows("account_up", 1)
    return {"homely": Promise(served=served, signs=signs, within=within)}


_DOWN = Shows("stream_connected", 0)
_TOKEN_IS_RENEWED = Promise(
    served=Served.ALL,
    signs=(outcome("unauthorized"), Shows("account_up", 1), Rests("auth_failures_total")),
    within=0.0,
)
_TOKEN_IS_REFUSED = (
    outcome("unauthorized"),
    Shows("account_up", 0),
    Counts("auth_failures_total"),
)

REST = (
    Row(
        name="401_once",
        title="401 once",
        faults=(Fault(kind="status", status=401, times=1),),
        promises={
            "homely": _TOKEN_IS_RENEWED,
            "wally": Promise(served=Served.ALL, signs=_TOKEN_IS_REFUSED, within=300.0),
        },
    ),
    Row(
        name="401_always",
        title="401 always",
        faults=(Fault(kind="status", status=401),),
        promises=_each(Served.UNTIL_STALE, dict.fromkeys(VENDORS, REFUSED), *_TOKEN_IS_REFUSED),
    ),
    Row(
        name="403_on_one_location",
        title="403 on one location",
        faults=(Fault(kind="status", status=403),),
        promises=_elsewhere("forbidden"),
    ),
    Row(
        name="404",
        title="404",
        faults=(Fault(kind="status", status=404, html=True),),
        promises=_fails("not_found"),
    ),
    Row(
        name="429_with_retry_after",
        title=f"429 with a `retryAfter` of {RETRY_AFTER:.0f} s",
        faults=(Fault(kind="status", status=429, retry_after=RETRY_AFTER),),
        promises=_penalised("rate_limited", 10 * RETRY_AFTER),
    ),
    Row(
        name="429_without_retry_after",
        title="429 without `retryAfter`",
        faults=(Fault(kind="status", status=429),),
        promises=_penalised("rate_limited", 120.0),
    ),
    Row(
        name="439",
        title="439",
        faults=(Fault(kind="status", status=439),),
        promises=_penalised("client_error", 120.0),
    ),
    Row(
        name="500",
        title="500",
        faults=(Fault(kind="status", status=500),),
        promises=_fails("server_error"),
    ),
    Row(
        name="502_with_html",
        title="502 with HTML",
        faults=(Fault(kind="status", status=502, html=True),),
        promises=_fails("server_error"),
    ),
    Row(
        name="504",
        title="504",
        faults=(Fault(kind="status", status=504, html=True),),
        promises=_fails("server_error"),
    ),
)

BODIES = (
    Row(
        name="hang_before_a_body",
        title="hang before a body",
        faults=(Fault(kind="hang_before"),),
        promises=_fails("timeout"),
    ),
    Row(
        name="hang_in_the_middle_of_a_body",
        title="hang in the middle of a body",
        faults=(Fault(kind="hang_body"),),
        promises=_fails("timeout"),
    ),
    Row(
        name="truncated_json",
        title="truncated JSON",
        faults=(Fault(kind="truncated_json"),),
        promises=_fails("unusable_body"),
    ),
    Row(
        name="gzip_bomb",
        title="gzip bomb",
        faults=(Fault(kind="gzip_bomb", size=16 * 1024 * 1024),),
        promises=_fails("too_large"),
    ),
    Row(
        name="200_with_an_object_for_a_list",
        title="200 with an object for a list, or a list for an object",
        faults=(Fault(kind="object_for_list"),),
        promises=_fails("unusable_body"),
    ),
    Row(
        name="200_with_html",
        title="200 with HTML",
        faults=(Fault(kind="html_200"),),
        promises=_fails("unusable_body"),
    ),
)

NETWORK = (
    Row(name="dns_failure", title="DNS failure", promises=_fails("dns")),
    Row(
        name="refused",
        title="refused",
        promises=_fails("connection", lost("server"), _DOWN),
    ),
    Row(
        name="tls_with_a_wrong_name",
        title="TLS with a wrong name",
        faults=(Fault(kind="wrong_name"),),
        promises=_fails("tls"),
    ),
)

SOCKETS = (
    Row(
        name="socket_refused",
        title="socket refused",
        faults=(Fault(kind="refuse", endpoint="connect"),),
        promises=_socket(
            Served.POLLED,
            "connect_failed",
            SOCKET,
            _DOWN,
            Ahead("next_poll_timestamp_seconds", 0.0, WITHOUT_SOCKET),
        ),
    ),
    Row(
        name="socket_dropped",
        title="socket dropped",
        faults=(Fault(kind="drop_after_connect", now=True),),
        promises=_socket(Served.FILLED_IN, "server", FIRST, _DOWN),
    ),
    Row(
        name="socket_black_holed",
        title="socket black-holed, once the cloud's own ping time is over",
        faults=(Fault(kind="black_hole", now=True),),
        promises=_socket(Served.FILLED_IN, "transport", FIRST, _DOWN),
    ),
    Row(
        name="socket_that_sends_garbage",
        title="socket that sends garbage",
        faults=(Fault(kind="garbage", now=True),),
        promises=_socket(Served.FILLED_IN, "transport", FIRST, _DOWN),
    ),
    Row(
        name="engineio_close",
        title="engine.io close",
        faults=(Fault(kind="engineio_close", now=True),),
        promises=_socket(Served.FILLED_IN, "server", FIRST, _DOWN),
    ),
    Row(
        name="token_expired_during_connect",
        title="token expired during connect",
        faults=(Fault(kind="expire_during_connect", endpoint="connect", times=1),),
        promises=_socket(Served.FILLED_IN, "server", SUSPECTED),
    ),
)

PROCESS = (
    Row(
        name="clock_jump",
        title="clock jump: a day ahead, a day back",
        promises=_each(
            Served.ALL,
            dict.fromkeys(VENDORS, 0.0),
            Shows("account_up", 1),
            Rests("rejected_values_total"),
        ),
    ),
)

#: In the middle of every other row.
SIGTERM = Row(
    name="sigterm",
    title="SIGTERM in the middle of each of these",
    promises={
        vendor: Promise(served=Served.NOTHING, signs=(Prose("exit code 0"),), within=STOPPED)
        for vendor in VENDORS
    },
)

ROWS = {row.name: row for row in (*REST, *BODIES, *NETWORK, *SOCKETS, *PROCESS, SIGTERM)}
