"""What a cloud pushes is on the page at once."""

import json
from typing import Any

import pytest
from yarl import URL

from exporter.simulator import EventForm, Simulator, small_world
from tests.conftest import Start
from tests.support.manual_clock import ManualClock
from tests.support.running import CALLBACK_SECRET, Running


def device(running: Running, model: str) -> str:
    home = running.sim.world.homes[0]
    return next(found.device_id for found in home.devices if found.model == model)


async def set_state(running: Running, model: str, feature: str, state: str, value: object) -> None:
    home = running.sim.world.homes[0]
    found = next(one for one in home.devices if one.model == model)
    now = running.clock.wall()
    change = running.sim.world.set_state(home, found, feature, state, value, now=now)
    await running.sim.publish([change])


async def test_a_leak_over_the_socket_is_shown_and_counted(running: Running) -> None:
    before = await running.scrape()
    assert before.one("home_leak_detected", vendor="homely") == 0
    assert before.one("home_events_total", vendor="homely", event="leak") == 0

    running.clock.advance(5)
    await set_state(running, "Flood Alarm", "alarm", "flood", True)

    page = await running.until(lambda page: page.one("home_leak_detected", vendor="homely") == 1)
    assert page.one("home_events_total", vendor="homely", event="leak") == 1
    assert running.sim.call_log.count("home") == 1, "no poll was needed"


async def test_motion_that_came_and_went_between_two_scrapes_is_counted(running: Running) -> None:
    for value in (True, False, True, False):
        running.clock.advance(1)
        await set_state(running, "Alarm Motion Sensor 2", "alarm", "alarm", value)

    page = await running.until(lambda page: page.one("home_events_total", event="motion") == 2)
    assert page.one("home_motion_detected") == 0


async def test_every_form_of_an_event_is_understood(running: Running) -> None:
    home = running.sim.world.homes[0]
    forms = [
        EventForm(envelope=envelope, with_change=with_change, with_partner=with_partner)
        for envelope in ("data", "payload")
        for with_change in (True, False)
        for with_partner in (True, False)
    ]
    for number, form in enumerate(forms):
        home.form = form
        running.clock.advance(1)
        await set_state(running, "EMI Norwegian HAN", "metering", "demand", 1000 + number)
        watts = 1000 + number
        await running.until(lambda page, watts=watts: page.one("home_power_watts") == watts)  # type: ignore[misc]  # bound now


async def test_the_alarm_state_follows_its_events_in_order_of_arrival(running: Running) -> None:
    home = running.sim.world.homes[0]
    world, now = running.sim.world, running.clock.wall()
    # As homes were seen to do: the later state carries the earlier time.
    await running.sim.publish([world.set_alarm(home, "ARM_NIGHT_PENDING", now + 0.656)])
    await running.sim.publish([world.set_alarm(home, "ARMED_NIGHT", now + 0.605)])

    page = await running.until(
        lambda page: page.one("home_alarm_state", home_alarm_state="ARMED_NIGHT") == 1
    )
    assert sum(page.all("home_alarm_state")) == 1
    assert page.one("home_alarm_state_changes_total", state="ARM_NIGHT_PENDING") == 1
    assert page.one("home_alarm_state_changes_total", state="ARMED_NIGHT") == 1
    assert page.one("home_alarm_state_changes_total", state="BREACHED") == 0


async def test_an_alarm_state_that_nobody_documented_is_shown(running: Running) -> None:
    change = running.sim.world.set_alarm(
        running.sim.world.homes[0], "ARMED_ON_THE_MOON", running.clock.wall()
    )
    await running.sim.publish([change])
    await running.until(
        lambda page: page.all("home_alarm_state", home_alarm_state="ARMED_ON_THE_MOON") == [1]
    )


async def test_garbage_on_the_socket_is_counted_and_harms_nothing(running: Running) -> None:
    location = running.sim.world.homes[0].location_id
    payloads: list[Any] = [None, 3, "text", [], {}, {"type": 7}, {"type": "device-state-changed"}]
    for payload in payloads:
        await running.sim.homely.emit(location, payload)
    await running.sim.homely.emit(location, {"type": "weather-changed", "data": {}})
    await set_state(running, "Flood Alarm", "alarm", "flood", True)

    page = await running.until(lambda page: page.one("home_leak_detected", vendor="homely") == 1)
    events = "home_exporter_stream_events_total"
    assert page.one(events, outcome="malformed") == 7
    assert page.one(events, event="weather-changed", outcome="ignored") == 1
    assert page.one("home_exporter_stream_connected") == 1


async def test_an_event_of_an_unknown_device_is_counted(running: Running) -> None:
    home = running.sim.world.homes[0]
    change = {"feature": "alarm", "stateName": "flood", "value": True, "lastUpdated": None}
    data = {"deviceId": "nobody", "rootLocationId": home.location_id, "changes": [change]}
    await running.sim.homely.emit(home.location_id, {"type": "device-state-changed", "data": data})
    await running.until(
        lambda page: page.has("home_exporter_stream_events_total", outcome="unknown_device")
    )


