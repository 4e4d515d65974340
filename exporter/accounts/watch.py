"""One location at work: polled in time, followed on its stream where it has one."""

import asyncio
from typing import Any

from exporter.accounts.cadence import Cadence
from exporter.accounts.tools import Tools
from exporter.errors import CloudError, OnHoldError
from exporter.logs import Log
from exporter.model import Applied, LocationKey
from exporter.sources.base import Reason, Source, StreamSource
from exporter.sources.record import CallRecord

#: A stream sends changes only: so long after a poll the next one may fill in what was missed.
_AFTER_CONNECT = 300.0
_NO_TYPE = "other"


class Watch:
    """Watches one location; it is the listener of its own stream."""

    def __init__(self, key: LocationKey, source: Source, record: CallRecord, tools: Tools) -> None:
        self._key = key
        self._source = source
        self._record = record
        self._tools = tools
        self._cadence = Cadence(source.config, tools.rng)
        self._plan_key = f"poll/{key[0]}/{source.config.name}/{key[1]}"
        self._log = Log("location", vendor=key[0], location_id=key[1])
        self._attempted = float("-inf")
        self._is_connected = False
        self._is_failing = False
        self._is_stopped = False
        self._stream: asyncio.Task[None] | None = None
        self._poll_task: asyncio.Task[None] | None = None
        self.is_tried = False

    def start(self) -> None:
        """Poll when it is due, which a restart may know to be later, and follow the stream."""
        endpoint, location_id = self._source.endpoints.poll, self._key[1]
        self._attempted = self._record.last(endpoint, location_id) or float("-inf")
        due = self._record.due(
            endpoint,
            location_id,
            had=self._tools.store.locations[self._key].polled,
            wait=self._interval(),
            gap=self._source.config.floor,
        )
        self.is_tried = due > self._tools.clock.monotonic()
        self._plan(due)
        if isinstance(self._source, StreamSource):
            self._tools.store.set_stream(self._key, connected=False)
            follow = self._source.follow(self._key[1], self)
            self._stream = self._tools.tasks.start(follow, f"stream {self._key[1]}")

    def stop(self) -> None:
        """Poll no more and close the stream."""
        self._is_stopped = True
        self._tools.planner.cancel(self._plan_key)
        for task in (self._stream, self._poll_task):
            if task is not None:
                task.cancel()

    # --- polls

    def _begin_poll(self) -> None:
        self._poll_task = self._tools.tasks.start(self._poll(), f"poll {self._key[1]}")

    async def _poll(self) -> None:
        clock = self._tools.clock
        due = clock.monotonic() + self._interval()
        try:
            due = await self._poll_once()
        except OnHoldError as hold:
            due = hold.until
        except CloudError as error:
            self._failed(str(error))
            due = clock.monotonic() + self._cadence.after_failure(error)
        except Exception as error:  # noqa: BLE001  # a bug must not end the polls
            self._log.bug("a poll could not be taken", error)
            due = clock.monotonic() + self._cadence.after_failure(error)
        finally:
            self.is_tried = True
            if not self._is_stopped:
                self._plan(due)

    async def _poll_once(self) -> float:
        """Poll and return when the next is due."""
        self._attempted = self._tools.clock.monotonic()
        polled = await self._source.poll(self._key[1])
        if not self._is_stopped:
            self._tools.store.poll(self._key, polled.snapshot, polled.began, polled.vendor_now)
        if self._is_failing:
            self._log.info("polls of the location succeed again")
        self._is_failing = False
        wait = self._cadence.after_success(self._interval())
        return self._tools.clock.monotonic() + wait

    def _failed(self, reason: str) -> None:
        if not self._is_failing:
            self._log.warning("polls of the location fail", reason=reason)
        self._is_failing = True

    def _interval(self) -> float:
        return self._source.config.poll_every(streaming=self._is_connected)

    def _plan(self, due: float) -> None:
        clock = self._tools.clock
        self._tools.planner.at(self._plan_key, due, self._begin_poll)
        due_at = clock.wall() + max(0.0, due - clock.monotonic())
        self._tools.store.set_next_poll(self._key, due_at)

    def _bring_forward(self, due: float) -> None:
        planned = self._tools.planner.due(self._plan_key)
        if planned is not None and due < planned and not self._cadence.failures:
            # All sockets of a login may be lost or had in one moment.
            soon = max(due, self._tools.clock.monotonic())
            self._plan(min(planned, soon + self._cadence.spread(self._interval())))

    # --- the stream

    def connected(self) -> None:
        """Take that the stream is up; what it missed comes with a poll."""
        self._is_connected = True
        self._tools.telemetry.stream_connects.inc()
        self._tools.store.set_stream(self._key, connected=True)
        self._log.info("stream connected")
        self._bring_forward(self._attempted + _AFTER_CONNECT)

    def disconnected(self, reason: Reason) -> None:
        """Take that the stream was lost or not had; polls become more frequent."""
        self._tools.telemetry.stream_disconnects.labels(reason.value).inc()
        if not self._is_connected:
            return
        self._is_connected = False
        if not self._is_stopped:
            self._tools.store.set_stream(self._key, connected=False)
            self._log.warning("stream disconnected", reason=reason.value)
            self._bring_forward(self._attempted + self._interval())

    def event(self, payload: Any) -> None:
        """Take one event of the stream; none can do more harm than to be counted as failed."""
        kind, outcome = _NO_TYPE, Applied.FAILED
        try:
            kind, outcome = self._take(payload)
        except Exception as error:  # noqa: BLE001  # the stream must live on
            self._log.bug("an event could not be read", error)
        self._tools.telemetry.stream_events.labels(kind, outcome.value).inc()

    def _take(self, payload: Any) -> tuple[str, Applied]:
        assert isinstance(self._source, StreamSource)  # noqa: S101  # only such have events
        event = self._source.event(payload, self._model_of)
        if event is None:
            return _NO_TYPE, Applied.MALFORMED
        if event.location_id not in ("", self._key[1]):
            return event.type, Applied.OTHER_LOCATION
        if event.change is None:
            return event.type, Applied.IGNORED
        applied = self._tools.store.push(self._key, event.change)
        if event.lag is not None and applied is Applied.APPLIED:
            self._tools.telemetry.event_lag.observe(max(0.0, event.lag))
        return event.type, applied

    def _model_of(self, device_id: str) -> str | None:
        device = self._tools.store.device(self._key, device_id)
        return device.info.get("model", "") if device else None
