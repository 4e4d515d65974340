"""What can go wrong: faults as data, and the book that says which one a request meets."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

BodyKind = Literal["hang_body", "slow_body", "truncated_json", "object_for_list", "wrong_date"]
AnswerKind = Literal[
    "status",
    "hang_before",
    "gzip_bomb",
    "html_200",
    "empty_body",
    "disconnect",
    "redirect",
    "refuse",
]
SocketKind = Literal[
    "drop_after_connect",
    "black_hole",
    "garbage",
    "engineio_close",
    "invalid_jwt",
    "expire_during_connect",
]
HandshakeKind = Literal["wrong_name"]
Kind = BodyKind | AnswerKind | SocketKind | HandshakeKind

BODY_KINDS: frozenset[str] = frozenset(get_args(BodyKind))
ANSWER_KINDS: frozenset[str] = frozenset(get_args(AnswerKind))
SOCKET_KINDS: frozenset[str] = frozenset(get_args(SocketKind))
HANDSHAKE_KINDS: frozenset[str] = frozenset(get_args(HandshakeKind))
LIVE_KINDS: frozenset[str] = frozenset(
    {"drop_after_connect", "black_hole", "garbage", "engineio_close"}
)
REST_KINDS = (BODY_KINDS | ANSWER_KINDS) - {"refuse"}
KINDS = BODY_KINDS | ANSWER_KINDS | SOCKET_KINDS | HANDSHAKE_KINDS
VENDORS = frozenset({"*", "homely", "wally"})
ENDPOINTS = frozenset(
    {"*", "token", "refresh", "locations", "home", "connect", "places", "sensors"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, for whom, and how often.

    `times` None means until it is cleared. `seconds` is real time: how long a hang or a slow body
    lasts, or how long after its connect a socket is hit. `now` hits sockets that are already open.
    `wrong_name` is a TLS certificate of another host: it meets every new connection of a vendor,
    before anything is asked, so it knows no endpoint, location or account.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    kind: Kind
    vendor: str = "*"
    endpoint: str = "*"
    location_id: str | None = None
    account: str | None = None
    times: int | None = None
    status: int = 503
    retry_after: float | None = None
    retry_after_header: str | None = None
    html: bool = False
    seconds: float | None = None
    url: str = "https://elsewhere.example/"
    size: int = 64 * 1024 * 1024
    offset: float = 86_400.0
    now: bool = False

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, KINDS)
        _one_of("vendor", self.vendor, VENDORS)
        _one_of("endpoint", self.endpoint, ENDPOINTS)
        if self.now and self.kind not in LIVE_KINDS:
            raise ValueError(f"now: only for {', '.join(sorted(LIVE_KINDS))}")
        if self.kind in HANDSHAKE_KINDS and (self.endpoint, self.location_id, self.account) != (
            "*",
            None,
            None,
        ):
            raise ValueError(f"{self.kind}: has no endpoint, location_id or account")

    def lasts(self, default: float) -> float:
        """Return `seconds`, or what the kind does by default."""
        return default if self.seconds is None else self.seconds

    def meets(self, vendor: str, endpoint: str, location_id: str, account: str) -> bool:
        """Tell whether a request of this kind is hit."""
        return (
            self.vendor in ("*", vendor)
            and self.endpoint in ("*", endpoint)
            and self.location_id in (None, location_id)
            and self.account in (None, account)
        )


@dataclass(slots=True)
class _Planned:
    fault: Fault
    left: int | None


@dataclass(slots=True)
class FaultBook:
    """The faults in force; the one injected first is met first."""

    _planned: list[_Planned] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._planned.append(_Planned(fault, fault.times))

    def clear(self) -> None:
        """Lift every fault."""
        self._planned.clear()

    def take(
        self, vendor: str, endpoint: str, location_id: str, account: str, kinds: Collection[str]
    ) -> Fault | None:
        """Return the fault that a request meets and use it up once."""
        for planned in self._planned:
            fault = planned.fault
            if fault.kind in kinds and fault.meets(vendor, endpoint, location_id, account):
                self._use(planned)
                return fault
        return None

    def _use(self, planned: _Planned) -> None:
        if planned.left is None:
            return
        planned.left -= 1
        if planned.left <= 0:
            self._planned.remove(planned)


_READER = TypeAdapter(Fault)


def fault_from(data: Mapping[str, Any]) -> Fault:
    """Read a fault from JSON data; ValueError says what is wrong with it."""
    try:
        # Only from text does a strict reader make a dataclass.
        return _READER.validate_json(json.dumps(data))
    except ValidationError as error:
        raise ValueError("; ".join(_complaint(fault) for fault in error.errors())) from None


def _complaint(fault: ErrorDetails) -> str:
    return ": ".join((*map(str, fault["loc"]), fault["msg"].removeprefix("Value error, ")))


def _one_of(name: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: {value!r}, expected one of {', '.join(sorted(allowed))}")
