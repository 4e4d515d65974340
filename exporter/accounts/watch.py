"""One location at work: polled in time, followed on its stream where it has one."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from exporter.accounts.early import Early
from exporter.accounts.repeated import Failure, Repeated, Told
from exporter.accounts.tools import Tools
from exporter.config import AccountConfig
from exporter.logs import Log
from exporter.model import Applied, DeviceChange, LocationKey
from exporter.sources.base import Polled, Reason, Source, StreamSource
from exporter.sources.record import CallRecord

#: A stream sends changes only: so long after a poll the next one may fill in what was missed.
_AFTER_CONNECT = 300.0
#: Connects come spread already, in seconds.
_CONNECT_SPREAD = 5.0
#: Losses and changes of the configuration do not: as a part of the interval.
_SPREAD = 0.1
#: A stream that was lost is told of as had again once it has lived so long.
_STEADY = 30.0
_NO_TYPE = "other"
_TOLD = ("polls of the location fail", "polls of the location succeed again")


class WatchStatus(NamedTuple):
    """How a watch fares: what the last poll failed with, why and since when its stream is down.

    `lost_at` is monotonic; each is None where there is nothing to tell.
    """

    failure: Failure | None
    loss: Reason | None
    lost_at: float | None


class Watch:
    """Watches one location; it is the listener of its own stream."""

    def __init__(self, key: LocationKey, source: Source, record: CallRecord, tools: Tools) -> None:
        self._key = key
        self._source = source
        # Looked at once: the check of a protocol is dear, and events are many.
        self._followed = source if isinstance(source, StreamSource) else None
        self._record = record
        self._tools = tools
        self._log = Log("location", vendor=key[0], location_id=key[1])
        name = f"{key[0]}/{source.config.name}/{key[1]}"
        told = Told(self._log, *_TOLD)
        self._polls = Repeated(f"poll/{name}", self._poll, source, tools, told)
        self._polls.on_planned = self._show_next_poll
        self._steady_key = f"steady/{name}"
        self._attempted = float("-inf")
        self._info_of = partial(tools.store.info, key)
        self._early = Early()
        self._is_connected = False
        self._loss: Reason | None = None
        self._lost_at: float | None = None
        self._is_told_up: bool | None = None
        self._stream: asyncio.Task[None] | None = None

    @property
    def is_tried(self) -> bool:
        """Whether the location was polled, well or not, or need not be yet."""
        return self._polls.is_tried

    def status(self) -> WatchStatus:
        """Return how the watch fares, for the page."""
        return WatchStatus(self._polls.failure, self._loss, self._lost_at)

    def start(self) -> None:
        """Poll when it is due, which a restart may know to be later, and follow the stream."""
        endpoint, location_id = self._source.endpoints.poll, self._key[1]
        self._attempted = self._record.last(endpoint, location_id) or self._attempted
        self._polls.begin(self._due())
        self._follow()

    def change(self, before: AccountConfig) -> None:
        """Go on with the source's configuration, which was another one before."""
        config, streaming = self._source.config, self._is_connected
        if config.credentials != before.credentials:
            self._polls.renew(self._due())
            if not streaming:
                self._follow()  # it may sleep for as long as the former were refused
        elif config.poll_every(streaming=streaming) != before.poll_every(streaming=streaming):
            self._polls.move(self._due() + self._tools.rng.uniform(0.0, self._spread()))

    def stop(self) -> None:
        """Poll no more and close the stream."""
        self._polls.stop()
        self._tools.planner.cancel(self._steady_key)
        if self._stream is not None:
            self._stream.cancel()

    # --- polls

    async def _poll(self) -> float:
        self._attempted = self._tools.clock.monotonic()
        polled = await self._source.poll(self._key[1], self._info_of)
        if not self._polls.is_stopped:
            early = self._caught_up(polled)
            self._tools.store.poll(
                self._key, polled.snapshot, polled.began, polled.vendor_now, early
            )
        return self._interval()

    def _interval(self) -> float:
        return self._source.config.poll_every(streaming=self._is_connected)

    def _spread(self) -> float:
        return _SPREAD * self._interval()

    def _due(self) -> float:
        return self._record.due(
            self._source.endpoints.poll,
            self._key[1],
            had=self._tools.store.locations[self._key].polled,
            wait=self._interval(),
            gap=self._source.config.floor,
        )

    def _show_next_poll(self, due: float) -> None:
        clock = self._tools.clock
        due_at = clock.wall() + max(0.0, due - clock.monotonic())
        self._tools.store.set_next_poll(self._key, due_at)

    # --- the stream

    def _follow(self) -> None:
        """Keep the stream up, where there is one, in the place of a task that did so before."""
        if isinstance(self._source, StreamSource):
            self._tools.store.set_stream(self._key, connected=False)
            if self._stream is not None:
                self._stream.cancel()
            follow = self._follow_after(self._stream, self._source)
            self._stream = self._tools.tasks.start(follow, f"stream {self._key[1]}")

    async def _follow_after(self, before: asyncio.Task[None] | None, source: StreamSource) -> None:
        if before is not None:
            # Its farewell must not be taken for that of the next connection.
            await asyncio.wait([before])
        await source.follow(self._key[1], self)

    def connected(self) -> None:
        """Take that the stream is up; what it missed comes with a poll."""
        self._is_connected = True
        self._loss = self._lost_at = None
        self._tools.telemetry.stream_connects.inc()
        self._tools.store.set_stream(self._key, connected=True)
        if self._is_told_up is None:
            self._tell_up()
        elif not self._is_told_up:
            steady = self._tools.clock.monotonic() + _STEADY
            self._tools.planner.at(self._steady_key, steady, self._tell_up)
        self._polls.hasten(self._attempted + _AFTER_CONNECT, _CONNECT_SPREAD)

    def disconnected(self, reason: Reason) -> None:
        """Take that the stream was lost or not had; polls become more frequent."""
        self._tools.telemetry.stream_disconnects.labels(reason.value).inc()
        if self._polls.is_stopped:
            return
        self._loss = reason
        if self._lost_at is None:
            self._lost_at = self._tools.clock.monotonic()
        self._tools.planner.cancel(self._steady_key)
        if self._is_told_up is not False:
            self._log.warning("stream disconnected", reason=reason.value)
            self._is_told_up = False
        if self._is_connected:
            self._is_connected = False
            self._tools.store.set_stream(self._key, connected=False)
            self._polls.hasten(self._attempted + self._interval(), self._spread())

    def _tell_up(self) -> None:
        self._log.info("stream connected")
        self._is_told_up = True

    def event(self, payload: Any) -> None:
        """Take one event of the stream; none can do more harm than to be counted as failed."""
        kind, outcome = _NO_TYPE, Applied.FAILED
        try:
            kind, outcome = self._take(payload)
        except Exception as error:  # noqa: BLE001  # the stream must live on
            self._log.bug("an event could not be read", error)
        self._tools.telemetry.count_event(kind, outcome.value)

    def _take(self, payload: Any) -> tuple[str, Applied]:
        assert self._followed is not None  # noqa: S101  # only such have events
        event = self._followed.event(payload, self._info_of)
        if event is None:
            return _NO_TYPE, Applied.MALFORMED
        if event.location_id not in ("", self._key[1]):
            return event.type, Applied.OTHER_LOCATION
        if event.change is None:
            return event.type, Applied.IGNORED
        applied = self._tools.store.push(self._key, event.change)
        if applied is Applied.UNKNOWN_DEVICE and isinstance(event.change, DeviceChange):
            self._wait_for(event.change.device_id, payload)
        if event.lag is not None and applied is Applied.APPLIED:
            self._tools.telemetry.event_lag.observe(max(0.0, event.lag))
        return event.type, applied

    def _wait_for(self, device_id: str, payload: Any) -> None:
        """Keep an event until a poll shows its device, and let that not be long."""
        if self._early.keep(device_id, payload, self._tools.clock.monotonic()):
            self._polls.hasten(self._attempted + _AFTER_CONNECT, _CONNECT_SPREAD)

    def _caught_up(self, polled: Polled) -> list[tuple[float, DeviceChange]]:
        """Return what was pushed of devices that a poll may be the first to show, as it came."""
        infos = {device.id: device.info for device in polled.snapshot.devices}
        found = []
        for arrived, payload in self._early.take(polled.began):
            try:
                change = self._read(payload, infos)
            except Exception as error:  # noqa: BLE001  # an event must not cost the poll
                self._log.bug("an event could not be read", error)
                continue
            if change is not None:
                found.append((arrived, change))
        return found

    def _read(self, payload: Any, infos: Mapping[str, Mapping[str, str]]) -> DeviceChange | None:
        assert self._followed is not None  # noqa: S101  # only such have events
        event = self._followed.event(payload, infos.get)
        return event.change if event and isinstance(event.change, DeviceChange) else None
