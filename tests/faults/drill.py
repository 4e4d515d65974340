"""The course of a fault: healthy, struck, worn on, stale, over, and well again in time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from exporter.rest import Transport
from exporter.rest.transport import TIME_LIMIT
from exporter.simulator.changes import ActivityChange
from tests.contract.clouds import Cloud, Homely, Wally
from tests.faults.served import STALE_AFTER, Arrival, Course, Everything
from tests.faults.signs import TICK, Ahead, Moment, Sign
from tests.faults.table import Promise, Row
from tests.support.running import Page, Running

_CLOUDS: dict[str, Callable[[Running], Cloud]] = {"homely": Homely, "wally": Wally}
#: Before it is stale and after: six failures bring every back-off to its longest wait.
_WORN = 3
_HURRY = 0.1
_BREATH = 0.005
_NEXT_POLL = "home_exporter_next_poll_timestamp_seconds"
#: How close to stale_after the page is looked at.
_EDGE = 10.0


class Hasty(Transport):
    """A transport that can be told to give a call less real time."""

    def hurry(self) -> None:
        """Cut calls after a moment."""
        self._time_limit = _HURRY

    def relax(self) -> None:
        """Give calls their time again."""
        self._time_limit = TIME_LIMIT


class Drill:
    """One vendor's cloud in one fault, seen from the page alone."""

    def __init__(self, running: Running, row: Row, vendor: str, calls: Hasty) -> None:
        self.running = running
        self.row = row
        self.vendor = vendor
        self.promise: Promise = row.promises[vendor]
        self.cloud = _CLOUDS[vendor](running)
        self.calls = calls
        self.course = Course()
        self._pushed: frozenset[str] = frozenset()
        self._counted = self._well = self._moment(Page(""))
        self._written: tuple[float, float] = (0.0, 0.0)
        if vendor == "homely":
            # What devices push by themselves would keep them fresh.
            advance = running.sim.world.advance
            running.sim.world.advance = lambda now: [  # type: ignore[method-assign]
                change for change in advance(now) if isinstance(change, ActivityChange)
            ]

    async def look(self) -> Moment:
        """Scrape."""
        return self._moment(await self._scrape())

    async def remember(self) -> None:
        """Count from how it is now."""
        self._counted = await self.look()

    async def strike(self, **aim: str) -> None:
        """Remember how it was, and bring the row's fault upon the vendor's cloud."""
        await self.remember()
        self._well = self._counted
        if self.row.fault is not None:
            aimed = replace(self.row.fault, vendor=self.vendor, **aim)  # type: ignore[arg-type]  # text alone
            await self.running.sim.inject(aimed)

    async def pass_time(self, seconds: float) -> None:
        """Move the clock, then once more by a tick, since what fell due is planned in the first.

        Whatever comes of it is waited for on the page, so this need not wait itself.
        """
        for step in (seconds, TICK):
            self.running.clock.advance(step)
            await asyncio.sleep(_BREATH)
            await self.running.clock.settle()

    async def attempt(self) -> None:
        """Let the next poll fall due, and have it succeed, fail or be put off.

        So do the others' that fell due: what answers a call before a jump of the clock is old
        after it.
        """
        clock = self.running.clock
        await self.pass_time(max(0.0, self._next_poll(await self._scrape()) - clock.wall()))
        await self.running.until(lambda page: min(page.all(_NEXT_POLL)) > clock.wall())

    async def until_told(self) -> None:
        """Wait until the page has what the row promises: the signs, and what is served."""
        await self.until_seen(*self.promise.signs)
        await self.until_served()

    async def until_still_told(self) -> None:
        """Wait until the page has what the row promises for as long as the fault lasts."""
        signs = self.promise.signs
        lasting = [one for one in signs if not (isinstance(one, Ahead) and one.is_at_first)]
        await self.until_seen(*lasting)
        await self.until_served()

    async def until_served(self) -> None:
        """Wait until the homes are served as the row promises, neither less nor more."""
        served, wall = self.promise.served, self.running.clock.wall()
        try:
            await self.running.until(lambda page: served.holds(self._well, self._moment(page)))
        except AssertionError:
            missing = self._well.readings - (await self.look()).readings
            raise AssertionError(f"not as promised ({served.text}): {sorted(missing)}") from None
        self.course.looks.add(wall - self._well.polled >= STALE_AFTER[self.vendor])

    async def until_seen(self, *signs: Sign) -> None:
        """Wait until the metrics show signs."""
        try:
            await self.running.until(lambda page: not self._missing(page, signs))
        except AssertionError:
            missing = self._missing(await self._scrape(), signs)
            raise AssertionError(f"the page never said: {missing}") from None

    def _missing(self, page: Page, signs: tuple[Sign, ...]) -> list[str]:
        now = self._moment(page)
        return [sign.text for sign in signs if not sign.holds(self._counted, now)]

    def write(self, celsius: float) -> None:
        """Let the device take a temperature that nobody pushes."""
        sim, home = self.running.sim, self.running.sim.world.homes[0]
        device = next(one for one in home.devices if one.device_id == self.cloud.device_id)
        now = self.running.clock.wall()
        sim.world.set_state(home, device, "temperature", "temperature", celsius, now=now)
        self._written = (celsius, now)

    async def until_arrived(self) -> None:
        """Wait until the page has what was written last."""
        celsius, since = self._written
        name, labels = "home_temperature_celsius", {"device_id": self.cloud.device_id}
        page = await self.running.until(lambda page: page.one(name, **labels) == celsius)
        is_streaming = page.one("home_exporter_stream_connected", **self.location) == 1
        self.course.arrivals.append(Arrival(self.running.clock.wall() - since, is_streaming))

    async def go_stale(self) -> None:
        """Pass the vendor's stale_after, with a look shortly before it and one after it."""
        edge = self._edge(await self._scrape())
        await self.pass_time(edge - _EDGE - self.running.clock.wall())
        await self.until_served()
        await self.pass_time(2 * _EDGE)
        await self.running.until(lambda page: page.one("home_up", **self.location) == 0)
        await self.until_served()

    async def others_are_served(self) -> None:
        """Find every other location up."""
        mine = ("location_id", self.cloud.location_id)

        def are_up(page: Page) -> bool:
            others = [up for key, up in page.series("home_up").items() if mine not in key]
            return bool(others) and all(others)

        await self.running.until(are_up)

    async def push(self) -> None:
        """Push a change over the open socket and find it on the page."""
        sim, home = self.running.sim, self.running.sim.world.homes[0]
        device = next(one for one in home.devices if one.model == "Alarm Motion Sensor 2")
        now = self.running.clock.wall()
        change = sim.world.set_state(home, device, "alarm", "alarm", value=True, now=now)
        await sim.publish([change])
        labels = {"device_id": device.device_id}
        await self.running.until(lambda page: page.all("home_motion_detected", **labels) == [1])
        self._pushed |= {device.device_id}

    async def recover(self, polled_since: float = 0.0) -> Page:
        """Let the promised time pass after the fault's end and find all well."""
        await self.pass_time(self.promise.within)

        def has_recovered(page: Page) -> bool:
            is_whole = Everything().holds(self._well, self._moment(page))
            return is_whole and self.is_well(page) and self._polled(page) >= polled_since

        try:
            return await self.running.until(has_recovered)
        except AssertionError:
            page = await self._scrape()
            lines = [line for line in page.text.splitlines() if self._is_about_health(line)]
            raise AssertionError("\n".join(["it is not well:", *lines])) from None

    async def lasts(self, *, worn: int = _WORN) -> None:
        """Go through a fault that outlasts stale_after, up to its end."""
        await self.attempt()
        await self.until_told()
        for _ in range(worn):
            page = await self._scrape()
            if self._next_poll(page) >= self._edge(page) - _EDGE:
                break
            await self.attempt()
        await self.go_stale()
        for _ in range(_WORN):
            await self.attempt()
        await self.others_are_served()
        if self.vendor == "homely" and self.running.sim.homely.live_sockets():
            await self.push()
        await self.until_still_told()

    async def ends(self) -> None:
        """Lift the fault and find all well in the promised time."""
        self.running.sim.clear_faults()
        await self.recover(polled_since=self.running.clock.wall())

    @property
    def location(self) -> dict[str, str]:
        """The labels of the location that is hit."""
        return {"vendor": self.vendor, "location_id": self.cloud.location_id}

    def is_well(self, page: Page) -> bool:
        """Return whether all is as it should be."""
        now = self._moment(page)
        streams = page.all("home_exporter_stream_connected", **self.location)
        # A socket whose token is refused connects as well, and is dropped a moment later.
        accepted = self.running.sim.homely.live_sockets(self.cloud.location_id)
        return (
            page.one("home_up", **self.location) == 1
            and now.total("account_up", ()) == 1
            and now.total("rate_limited_until_timestamp_seconds", ()) == 0
            and all(streams)
            and accepted == len(streams)
        )

    def _moment(self, page: Page) -> Moment:
        clock, where = self.running.clock, self.cloud.location_id
        return Moment(page, self.vendor, clock.wall(), where, self._pushed)

    def _is_about_health(self, line: str) -> bool:
        names = (
            "home_up{",
            "_account_up{",
            "_rate_limited_until",
            "_stream_connected{",
            "_next_poll",
        )
        return any(name in line for name in names) and self.vendor in line

    def _polled(self, page: Page) -> float:
        name = "home_location_updated_timestamp_seconds"
        return page.one(name, source="poll", **self.location)

    def _edge(self, page: Page) -> float:
        return self._polled(page) + STALE_AFTER[self.vendor]

    def _next_poll(self, page: Page) -> float:
        return page.one(_NEXT_POLL, **self.location)

    async def _scrape(self) -> Page:
        return await self.running.scrape()
