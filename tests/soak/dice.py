"""Chance that repeats: one generator for each purpose, so that none disturbs another."""

import random


class Dice(random.Random):
    """A generator of its own for one purpose of one run."""

    def __init__(self, seed: int, purpose: str) -> None:
        super().__init__(f"{seed}/{purpose}")

    def hits(self, chance: float) -> bool:
        """Return True with this probability."""
        return self.random() < chance

    def after(self, mean: float) -> float:
        """Return a wait that is exponentially distributed, as rare things are."""
        return self.expovariate(1 / mean)
