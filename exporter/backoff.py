"""How long to wait after a failure, the more the more there were; seconds."""

import random

_MOST_DOUBLINGS = 16
_REFUSED, _REFUSED_CAP = 300.0, 3600.0


def doubled(base: float, times: int, cap: float) -> float:
    """Return the base doubled so many times, up to the cap."""
    return min(cap, base * 2.0 ** min(times, _MOST_DOUBLINGS))


def full_jitter(attempt: int, base: float, cap: float, rng: random.Random) -> float:
    """Return the wait before retry number `attempt` (from 0): anything up to base doubled."""
    return rng.uniform(0.0, doubled(base, attempt, cap))


def after_refusal(attempt: int) -> float:
    """Return the wait after credentials were refused (from 0): slow, and slower each time."""
    return doubled(_REFUSED, attempt, _REFUSED_CAP)
