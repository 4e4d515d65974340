"""One location at work: polled in time, followed on its stream where it has one."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exporter.accounts.early import Early
from exporter.accounts.repeated import Repeated, Told
from exporter.accounts.tools import Tools
from exporter.logs import Log
from exporter.model import Applied, DeviceChange, LocationKey
from exporter.sources.base import Reason, Source, StreamSource
from exporter.sources.record import CallRecord

#: A stream sends changes only: so long after a poll the next one may fill in what was missed.
_AFTER_CONNECT = 300.0
#: Connects come spread already, in seconds; losses do not, so here it is a part of the interval.
_CONNECT_SPREAD, _LOSS_SPREAD = 5.0, 0.1
#: A stream that was lost is told of as had again once it has lived so long.
_STEADY = 30.0
_NO_TYPE = "other"
_TOLD = ("polls of the location fail", "polls of the location succeed again")


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
        self._polls = Repeated(f"poll/{name}", self._poll, source.config, tools, told)
        self._polls.on_planned = self._show_next_poll
        self._steady_key = f"steady/{name}"
        self._attempted = float("-inf")
        self._early = Early()
        self._is_connected = False
        self._is_told_up: bool | None = None
        self._stream: asyncio.Task[None] | None = None

    @property
    def is_tried(self) -> bool:
        """Whether the location was polled, well or not, or need not be yet."""
        return self._polls.is_tried

    def start(self) -> None:
        """Poll when it is due, which a restart may know to be later, and follow the stream."""
        endpoint, location_id = self._source.endpoints.poll, self._key[1]
        self._attempted = self._record.last(endpoint, location_id) or self._attempted
        due = self._record.due(
            endpoint,
            location_id,
            had=self._tools.store.locations[self._key].polled,
            wait=self._interval(),
            gap=self._source.config.floor,
        )
        self._polls.begin(due)
        if self._followed is not None:
            self._tools.store.set_stream(self._key, connected=False)
            follow = self._followed.follow(self._key[1], self)
            self._stream = self._tools.tasks.start(follow, f"stream {self._key[1]}")

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
            self._tools.store.poll(self._key, polled.snapshot, polled.began, polled.vendor_now)
            self._catch_up(polled.began)
        return self._interval()

    def _interval(self) -> float:
        return self._source.config.poll_every(streaming=self._is_connected)

    def _show_next_poll(self, due: float) -> None:
        clock = self._tools.clock
        due_at = clock.wall() + max(0.0, due - clock.monotonic())
        self._tools.store.set_next_poll(self._key, due_at)

    # --- the stream

    def connected(self) -> None:
        """Take that the stream is up; what it missed comes with a poll."""
        self._is_connected = True
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
        self._tools.planner.cancel(self._steady_key)
        if self._is_told_up is not False:
            self._log.warning("stream disconnected", reason=reason.value)
            self._is_told_up = False
        if self._is_connected:
            self._is_connected = False
            self._tools.store.set_stream(self._key, connected=False)
            interval = self._interval()
            self._polls.hasten(self._attempted + interval, _LOSS_SPREAD * interval)

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
        self._tools.telemetry.stream_events.labels(kind, outcome.value).inc()

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

    def _catch_up(self, began: float) -> None:
        """Take what was pushed of devices that a poll, sent at `began`, was the first to show."""
        for arrived, payload in self._early.take(began):
            try:
                self._take_late(payload, arrived, began)
            except Exception as error:  # noqa: BLE001  # an event must not cost the poll
                self._log.bug("an event could not be read", error)

    def _take_late(self, payload: Any, arrived: float, began: float) -> None:
        assert self._followed is not None  # noqa: S101  # only such have events
        event = self._followed.event(payload, self._info_of)
        if event is None or not isinstance(event.change, DeviceChange):
            return
        change = event.change
        if arrived <= began:
            # Of what has no time of its own the poll knows better.
            dated = tuple(one for one in change.readings if one[1].updated is not None)
            change = replace(change, readings=dated)
        self._tools.store.push(self._key, change, arrived)

    def _info_of(self, device_id: str) -> Mapping[str, str] | None:
        device = self._tools.store.device(self._key, device_id)
        return device.info if device else None
