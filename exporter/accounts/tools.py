"""What every account works with: one of each in the process."""

import random
from dataclasses import dataclass

from exporter.accounts.claims import Claims
from exporter.clock import Clock
from exporter.schedule import Planner
from exporter.store import Store
from exporter.tasks import Tasks
from exporter.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Tools:
    """The collaborators that accounts share."""

    clock: Clock
    store: Store
    planner: Planner
    telemetry: Telemetry
    tasks: Tasks
    rng: random.Random
    claims: Claims
