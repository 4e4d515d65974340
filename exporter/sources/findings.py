"""What the mappings of one vendor could not use or did not know: bounded, for the telemetry."""

from collections.abc import Callable, Collection, Iterator
from enum import StrEnum

from exporter.logs import Log

VOCABULARY_LIMIT = 50
OTHER = "other"


class Reject(StrEnum):
    """Why a value was not believed: the closed list behind the `reason` label."""

    TYPE = "type"
    NOT_FINITE = "not_finite"
    RANGE = "range"
    TIME = "time"
    FUTURE_TIME = "future_time"
    IDENTITY = "identity"
    DUPLICATE = "duplicate"
    THRESHOLD_UNIT = "threshold_unit"
    BOUND = "bound"


class Vocabulary:
    """Words that a vendor may bring along: the first 50 as they are, then "other"."""

    def __init__(self, known: tuple[str, ...] = (), limit: int = VOCABULARY_LIMIT) -> None:
        self._known = frozenset(known)
        self._limit = limit
        self._learnt: dict[str, None] = {}

    def word(self, raw: str) -> str:
        """Return the word itself while there is room for it, else "other"."""
        if raw in self._known or raw in self._learnt:
            return raw
        if len(self._learnt) >= self._limit:
            return OTHER
        self._learnt[raw] = None
        return raw

    def __len__(self) -> int:
        return len(self._learnt)

    def __iter__(self) -> Iterator[str]:
        return iter(self._learnt)


class Findings:
    """One vendor's rejected values, unmapped states and learnt words, over the process's life."""

    def __init__(
        self, on_reject: Callable[[Reject], None] = lambda _: None, log: Log | None = None
    ) -> None:
        self.reject = on_reject
        self._log = log or Log("mapping")
        self._noticed: set[tuple[str, str]] = set()
        self.unmapped = Vocabulary()
        self.event_types = Vocabulary()
        self.alarm_states = Vocabulary()
        self.activity_kinds = Vocabulary()

    @property
    def notices(self) -> Collection[tuple[str, str]]:
        """What was noticed so far, as (account, sentence)."""
        return sorted(self._noticed)

    def notice(self, account: str, sentence: str) -> None:
        """Tell the person who configured the account something, once for each account."""
        if (account, sentence) not in self._noticed:
            self._noticed.add((account, sentence))
            self._log.warning(sentence, account=account)
