"""When something of an owner's samples grows too old: each owner's next moment, the first first."""

import heapq

from exporter.series import Owner


class Deadlines:
    """Moments (monotonic seconds) to look at owners again; each owner waits for one at a time."""

    __slots__ = ("_moments", "_queue")

    def __init__(self) -> None:
        self._queue: list[tuple[float, Owner]] = []
        self._moments: dict[Owner, float] = {}

    def add(self, owner: Owner, moment: float) -> None:
        """Let the owner be looked at by then; a later moment than it waits for is no news."""
        if moment < self._moments.get(owner, float("inf")):
            self._moments[owner] = moment
            heapq.heappush(self._queue, (moment, owner))

    def pop(self, now: float) -> Owner | None:
        """Return an owner whose moment has come, which then waits no more; None for none."""
        while self._queue and self._queue[0][0] <= now:
            moment, owner = heapq.heappop(self._queue)
            if self._moments.get(owner) == moment:
                del self._moments[owner]
                return owner
        return None

    def forget(self, owner: Owner) -> None:
        """Let the owner wait no more."""
        self._moments.pop(owner, None)
