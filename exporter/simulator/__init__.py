"""Both clouds as real servers on loopback: for the demo, the tests and the benchmarks."""

from exporter.simulator.callbacks import Delivery
from exporter.simulator.calls import Call
from exporter.simulator.changes import AlarmChange, Change, DeviceChange
from exporter.simulator.faults import Fault
from exporter.simulator.homes import EventForm
from exporter.simulator.people import PRIVATE_MARKERS
from exporter.simulator.recorded import Recorded
from exporter.simulator.scenarios import SCENARIOS, Scenario, Step
from exporter.simulator.server import Simulator
from exporter.simulator.world import World
from exporter.simulator.worlds import demo_world, fleet_world, small_world

__all__ = [
    "PRIVATE_MARKERS",
    "SCENARIOS",
    "AlarmChange",
    "Call",
    "Change",
    "Delivery",
    "DeviceChange",
    "EventForm",
    "Fault",
    "Recorded",
    "Scenario",
    "Simulator",
    "Step",
    "World",
    "demo_world",
    "fleet_world",
    "small_world",
]