async def test_a_leak_callback_is_shown_at_once_and_counted_once(running: Running) -> None:
    sensor = running.sim.world.places[0].sensors[0]
    activity = {
        "snid": sensor.device_id,
        "type": "alarm",
        "created": "2025-10-09T08:54:00.000Z",
        "state": "open",
        "viewParams": {"room": "Kitchen"},
    }
    assert await running.callback(activity) == 204
    page = await running.scrape()
    snid = sensor.device_id
    assert page.one("home_leak_alarmed", device_id=snid) == 1
    assert page.one("home_activities", device_id=snid, activity="alarm", state="open") == 1
    assert page.one("home_activities_total", device_id=snid, activity="alarm") == 1

    # The same again, then the sensor itself through a poll: still one leak.
    assert await running.callback([activity]) == 204
    running.clock.advance(1)
    changes = running.sim.world.set_leak(sensor, wet=True, now=running.clock.wall())
    assert changes
    await running.pass_time(70)
    page = await running.until(lambda page: page.one("home_leak_detected", device_id=snid) == 1)
    assert page.one("home_events_total", device_id=snid, event="leak") == 1

    resolved = activity | {"state": "resolved"}
    assert await running.callback(resolved) == 204
    assert await running.callback(activity) == 204, "a late open"
    page = await running.scrape()
    assert page.one("home_activities", device_id=snid, activity="alarm", state="open") <= 1


async def test_callbacks_are_refused_without_the_secret(running: Running) -> None:
    assert await running.callback({}, secret="wrong-secret-wrong-secret") == 404
    page = await running.scrape()
    assert page.one("home_exporter_callbacks_total", outcome="wrong_secret") == 1
    for path in (f"homely/{CALLBACK_SECRET}", f"wally/{CALLBACK_SECRET}/", "wally/%ff%fe"):
        url = URL(f"{running.url}/callbacks/{path}", encoded=True)
        async with running.http.post(url, json={}) as response:
            assert response.status == 404, path


async def test_bad_callbacks_get_a_clear_answer_and_are_counted(running: Running) -> None:
    url = f"{running.url}/callbacks/wally/callback-secret-of-the-tests"
    for body, status in ((b"{", 400), (b"7", 400), (b"[{}]", 400), (b"[]", 204)):
        async with running.http.post(url, data=body) as response:
            assert response.status == status, body
    async with running.http.post(url, data=b"[" + b" " * 70_000 + b"]") as response:
        assert response.status == 413
    page = await running.scrape()
    assert page.one("home_exporter_callbacks_total", outcome="malformed") == 3
    assert page.one("home_exporter_callbacks_total", outcome="too_large") == 1


async def test_a_callback_may_come_as_any_content_type(running: Running) -> None:
    sensor = running.sim.world.places[0].sensors[0]
    body = {"snid": sensor.device_id, "type": "mold_risk", "created": "x", "state": "open"}
    url = f"{running.url}/callbacks/wally/callback-secret-of-the-tests"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with running.http.post(url, data=json.dumps(body), headers=headers) as response:
        assert response.status == 204
    page = await running.scrape()
    assert page.one("home_activities_total", activity="mold_risk", device_id=sensor.device_id) == 1


async def test_without_a_callback_secret_the_path_is_not_found(start: Start) -> None:
    running = await start(wally={"callback_secret": None})
    await running.ready()
    assert await running.callback({}) == 404


async def test_a_secret_may_begin_with_what_a_proxy_routes_by(start: Start) -> None:
    secret = "wally-1/secret-of-16-or-more"
    running = await start(wally={"callback_secret": secret})
    await running.ready()
    assert await running.callback([], secret=secret) == 204
    for wrong in ("wally-1", "secret-of-16-or-more", "wally-2/secret-of-16-or-more"):
        assert await running.callback([], secret=wrong) == 404


async def test_a_leak_of_a_device_that_was_just_added_is_shown_and_counted(
    start: Start, clock: ManualClock
) -> None:
    sim = Simulator(clock=clock, world=small_world())
    home = sim.world.homes[0]
    flood = next(one for one in home.devices if one.model == "Flood Alarm")
    home.hidden.add(flood.device_id)
    # What moves by itself would be told of it before.
    sim.world.advance = lambda now: []  # type: ignore[method-assign]  # noqa: ARG005
    running = await start(sim)
    await running.ready()
    await running.pass_time(5 * 60 * 1.1)
    await running.wait(lambda: sim.call_log.count("home") == 2)
    await running.pass_time(6 * 60)
    home.hidden.clear()
    await set_state(running, "Flood Alarm", "alarm", "flood", True)
    unknown = {"outcome": "unknown_device"}
    await running.until(lambda page: page.has("home_exporter_stream_events_total", **unknown))
    await running.pass_time(10)
    of_device = {"device_id": flood.device_id}
    page = await running.until(lambda page: page.all("home_leak_detected", **of_device) == [1])
    assert page.one("home_events_total", event="leak", **of_device) == 1
    assert sim.call_log.count("home") == 3, "a poll was brought forward"


async def test_a_callback_that_cannot_be_kept_is_asked_for_again(running: Running) -> None:
    def about(snid: str) -> dict[str, str]:
        return {"snid": snid, "type": "alarm", "created": "2025-10-09T08:54:00Z", "state": "open"}

    assert await running.callback([about(f"new-{number}") for number in range(100)]) == 204
    known = running.sim.world.places[0].sensors[0].device_id
    assert await running.callback([about(known), about("one-more")]) == 503
    page = await running.scrape()
    assert page.one("home_leak_alarmed", device_id=known) == 1, "the rest of it was taken"
    assert page.one("home_exporter_callbacks_total", outcome="dropped") == 1
    assert await running.callback(about("new-7")) == 204


async def test_a_callback_that_fails_in_the_exporter_is_asked_for_again(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("said-by-the-cloud")

    with monkeypatch.context() as patched:
        patched.setattr(running.app.store, "push_activity", fail)
        sensor = running.sim.world.places[0].sensors[0].device_id
        body = {"snid": sensor, "type": "alarm", "created": "x", "state": "open"}
        assert await running.callback(body) == 503
    assert (await running.scrape()).one("home_exporter_callbacks_total", outcome="failed") == 1
    assert "said-by-the-cloud" not in caplog.text
    assert await running.callback(body) == 204
