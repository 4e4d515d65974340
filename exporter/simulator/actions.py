"""What a scenario's step can do to the world and to the clouds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from exporter.simulator.changes import Change
from exporter.simulator.devices import HomelyDevice, WallySensor
from exporter.simulator.faults import Fault
from exporter.simulator.homes import Home
from exporter.simulator.world import World


class Stage(Protocol):
    """What an action may touch: the simulator, seen from a scenario."""

    @property
    def world(self) -> World:
        """Return the world."""
        ...

    def now(self) -> float:
        """Return the wall time."""
        ...

    async def publish(self, changes: Iterable[Change]) -> None:
        """Send changes to whoever listens."""
        ...

    async def inject(self, fault: Fault) -> None:
        """Put a fault in force."""
        ...

    async def drop_sockets(self) -> None:
        """Close every socket."""
        ...

    def clear_faults(self) -> None:
        """Lift every fault."""
        ...


class Action(Protocol):
    """One thing a step does; a world without the device it needs is left alone."""

    async def play(self, stage: Stage) -> None:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class Narrate:
    """Do nothing: the sentence alone matters."""

    async def play(self, stage: Stage) -> None:
        """Leave everything as it is."""


@dataclass(frozen=True, slots=True)
class SetState:
    """Set a state of the first Homely device whose model is in `models`."""

    models: tuple[str, ...]
    feature: str
    state: str
    value: Any
    hold: float = 600.0

    async def play(self, stage: Stage) -> None:
        """Set it, tell the sockets, and hold it against time."""
        found = _homely(stage.world, self.models)
        if found is None:
            return
        change = stage.world.set_state(
            *found, self.feature, self.state, self.value, now=stage.now(), hold=self.hold
        )
        await stage.publish([change])


@dataclass(frozen=True, slots=True)
class WallyLeak:
    """Wet or dry the first Wally water sensor that is in use."""

    wet: bool

    async def play(self, stage: Stage) -> None:
        """Change the sensor and post the callback."""
        sensor = _wally(stage.world)
        if sensor is not None:
            await stage.publish(stage.world.set_leak(sensor, wet=self.wet, now=stage.now()))


@dataclass(frozen=True, slots=True)
class WallyState:
    """Set a reading of the first Wally water sensor that is in use."""

    trait: str
    value: Any
    hold: float = 600.0

    async def play(self, stage: Stage) -> None:
        """Set it; Wally tells nobody, the next poll finds it."""
        sensor = _wally(stage.world)
        if sensor is not None:
            place = next(place for place in stage.world.places if sensor in place.sensors)
            stage.world.set_state(
                place, sensor, "state", self.trait, self.value, now=stage.now(), hold=self.hold
            )


@dataclass(frozen=True, slots=True)
class WallyActivity:
    """Open, acknowledge or resolve an activity of the first Wally water sensor."""

    kind: str
    state: str

    async def play(self, stage: Stage) -> None:
        """Change the activity and post the callback."""
        sensor = _wally(stage.world)
        if sensor is not None:
            change = stage.world.set_activity(sensor, self.kind, self.state, stage.now())
            await stage.publish([change])


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Put the alarm of the home with the most devices into a state."""

    state: str

    async def play(self, stage: Stage) -> None:
        """Set it and tell the sockets."""
        homes = stage.world.homes
        if homes:
            home = max(homes, key=lambda home: len(home.devices))
            await stage.publish([stage.world.set_alarm(home, self.state, stage.now())])


@dataclass(frozen=True, slots=True)
class Break:
    """Put faults in force."""

    faults: tuple[Fault, ...]

    async def play(self, stage: Stage) -> None:
        """Inject each of them."""
        for fault in self.faults:
            await stage.inject(fault)


@dataclass(frozen=True, slots=True)
class Mend:
    """Lift every fault."""

    async def play(self, stage: Stage) -> None:
        """Clear them."""
        stage.clear_faults()


@dataclass(frozen=True, slots=True)
class DropSockets:
    """Close every socket, as a restarting cloud does."""

    async def play(self, stage: Stage) -> None:
        """Close them."""
        await stage.drop_sockets()


@dataclass(frozen=True, slots=True)
class Together:
    """Several actions in one step."""

    actions: tuple[Action, ...]

    async def play(self, stage: Stage) -> None:
        """Play them in order."""
        for action in self.actions:
            await action.play(stage)


def _homely(world: World, models: tuple[str, ...]) -> tuple[Home, HomelyDevice] | None:
    homes = sorted(world.homes, key=lambda home: -len(home.devices))
    found = (
        (home, device)
        for model in models
        for home in homes
        for device in home.devices
        if device.model == model
    )
    return next(found, None)


def _wally(world: World) -> WallySensor | None:
    usable = (
        sensor
        for place in world.places
        for sensor in place.sensors
        if not (sensor.data["suspended"] or sensor.data["offline"])
        and sensor.read("state", "SENSOR") == 0
    )
    return next(usable, None)
