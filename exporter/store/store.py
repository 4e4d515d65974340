"""What is known now of every location, and how polls and pushes change it.

Only the event loop calls the store, so there are no locks. Every change is published at once:
the samples of the device or the location it touched, and of nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from exporter.catalog import readings
from exporter.clock import Clock
from exporter.model import (
    OMISSIONS,
    ActivityChange,
    AlarmChange,
    Applied,
    Change,
    DeviceChange,
    LocationKey,
    LocationRef,
    Snapshot,
)
from exporter.series import Owner, Page
from exporter.store import devices
from exporter.store.activities import NONE
from exporter.store.allowance import Allowance
from exporter.store.deadlines import Deadlines
from exporter.store.freshness import DeviceView, is_up
from exporter.store.held import NEVER, HeldDevice, HeldLocation, Policy
from exporter.store.moment import Moment
from exporter.store.pending import Pending
from exporter.store.samples import (
    PUSHED,
    device_base,
    device_samples,
    location_base,
    location_samples,
    location_times,
    push_samples,
)

DEVICE_LIMIT = 500
_CLOCK_STEP = 1.0
_EXPIRED_AT_ONCE = 50

#: A pushed change of a device that no poll had shown, and when it arrived (monotonic).
Early = tuple[float, DeviceChange]


class Store:
    """The one owner of the homes' state."""

    def __init__(
        self, clock: Clock, page: Page, on_dropped: Callable[[int], None] = lambda _: None
    ) -> None:
        self._clock = clock
        self._page = page
        self._on_dropped = on_dropped
        self.locations: dict[LocationKey, HeldLocation] = {}
        self._allowances: dict[LocationKey, Allowance] = {}
        self._deadlines = Deadlines()
        self._pending = Pending()
        self._ahead = clock.wall() - clock.monotonic()

    # --- which locations there are

    def add(self, key: LocationKey, account: str, policy: Policy) -> HeldLocation:
        """Begin to hold a location that an account lists."""
        location = HeldLocation(key, account, policy)
        location.offset = self._clock.wall() - self._clock.monotonic()
        self._hold(location)
        return location

    def remember(self, location: HeldLocation) -> None:
        """Hold a location as it was before a restart, and serve what the two clocks allow of it."""
        self._hold(location)
        self._publish_location(location)
        self._publish_devices(location)

    def _hold(self, location: HeldLocation) -> None:
        self.locations[location.key] = location
        self._allowances[location.key] = Allowance()

    def describe(self, key: LocationKey, ref: LocationRef) -> None:
        """Take what the account's listing says of the location."""
        location = self.locations[key]
        renamed = ref.name not in ("", location.name)
        is_same = not renamed and ref.suspended == location.suspended
        if is_same and location.polled > NEVER:
            return  # of thousands that are listed each time, nothing is to be published
        location.generation += 1
        location.name = ref.name or location.name
        location.suspended = ref.suspended
        self._publish_location(location)
        if renamed:
            self._publish_devices(location)

    def entrust(self, key: LocationKey, account: str, policy: Policy) -> None:
        """Let an account go on with what is held of a location, by its own policy."""
        location = self.locations[key]
        location.generation += 1
        location.account, location.policy = account, policy
        self._publish_location(location)
        self._publish_devices(location)

    def leave(self, key: LocationKey) -> None:
        """Take that for now nobody reads the location, of which all is kept."""
        location = self.locations[key]
        location.next_poll_at = location.stream_connected = None
        self._publish_location(location)

    def remove(self, key: LocationKey) -> None:
        """Forget a location, its devices and their counters."""
        location = self.locations.pop(key)
        for device_id in list(location.devices):
            self._drop_device(location, device_id)
        del self._allowances[key]
        self._withdraw(location.key)

    # --- what is said about them

    def poll(
        self,
        key: LocationKey,
        snapshot: Snapshot,
        began: float,
        vendor_now: float,
        early: Sequence[Early] = (),
    ) -> None:
        """Take a whole answer, asked for at `began` (monotonic) and given at `vendor_now`.

        What came `early` is taken before it of the devices that it is the first to show.
        """
        location = self.locations[key]
        now = Moment(self._clock.monotonic(), vendor_now)
        # What began before a device was first looked at is its history, and not counted.
        before = location.polled + location.offset if location.polled > NEVER else float("inf")
        location.generation += 1
        location.is_remembered = False
        location.polled, location.polled_at = now.monotonic, self._clock.wall()
        location.offset = now.vendor - now.monotonic
        location.name = snapshot.name or location.name
        location.gateway_serial = snapshot.gateway_serial
        if snapshot.expected_devices is not None:
            location.expected_devices = snapshot.expected_devices
        if snapshot.suspended is not None:
            location.suspended = snapshot.suspended
        location.alarm.know(snapshot.alarm_states)
        if snapshot.alarm_state is not None and location.alarm.pushed <= began:
            location.alarm.become(snapshot.alarm_state)
        self._poll_devices(location, snapshot, began, now, before, early)
        self._publish_location(location)
        self._publish_devices(location)

    def push(self, key: LocationKey, change: Change) -> Applied:
        """Take a change as it arrives."""
        location = self.locations.get(key)
        if location is None:
            return Applied.UNKNOWN_LOCATION
        now = self._clock.monotonic()
        if isinstance(change, AlarmChange):
            is_change = location.alarm.push(change.state, change.updated, now)
            applied = Applied.APPLIED if is_change else Applied.DUPLICATE
        else:
            device = location.devices.get(change.device_id)
            if device is None:
                return Applied.UNKNOWN_DEVICE
            applied = self._push_device(location, device, change, now)
            self._publish_push(location, device, change)
        location.generation += 1
        location.pushed_at = self._clock.wall()
        # Events are many, and of the location itself most of them move nothing else.
        times = (readings.LOCATION_UPDATED,), location_times(location)
        if isinstance(change, AlarmChange) or not self._page.refresh(location.key, *times):
            self._publish_location(location)
        return applied

    def push_activity(
        self, account: tuple[str, str], keys: Iterable[LocationKey], change: ActivityChange
    ) -> Applied:
        """Take a callback to an account, which does not say at which of its locations it is."""
        for key in keys:
            if self.device(key, change.device_id) is not None:
                return self.push(key, change)
        now = self._clock.monotonic()
        is_kept = self._pending.keep(account, change.device_id, change.activity, now)
        return Applied.UNKNOWN_DEVICE if is_kept else Applied.DROPPED

    def forget_account(self, account: tuple[str, str]) -> None:
        """Forget what waits for sensors of an account (vendor, name) that is no more."""
        self._pending.forget(account)

    def set_stream(self, key: LocationKey, *, connected: bool) -> None:
        """Take whether the location's socket is connected."""
        self.locations[key].stream_connected = connected
        self._publish_location(self.locations[key])

    def set_next_poll(self, key: LocationKey, wall: float) -> None:
        """Take when the location is polled next (wall time)."""
        self.locations[key].next_poll_at = wall
        self._publish_location(self.locations[key])

    def is_up(self, key: LocationKey) -> bool:
        """Return whether the location's last successful poll is young enough."""
        return is_up(self.locations[key], self._clock.monotonic())

    def device(self, key: LocationKey, device_id: str) -> HeldDevice | None:
        """Return what is held of a device, if it is known."""
        location = self.locations.get(key)
        return location.devices.get(device_id) if location else None

    def info(self, key: LocationKey, device_id: str) -> Mapping[str, str] | None:
        """Return what was said of a device, None where it is not known."""
        device = self.device(key, device_id)
        return device.info if device else None

    # --- time

    def expire(self) -> bool:
        """Publish again what has grown too old since the last call; return whether more has.

        Thousands may at once, after a cloud has failed: a call takes a few milliseconds.
        """
        self._watch_wall_clock()
        now = self._clock.monotonic()
        for _ in range(_EXPIRED_AT_ONCE):
            owner = self._deadlines.pop(now)
            if owner is None:
                return False
            self._republish(owner)
        return True

    def _watch_wall_clock(self) -> None:
        """Grow what is remembered older when the wall clock is set forward.

        A machine without a clock of its own starts in the past, and learns the time later: only
        then is it known for how long it was off.
        """
        ahead = self._clock.wall() - self._clock.monotonic()
        step, self._ahead = ahead - self._ahead, ahead
        if step > _CLOCK_STEP:
            for location in self.locations.values():
                if location.is_remembered:
                    location.grow_older(step)
                    self._publish_location(location)
                    self._publish_devices(location)

    def _republish(self, owner: Owner) -> None:
        location = self.locations[owner[0], owner[1]]
        if owner == location.key:
            self._publish_location(location)
        else:
            self._publish_device(location, location.devices[owner[2]])

    # --- devices

    def _poll_devices(
        self,
        location: HeldLocation,
        snapshot: Snapshot,
        began: float,
        now: Moment,
        before: float,
        early: Sequence[Early],
    ) -> None:
        turned_away = 0
        for device in snapshot.devices:
            held = location.devices.get(device.id)
            if held is None and len(location.devices) >= DEVICE_LIMIT:
                turned_away += len(device.readings)
                continue
            baseline = NONE
            if held is None:
                held = location.devices[device.id] = HeldDevice(device.id)
                self._catch_up(location, held, early)
                baseline = before
            devices.poll(held, device, began, now, baseline)
        self._on_dropped(max(0, turned_away - location.turned_away))
        location.turned_away = turned_away
        listed = {device.id for device in snapshot.devices}
        for device_id in [known for known in location.devices if known not in listed]:
            held = location.devices[device_id]
            held.omitted += 1
            if held.omitted >= OMISSIONS:
                self._drop_device(location, device_id)

    def _catch_up(self, location: HeldLocation, device: HeldDevice, early: Sequence[Early]) -> None:
        for arrived, change in early:
            if change.device_id == device.id:
                self._push_device(location, device, change, arrived)
        for arrived, activity in self._pending.take((location.key[0], location.account), device.id):
            moment = Moment(arrived, arrived + location.offset)
            devices.push_activity(device, activity, moment, location.alive_after(moment))

    def _push_device(
        self,
        location: HeldLocation,
        device: HeldDevice,
        change: DeviceChange | ActivityChange,
        now: float,
    ) -> Applied:
        moment = Moment(now, now + location.offset)
        alive_after = location.alive_after(moment)
        if isinstance(change, ActivityChange):
            return devices.push_activity(device, change.activity, moment, alive_after)
        return devices.push(device, change, moment, alive_after)

    def _drop_device(self, location: HeldLocation, device_id: str) -> None:
        del location.devices[device_id]
        self._allowances[location.key].release(device_id)
        self._withdraw((*location.key, device_id))

    # --- publishing

    def _publish_devices(self, location: HeldLocation) -> None:
        for device in location.devices.values():
            self._publish_device(location, device)

    def _publish_push(
        self, location: HeldLocation, device: HeldDevice, change: DeviceChange | ActivityChange
    ) -> None:
        """Publish what a push has changed: of its own metrics alone, where that is all."""
        now = self._clock.monotonic()
        view = DeviceView(location, device, now)
        if (
            isinstance(change, DeviceChange)
            and view.is_served is device.is_served
            and now < device.served_until
        ):
            owner = (*location.key, device.id)
            metrics = PUSHED.union([reading.metric for _, reading in change.readings])
            if self._page.refresh(owner, metrics, push_samples(device, view, metrics)):
                self._note_served(owner, device, view)
                return
        self._publish_device(location, device)

    def _note_served(self, owner: Owner, device: HeldDevice, view: DeviceView) -> None:
        device.is_served, device.served_until = view.is_served, view.deadline()
        self._deadlines.add(owner, device.served_until)

    def _publish_device(self, location: HeldLocation, device: HeldDevice) -> None:
        view = DeviceView(location, device, self._clock.monotonic())
        owner = (*location.key, device.id)
        found = device_samples(device, view)
        samples, dropped = self._allowances[location.key].cut(device.id, found)
        self._on_dropped(dropped)
        self._page.put(owner, device_base(location, device), samples)
        self._note_served(owner, device, view)

    def _publish_location(self, location: HeldLocation) -> None:
        now = self._clock.monotonic()
        samples = location_samples(location, now)
        self._allowances[location.key].reserve(len(samples))
        self._page.put(location.key, location_base(location), samples)
        ends = [
            moment + location.policy.stale_after
            for moment in (location.polled, location.alarm.pushed)
        ]
        deadline = min((end for end in ends if end > now), default=float("inf"))
        self._deadlines.add(location.key, deadline)

    def _withdraw(self, owner: Owner) -> None:
        self._deadlines.forget(owner)
        self._page.drop(owner)
