"""Repeatable randomness: a number that depends on a key and a slot of time alone."""

_MASK = (1 << 64) - 1


def noise(key: int, slot: int) -> float:
    """Return a number in [0, 1) that is the same for the same key and slot."""
    mixed = (key + (slot + 1) * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return (mixed ^ (mixed >> 31)) / 2**64


def drift(key: int, moment: float, span: float) -> float:
    """Return a smooth wander in [-1, 1] that turns about every `span` seconds."""
    slot, inside = divmod(moment, span)
    weight = inside / span
    weight = weight * weight * (3 - 2 * weight)
    start, end = noise(key, int(slot)), noise(key, int(slot) + 1)
    return 2 * (start + (end - start) * weight) - 1
