"""How long an account must keep silent after each answer, and how long it may: from the calls seen.

The rules are the document's, not the exporter's code: a 429 or 439 silences the account for at
least two minutes, or ten times what the cloud asked for; refused credentials for five minutes.
Each repeat doubles that up to an hour, and a penalty is lengthened by a tenth at the most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.soak.things import HOUR, MINUTE

_PENALTY, _FACTOR, _JITTER = 120.0, 10.0, 1.1
_REFUSED, _MOST = 300.0, HOUR
#: The longest interval between two polls, and for what else may come before the next call.
_IDLE = {"homely": 1.1 * 20 * MINUTE, "wally": 1.1 * 10 * MINUTE}
_SLACK = MINUTE
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `at` it reached the cloud, `ended` when its answer reached the exporter.

    `usable` is whether the answer was what the cloud meant to say.
    """

    at: float
    ended: float
    path: str
    status: int | None
    retry_after: float | None
    usable: bool

    @property
    def is_login(self) -> bool:
        """Whether it asks for a token with the credentials."""
        return self.path.endswith("/token")

    @property
    def is_token(self) -> bool:
        """Whether it asks for a token in any way."""
        return "/oauth/" in self.path

    @property
    def is_listing(self) -> bool:
        """Whether it asks for the account's locations."""
        return self.path.endswith(("/locations", "/places"))

    @property
    def succeeded(self) -> bool:
        """Whether it brought what was asked for."""
        return self.usable and self.status in _SUCCESS


def patience(account: str, calls: list[Call], end: float) -> Iterator[str]:
    """Tell of calls that came too soon, and of those that never came."""
    penalty, refusal = _Penalty(), _Refusal(is_homely=account.startswith("homely"))
    idle = _IDLE[account.partition("-")[0]]
    before: Call | None = None
    unauthorized = float("-inf")
    for call in [*calls, None]:
        at = end if call is None else call.at
        if before is not None:
            may = before.at + (_MOST if before.at - unauthorized < _MOST else idle)
            latest = max(may, penalty.latest, refusal.until) + _SLACK
            if at > latest:
                yield f"no call for {at - before.at:.0f} s from {before.at:.0f} s on"
        if call is None:
            return
        for name, until in (("a penalty", penalty.until), ("a refusal", refusal.until)):
            if at < until:
                yield f"called at {at:.0f} s, {until - at:.1f} s before the end of {name}"
        penalty.take(call)
        refusal.take(call)
        if call.status == 401:
            unauthorized = call.at
        before = call


class _Penalty:
    """When the penalty ends: `until` at the earliest and `latest`, as its jitter is not seen."""

    def __init__(self) -> None:
        self.until = self.latest = float("-inf")
        self._steps = [0, 0]

    def take(self, call: Call) -> None:
        """Take what an answer means for it."""
        if call.status not in (429, 439):
            return
        # Forgiven after an hour; between the two ends nobody can tell.
        self._steps[0] *= call.ended - self.until <= HOUR
        self._steps[1] *= call.ended - self.latest <= HOUR
        floor = max(_PENALTY, _FACTOR * (call.retry_after or 0.0))
        least, most = (max(floor, min(_MOST, floor * 2**step)) for step in self._steps)
        self.until = max(self.until, call.ended + least)
        self.latest = max(self.latest, call.ended + _JITTER * most)
        self._steps = [step + 1 for step in self._steps]


class _Refusal:
    """Until when the credentials count as refused."""

    def __init__(self, *, is_homely: bool) -> None:
        self.until = float("-inf")
        self._is_homely = is_homely
        self._step = 0
        self._doubted: Call | None = None
        self._is_renewed = False

    def take(self, call: Call) -> None:
        """Take what an answer means for it."""
        if self._refuses(call):
            self.until = call.ended + min(_MOST, _REFUSED * 2**self._step)
            self._step += 1
        elif call.succeeded and not call.is_token:
            self._step = 0

    def _refuses(self, call: Call) -> bool:
        if call.is_token:
            self._is_renewed = call.succeeded
            return call.is_login and call.status in (400, 401, 403)
        repeated = self._is_renewed and self._doubted is not None
        repeated = repeated and self._doubted.path == call.path  # type: ignore[union-attr]
        self._doubted = call if call.status == 401 else None
        self._is_renewed = False
        if not call.is_listing:
            return False
        return call.status == 403 or (call.status == 401 and (repeated or not self._is_homely))
