"""The vendor's own alerts about one device: each identity once, never going backwards."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.model import ACTIVITY_LIMIT, OMISSIONS, Activity, ActivityState

ACTIVITY_LIFE = 7 * 86400.0
#: A baseline before everything: whatever is new is counted, dated or not.
NONE = float("-inf")
_Identity = tuple[str, str]


@dataclass(slots=True)
class Entry:
    """What is known of one activity: when it was last heard of, and when by a callback."""

    activity: Activity
    touched: float
    pushed: float | None = None
    omitted: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether polls no longer list it."""
        return self.omitted >= OMISSIONS

    @property
    def is_ongoing(self) -> bool:
        """Whether it is open or acknowledged."""
        return not self.is_gone and self.activity.state is not ActivityState.RESOLVED


class Ledger:
    """Activities by identity (kind, created); times are monotonic seconds."""

    __slots__ = ("counts", "entries", "kinds")

    def __init__(self) -> None:
        self.entries: dict[_Identity, Entry] = {}
        self.counts: Counter[str] = Counter()
        self.kinds: dict[str, None] = {}

    def state(self, activity: Activity) -> ActivityState | None:
        """Return how far the activity of this identity has come, None for an unknown one."""
        entry = self.entries.get((activity.kind, activity.created))
        return entry.activity.state if entry else None

    def was_told(self, activity: Activity) -> bool:
        """Return whether a callback has told as much of this identity before."""
        entry = self.entries.get((activity.kind, activity.created))
        if entry is None or entry.pushed is None:
            return False
        return not activity.state.is_beyond(entry.activity.state)

    def remember(self, entry: Entry) -> None:
        """Take up what was known before a restart; it is not counted again."""
        self.entries[entry.activity.kind, entry.activity.created] = entry
        self.kinds.setdefault(entry.activity.kind)

    def push(self, activity: Activity, now: float) -> bool:
        """Take an activity from a callback; return whether its identity is new."""
        if (activity.kind, activity.created) not in self.entries:
            self._make_room(1, set())
        is_new = self._take(activity, now)
        entry = self.entries[activity.kind, activity.created]
        entry.pushed = now
        if is_new:
            self.counts[activity.kind] += 1
        return is_new

    def poll(self, listed: tuple[Activity, ...], began: float, now: float, baseline: float) -> None:
        """Take a poll's whole list; what a callback said since `began` is not undone by it.

        What was created up to `baseline` (the vendor's time), or without a time then, is not
        counted: a device that is seen for the first time brings its history along.
        """
        newest = sorted(listed, key=lambda one: one.created_at or 0.0)[-ACTIVITY_LIMIT:]
        identities = {(activity.kind, activity.created) for activity in newest}
        self._make_room(len(identities - self.entries.keys()), identities)
        for activity in newest:
            created = baseline if activity.created_at is None else activity.created_at
            if self._take(activity, now, began) and (created > baseline or baseline == NONE):
                self.counts[activity.kind] += 1
        for identity, entry in self.entries.items():
            if identity not in identities and not _pushed_since(entry, began):
                entry.omitted = min(entry.omitted + 1, OMISSIONS)
        self._forget(now)

    def ongoing(self) -> Iterator[tuple[str, ActivityState, int]]:
        """Yield how many activities of each kind seen are open and how many acknowledged."""
        tally = Counter(
            (entry.activity.kind, entry.activity.state)
            for entry in self.entries.values()
            if entry.is_ongoing
        )
        for kind in self.kinds:
            for state in (ActivityState.OPEN, ActivityState.ACKNOWLEDGED):
                yield kind, state, tally[kind, state]

    def has_pushed_leak(self) -> bool:
        """Return whether a leak that a callback told of still goes on."""
        return any(
            entry.activity.is_leak and entry.is_ongoing and entry.pushed is not None
            for entry in self.entries.values()
        )

    def _take(self, activity: Activity, now: float, began: float | None = None) -> bool:
        identity = (activity.kind, activity.created)
        self.kinds.setdefault(activity.kind)
        entry = self.entries.get(identity)
        if entry is None:
            self.entries[identity] = Entry(activity, now)
            return True
        entry.touched = now
        if began is not None and _pushed_since(entry, began):
            return False
        advances = activity.state.is_beyond(entry.activity.state)
        if advances:
            entry.activity = activity
        if advances or began is not None:
            entry.omitted = 0
        return False

    def _make_room(self, wanted: int, listed: set[_Identity]) -> None:
        """Forget the ended and the oldest first, and nothing that the poll at hand lists."""
        surplus = len(self.entries) + wanted - ACTIVITY_LIMIT
        if surplus > 0:
            entries = self.entries
            others = [identity for identity in entries if identity not in listed]
            others.sort(key=lambda key: (entries[key].is_ongoing, entries[key].touched))
            for identity in others[:surplus]:
                del entries[identity]

    def _forget(self, now: float) -> None:
        for identity, entry in list(self.entries.items()):
            if not entry.is_ongoing and now - entry.touched > ACTIVITY_LIFE:
                del self.entries[identity]


def _pushed_since(entry: Entry, began: float) -> bool:
    return entry.pushed is not None and entry.pushed > began
