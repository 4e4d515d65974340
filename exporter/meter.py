"""The own metrics of one account: published as the readings are, as there may be thousands."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import floor
from typing import NamedTuple

from exporter.catalog import own
from exporter.series import Page, Sample

#: What is left of a token after it was spent in floating point.
_ROUNDING = 1e-6
#: The end of a penalty is computed from two clocks, so it trembles.
_TREMBLE = 1.0


class Standing(NamedTuple):
    """What of an account changes by itself: calls in its budget, and when its penalty ends.

    `penalised_until` is wall time, 0 where there is no penalty; `next_change` is monotonic.
    """

    tokens: float
    penalised_until: float
    next_change: float


class Meter:
    """Counts what one account does; what stands still costs nothing."""

    def __init__(
        self,
        page: Page,
        account: tuple[str, str],
        standing: Callable[[], Standing],
        restless: "dict[Meter, float]",
    ) -> None:
        self._page = page
        self._account = account
        self._standing = standing
        self._restless = restless
        self._is_closed = self._is_up = False
        self._last_success: float | None = None
        self._tokens, self._penalised_until = 0, 0.0
        self._auth_failures = 0
        self._requests: Counter[tuple[str, str]] = Counter()

    @property
    def calls(self) -> dict[str, int]:
        """How many calls were made, by endpoint."""
        calls: Counter[str] = Counter()
        for (endpoint, _), count in self._requests.items():
            calls[endpoint] += count
        return dict(calls)

    def count(self, endpoint: str, outcome: str) -> None:
        """Count a call; it is shown with what follows from it."""
        self._requests[endpoint, outcome] += 1

    def refuse(self) -> None:
        """Count credentials that the cloud refused."""
        self._auth_failures += 1

    def succeed(self, at: float) -> None:
        """Take when a call last succeeded (wall time)."""
        self._last_success = at

    def show(self, *, is_up: bool) -> None:
        """Publish all of it."""
        self._is_up = is_up
        self._look()
        self._publish()

    def look(self) -> None:
        """Publish again if something has changed by itself."""
        if self._look():
            self._publish()

    def close(self) -> None:
        """Show nothing any more, whatever ends late: another account may have the name."""
        self._is_closed = True
        self._restless.pop(self, None)
        self._page.drop(("", *self._account))

    def _look(self) -> bool:
        if self._is_closed:
            return False
        standing = self._standing()
        self._restless[self] = standing.next_change
        before = self._tokens, self._penalised_until
        self._tokens = max(0, floor(standing.tokens + _ROUNDING))
        if abs(standing.penalised_until - self._penalised_until) > _TREMBLE:
            self._penalised_until = standing.penalised_until
        return before != (self._tokens, self._penalised_until)

    def _publish(self) -> None:
        if not self._is_closed:
            self._page.put(("", *self._account), self._account, list(self._samples()))

    def _samples(self) -> Iterator[Sample]:
        yield Sample(own.ACCOUNT_UP, (), float(self._is_up))
        if self._last_success is not None:
            yield Sample(own.ACCOUNT_LAST_SUCCESS, (), self._last_success)
        for (endpoint, outcome), count in self._requests.items():
            yield Sample(own.REQUESTS, (endpoint, outcome), float(count))
        yield Sample(own.RATE_LIMITED_UNTIL, (), self._penalised_until)
        yield Sample(own.BUDGET_TOKENS, (), float(self._tokens))
        yield Sample(own.AUTH_FAILURES, (), float(self._auth_failures))
