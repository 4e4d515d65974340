"""The one way from an account to its cloud: one call at a time, within a budget."""

import asyncio
import math
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from exporter.backoff import after_refusal
from exporter.budget import Bucket
from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.logs import Log
from exporter.meter import Standing
from exporter.rest import Request, Worker
from exporter.sources.record import CallRecord
from exporter.telemetry import Telemetry

_BURST, _BURST_PER_LOCATION = 10.0, 2.0
_HEADROOM = 2.0
_REFRESH_REFUSALS = frozenset({400, 403, 404})
#: Stands for an endpoint in what fails: no single call of the location does, all do.
_CREDENTIALS = "credentials"
_PENALTY = ("penalty", "")
_NEVER = float("inf")
# The Date header is cut to seconds: below this it says nothing that our own clock does not.
_DATE_TOLERANCE = 2.0
#: From 2020 to 2100: what lies outside is no date of a cloud.
_SANE_DATES = (1_577_836_800.0, 4_102_444_800.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer; `began` is monotonic, `vendor_now` the cloud's time of the answer."""

    body: Any = field(repr=False)
    began: float
    vendor_now: float


_T = TypeVar("_T")


class AccountState(StrEnum):
    """How an account fares with its cloud, for people to read."""

    UP = "up"
    FAILING = "failing"
    RATE_LIMITED = "rate limited"
    REFUSED = "credentials refused"


class Memory(Protocol):
    """Where the records of accounts outlive the process."""

    def record(self, config: AccountConfig, bucket: Bucket) -> CallRecord:
        """Return the account's record from before the restart, else a new one with this bucket."""
        ...

    async def keep(self, config: AccountConfig, record: CallRecord) -> None:
        """Write an account's record down; never raises."""
        ...


class Gate:
    """Lets the calls of one account through; hold it (`async with`) for a sequence of calls."""

    def __init__(
        self,
        config: AccountConfig,
        *,
        worker: Worker,
        memory: Memory,
        clock: Clock,
        telemetry: Telemetry,
        rng: random.Random,
    ) -> None:
        self._worker = worker
        self._memory = memory
        self._clock = clock
        self._rng = rng
        self._config = config
        self._lock = asyncio.Lock()
        self._is_admitted = self._is_closed = False
        self._credentials = self._used = config.credentials
        rate = _HEADROOM * config.calls_per_second(1)
        self.record = memory.record(config, Bucket(_BURST, rate, _BURST, clock.monotonic()))
        self._offset: float | None = None
        self._is_refused = self._is_refusal_told = False
        self._failing: set[tuple[str, str]] = set()
        self._locations = 0
        self._log = Log("account", vendor=config.vendor, account=config.name)
        self._observe(telemetry)

    def _observe(self, telemetry: Telemetry) -> None:
        self._duration = telemetry.request_duration
        self._meter = telemetry.meter(self._config.vendor, self._config.name, self._standing)
        self._recall()

    def _recall(self) -> None:
        """Show the account as it was before a restart."""
        now, record = self._clock.monotonic(), self.record
        self._is_refused = record.refused.step > 0
        if record.penalty.is_on(now):
            self._failing.add(_PENALTY)
        if record.succeeded_at is not None:
            self._meter.succeed(record.succeeded_at)
        self._show()

    async def __aenter__(self) -> Self:
        await self._lock.acquire()
        self._is_admitted = False
        self._used = self._credentials
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def change(self, config: AccountConfig) -> None:
        """Go on with another configuration; a penalty stays, a refusal of other credentials not."""
        self._config = config
        if config.credentials != self._credentials:
            self._credentials = config.credentials
            self.record.pardon()
            self._is_refused = False
            self._failing = {one for one in self._failing if one[0] != _CREDENTIALS}
            self._show()

    def expect(self, locations: Collection[str]) -> None:
        """Size the budget for these locations, and forget what failed at others."""
        self._locations = len(locations)
        self.record.forget(set(locations))
        self._failing = {one for one in self._failing if not one[1] or one[1] in locations}
        self.record.bucket.resize(
            _BURST + _BURST_PER_LOCATION * len(locations),
            _HEADROOM * self._config.calls_per_second(max(1, len(locations))),
            self._clock.monotonic(),
        )
        self._show()

    @property
    def calls(self) -> dict[str, int]:
        """How many calls were made, by endpoint."""
        return self._meter.calls

    async def call(
        self,
        endpoint: str,
        request: Request,
        read: Callable[[Reply], _T],
        *,
        location_id: str = "",
    ) -> _T:
        """Make one call and return what `read` makes of the answer.

        Raises OnHoldError where no call may be made, CloudError where it fails or is of no use.
        With a `location_id`, 403 and 404 are about that location and not about the account.
        """
        await self._admission(endpoint, location_id)
        self.record.note(endpoint, location_id, self._clock.monotonic())
        # Before the call: whatever comes of it, a restart knows that it was made.
        await self._memory.keep(self._config, self.record)
        if self._is_closed:
            raise OnHoldError(_NEVER)
        began = self._clock.monotonic()
        try:
            answer = await self._worker.exchange(request)
            self._note_date(answer.date)
            found = read(Reply(answer.body, began, self.vendor_now()))
        except CloudError as error:
            self._failed(endpoint, error, location_id)
            if isinstance(error, RateLimitedError):
                await self._memory.keep(self._config, self.record)
            raise
        except Exception:
            self._failed(endpoint, CloudError(Outcome.INTERNAL), location_id)
            raise
        finally:
            took = self._clock.monotonic() - began
            self._duration.labels(self._config.vendor, endpoint).observe(took)
        self._succeeded(endpoint, location_id)
        return found

    async def refuse(self, error: CloudError, location_id: str = "") -> AuthError:
        """Take that the cloud refuses the credentials, and return what to raise.

        No call of the account is made for a while, longer with each repeat; one location that
        refuses what the others accept must not silence them. What becomes of credentials that were
        replaced meanwhile is of no account.
        """
        if self._used != self._credentials or self._is_closed:
            return AuthError(error.outcome, error.status)
        self._meter.refuse()
        if location_id:
            self._refused_at(location_id, error)
            return AuthError(error.outcome, error.status)
        refused = self.record.refused
        refused.until = self._clock.monotonic() + after_refusal(refused.step)
        refused.step += 1
        await self._memory.keep(self._config, self.record)
        # Also of what was refused before a restart: whoever restarts looks for it in the new log.
        if not self._is_refusal_told:
            self._log.error(
                "the cloud refuses the account's credentials: check them in exporter.yml",
                status=error.status,
            )
        self._is_refused = self._is_refusal_told = True
        self._show()
        return AuthError(error.outcome, error.status)

    def _refused_at(self, location_id: str, error: CloudError) -> None:
        if not self._is_refused and (_CREDENTIALS, location_id) not in self._failing:
            self._log.error(
                "the cloud refuses the account's credentials for one location",
                location_id=location_id,
                status=error.status,
            )
        self._failing.add((_CREDENTIALS, location_id))
        self._show()

    def accept(self) -> None:
        """Take that the cloud accepts the credentials."""
        if self._is_refused:
            self._log.info("the cloud accepts the account's credentials again")
        self._is_refused = self._is_refusal_told = False
        self.record.refused.step = 0
        self._show()

    def penalised_until(self) -> float:
        """Return when the penalty ends as wall time, 0 when there is none."""
        now = self._clock.monotonic()
        if not self.record.penalty.is_on(now):
            return 0.0
        return self._clock.wall() + self.record.penalty.until - now

    def state(self) -> tuple[AccountState, float | None]:
        """Return how the account fares, and until when (wall time) it makes no call if it does."""
        now, record = self._clock.monotonic(), self.record
        holds = (
            (AccountState.RATE_LIMITED, record.penalty.until),
            (AccountState.REFUSED, record.refused.until),
        )
        state, until = max(holds, key=lambda hold: hold[1])
        if until > now:
            return state, self._clock.wall() + until - now
        return (AccountState.FAILING if self._is_failing() else AccountState.UP), None

    def vendor_now(self) -> float:
        """Return the time by the cloud's own clock, as far as its answers told it."""
        if self._offset is None:
            return self._clock.wall()
        return self._clock.monotonic() + self._offset

    def close(self) -> None:
        """Cut a call that is under way, free the connections and make no more calls."""
        self._is_closed = True
        self._meter.close()
        self._worker.close()

    async def _admission(self, endpoint: str, location_id: str) -> None:
        while True:
            now = self._clock.monotonic()
            until = _NEVER if self._is_closed else self.record.hold(endpoint, location_id)
            if now < until:
                raise OnHoldError(until)
            # A token that is fetched must not grow old in a wait: what follows it has credit.
            wait = 0.0 if self._is_admitted else self.record.bucket.wait(now)
            if wait <= 0:
                self._is_admitted = True
                self.record.bucket.take(now)
                return
            await self._clock.sleep(wait)

    def _note_date(self, date: float | None) -> None:
        # Kept on the monotonic clock: our wall clock may be set between two answers.
        wall = self._clock.wall()
        is_told = date is not None and _SANE_DATES[0] < date < _SANE_DATES[1]
        told = date if date is not None and is_told and abs(date - wall) > _DATE_TOLERANCE else wall
        self._offset = told - self._clock.monotonic()

    def _succeeded(self, endpoint: str, location_id: str) -> None:
        self._count(endpoint, Outcome.SUCCESS)
        self.record.succeeded_at = self._clock.wall()
        self._meter.succeed(self.record.succeeded_at)
        if _PENALTY in self._failing:
            self._log.info("the cloud takes calls again")
        self._failing -= {(endpoint, location_id), (_CREDENTIALS, location_id), _PENALTY}
        if endpoint == "token":
            # The login stands in for the refresh that failed; the next may be far away.
            self._failing.discard(("refresh", ""))
        self._show()

    def _failed(self, endpoint: str, error: CloudError, location_id: str) -> None:
        self._count(endpoint, error.outcome)
        # A 401 may be about one token alone: whoever renews it says when it is more.
        # A refused refresh token is followed by a login, whose outcome counts.
        is_refresh_refused = endpoint == "refresh" and error.status in _REFRESH_REFUSALS
        if isinstance(error, RateLimitedError):
            self._penalise(error)
        elif error.outcome is not Outcome.UNAUTHORIZED and not is_refresh_refused:
            self._failing.add((endpoint, location_id))
        self._show()

    def _penalise(self, error: RateLimitedError) -> None:
        if _PENALTY not in self._failing:
            self._log.warning("the cloud asks for fewer calls: none for a while", reason=str(error))
        self.record.penalty.open(self._clock.monotonic(), error.retry_after, self._rng)
        self._failing.add(_PENALTY)

    def _show(self) -> None:
        # An account that is new is not up yet.
        has_succeeded = self.record.succeeded_at is not None
        self._meter.show(is_up=has_succeeded and not self._is_failing())

    def _standing(self) -> Standing:
        now, bucket = self._clock.monotonic(), self.record.bucket
        until = self.penalised_until()
        next_change = min(bucket.grows_at(now), self.record.penalty.until if until else math.inf)
        return Standing(bucket.tokens(now), until, next_change)

    def _is_failing(self) -> bool:
        """Return whether what is about all of the account fails, or all its locations do."""
        failing_locations = {location for _, location in self._failing if location}
        is_whole = any(not location for _, location in self._failing)
        all_fail = bool(failing_locations) and len(failing_locations) >= self._locations
        return is_whole or all_fail or self._is_refused

    def _count(self, endpoint: str, outcome: Outcome) -> None:
        self._log.debug("a call was made", endpoint=endpoint, outcome=outcome.value)
        self._meter.count(endpoint, outcome.value)
