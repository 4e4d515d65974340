"""The one way from an account to its cloud: one call at a time, within a budget."""

import asyncio
import random
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from requests.auth import AuthBase

from exporter.budget import Bucket, Penalty
from exporter.clock import Clock
from exporter.config import AccountConfig
from exporter.errors import AuthError, CloudError, OnHoldError, Outcome, RateLimitedError
from exporter.logs import Log
from exporter.rest import Transport
from exporter.telemetry import Telemetry

_BURST, _BURST_PER_LOCATION = 10.0, 2.0
_HEADROOM = 2.0
_AUTH_RETRY, _AUTH_RETRY_CAP = 300.0, 3600.0
# The Date header is cut to seconds: below this it says nothing that our own clock does not.
_DATE_TOLERANCE = 2.0
#: These are about one location or one token, not about the account.
_PARTIAL = frozenset({Outcome.FORBIDDEN, Outcome.NOT_FOUND, Outcome.UNAUTHORIZED})


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable answer; `began` is monotonic, `vendor_now` the cloud's time of the answer."""

    body: Any
    began: float
    vendor_now: float


class Gate:
    """Lets the calls of one account through; hold it (`async with`) for a sequence of calls."""

    def __init__(
        self,
        config: AccountConfig,
        *,
        transport: Transport,
        pool: Executor,
        clock: Clock,
        telemetry: Telemetry,
        rng: random.Random,
    ) -> None:
        self._transport = transport
        self._pool = pool
        self._clock = clock
        self._rng = rng
        self._config = config
        self._lock = asyncio.Lock()
        rate = _HEADROOM * config.calls_per_second(0)
        self._bucket = Bucket(_BURST, rate, _BURST, clock.monotonic())
        self._penalty = Penalty()
        self._refused = 0
        self._refused_until = 0.0
        self._skew = 0.0
        self._state: Outcome | None = None
        self._log = Log("account", vendor=config.vendor, account=config.name)
        self._observe(telemetry)

    def _observe(self, telemetry: Telemetry) -> None:
        labels = (self._config.vendor, self._config.name)
        self._requests = telemetry.requests
        self._duration = telemetry.request_duration
        self._up = telemetry.account_up.labels(*labels)
        self._last_success = telemetry.account_last_success.labels(*labels)
        self._auth_failures = telemetry.auth_failures.labels(*labels)
        budget = telemetry.budget_tokens.labels(*labels)
        budget.set_function(lambda: self._bucket.tokens(self._clock.monotonic()))
        telemetry.rate_limited_until.labels(*labels).set_function(self.penalised_until)

    async def __aenter__(self) -> Self:
        await self._lock.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def expect(self, locations: int) -> None:
        """Size the budget for this many locations."""
        self._bucket.resize(
            _BURST + _BURST_PER_LOCATION * locations,
            _HEADROOM * self._config.calls_per_second(locations),
            self._clock.monotonic(),
        )

    async def call(
        self,
        endpoint: str,
        method: str,
        path: str,
        *,
        auth: AuthBase | None = None,
        body: Any = None,
    ) -> Reply:
        """Make one call; raises OnHoldError where none may be made, CloudError where it fails."""
        await self._admission()
        began = self._clock.monotonic()
        url = self._config.base_url + path
        loop = asyncio.get_running_loop()
        try:
            with self._duration.labels(self._config.vendor, endpoint).time():
                answer = await loop.run_in_executor(
                    self._pool, lambda: self._transport.exchange(method, url, auth=auth, body=body)
                )
        except CloudError as error:
            self._failed(endpoint, error)
            raise
        self._succeeded(endpoint, answer.date)
        return Reply(answer.body, began, self.vendor_now())

    def refuse(self, error: CloudError) -> AuthError:
        """Take that the cloud refuses the credentials for good; return what to raise."""
        wait = min(_AUTH_RETRY * 2.0**self._refused, _AUTH_RETRY_CAP)
        self._refused_until = self._clock.monotonic() + wait
        self._refused = min(self._refused + 1, 16)
        self._auth_failures.inc()
        self._up.set(0)
        if self._refused == 1:
            self._log.error(
                "the cloud refuses the account's credentials: check them in exporter.yml",
                status=error.status,
            )
        self._state = Outcome.UNAUTHORIZED
        return AuthError(error.outcome, error.status)

    def accept(self) -> None:
        """Take that the cloud accepts the credentials."""
        self._refused = 0

    def penalised_until(self) -> float:
        """Return when the penalty ends as wall time, 0 when there is none."""
        now = self._clock.monotonic()
        if not self._penalty.is_on(now):
            return 0.0
        return self._clock.wall() + self._penalty.until - now

    def vendor_now(self) -> float:
        """Return the time by the cloud's own clock, as far as its answers told it."""
        return self._clock.wall() + self._skew

    def close(self) -> None:
        """Cut a call that is under way and free the connections."""
        self._transport.abort()
        self._transport.close()

    async def _admission(self) -> None:
        while True:
            now = self._clock.monotonic()
            until = max(self._penalty.until, self._refused_until)
            if now < until:
                raise OnHoldError(until)
            wait = self._bucket.wait(now)
            if wait <= 0:
                self._bucket.take(now)
                return
            await self._clock.sleep(wait)

    def _succeeded(self, endpoint: str, date: float | None) -> None:
        self._count(endpoint, Outcome.SUCCESS)
        if date is not None:
            skew = date - self._clock.wall()
            self._skew = skew if abs(skew) > _DATE_TOLERANCE else 0.0
        self._up.set(1)
        self._last_success.set(self._clock.wall())
        if self._state not in (None, Outcome.SUCCESS):
            self._log.info("the cloud answers again")
        self._state = Outcome.SUCCESS

    def _failed(self, endpoint: str, error: CloudError) -> None:
        self._count(endpoint, error.outcome)
        if isinstance(error, RateLimitedError):
            self._penalty.open(self._clock.monotonic(), error.retry_after, self._rng)
        if error.outcome in _PARTIAL:
            return
        self._up.set(0)
        if error.outcome is not self._state:
            self._log.warning("calls to the cloud fail", endpoint=endpoint, reason=str(error))
        self._state = error.outcome

    def _count(self, endpoint: str, outcome: Outcome) -> None:
        self._requests.labels(self._config.vendor, self._config.name, endpoint, outcome.value).inc()
