"""What every account works with: one of each in the process."""

import random
from dataclasses import dataclass, field
from typing import Protocol

from exporter.clock import Clock
from exporter.model import LocationKey
from exporter.schedule import Planner
from exporter.store import Store
from exporter.tasks import Tasks
from exporter.telemetry import Telemetry


class Owner(Protocol):
    """An account that may own locations; of two, the one first in the configuration does."""

    order: int
    name: str

    def give_up(self, key: LocationKey, owner: str) -> None:
        """Stop watching a location, as `owner` now does."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """The collaborators that accounts share."""

    clock: Clock
    store: Store
    planner: Planner
    telemetry: Telemetry
    tasks: Tasks
    rng: random.Random
    owners: dict[LocationKey, Owner] = field(default_factory=dict)
