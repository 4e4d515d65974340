"""What is wrong stands at the top, with its reason in words and a link to where it is."""

from typing import Any

import pytest

from tests.mapping.payloads import SENSOR, activity, device, sensor, state, trait
from tests.page.shown import Shown, facts, readings, texts, words
from tests.store.bench import DAY, HOUR, HomelyBench, WallyBench


def told(page: Any) -> list[tuple[str, str]]:
    """Return the severity and the title of all that is wrong."""
    found = page.select(".trouble")
    return [(str(one["data-severity"]), words(one.select("strong")[0])) for one in found]


async def test_a_home_that_is_well_says_so(homely: HomelyBench, home_page: Shown) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    page = await home_page.page()
    assert words(page.select("#wrong")[0]) == "Nothing is wrong"
    assert not page.select(".trouble")
    assert words(page.select("title")[0]) == "home-exporter"


@pytest.mark.parametrize(
    ("states", "severity", "title"),
    [
        ({"alarm.flood": state(True)}, "critical", "Water leak"),
        ({"alarm.fire": state(True)}, "critical", "Smoke or heat"),
        ({"alarm.tamper": state(True)}, "warning", "Tampered with"),
        ({"battery.low": state(True)}, "warning", "Battery low"),
        ({"battery.defect": state(True)}, "warning", "Battery defect"),
        ({"report.Broken": state(True)}, "warning", "Lock jammed"),
    ],
)
async def test_a_device_with_trouble_is_told_of_with_a_link(
    homely: HomelyBench, home_page: Shown, states: Any, severity: str, title: str
) -> None:
    homely.poll(device(states))
    page = await home_page.page()
    assert told(page) == [(severity, title)]
    (trouble,) = page.select(".trouble")
    (link,) = trouble.select("a")
    assert words(link) == "Window kitchen, Villa Eksempel"
    assert words(trouble.select(".why")[0]).endswith("Kitchen")
    assert words(page.select("title")[0]) == "(1) home-exporter"
    assert page.select(f'.card[data-severity="{severity}"]')
    path, _, anchor = str(link["href"]).removeprefix(".").partition("#")
    there = await home_page.page(path)
    assert texts(there, f'[id="{anchor}"] h3') == ["Window kitchen"]
    assert told(there) == [(severity, title)]


async def test_a_device_that_is_offline_is_not_told_of_as_silent_too(
    homely: HomelyBench, home_page: Shown
) -> None:
    old = state(20, homely.now - 2 * DAY)
    homely.poll(device({"temperature.temperature": old}, online=False))
    page = await home_page.page()
    assert told(page) == [("warning", "Device offline")]
    assert texts(page, ".trouble .when") == ["heard 2 days ago"]


async def test_the_worst_comes_first(homely: HomelyBench, home_page: Shown) -> None:
    states = {"battery.low": state(True), "alarm.flood": state(True)}
    homely.poll(device(states, online=False), alarmState="BREACHED")
    assert told(await home_page.page()) == [
        ("critical", "Water leak"),
        ("critical", "Burglar alarm"),
        ("warning", "Device offline"),
        ("warning", "Battery low"),
    ]


async def test_a_silent_device_says_why_its_readings_are_hidden(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"temperature.temperature": state(20), "alarm.fire": state(False)}))
    homely.pass_time(25 * HOUR)
    homely.poll(device({"temperature.temperature": state(20), "alarm.fire": state(False)}))
    page = await home_page.page()
    assert told(page) == [("warning", "Device silent")]
    (row,) = page.select("tbody tr")
    assert not readings(row)
    assert texts(row, ".mark") == ["silent"]
    assert texts(row, ".missing") == [
        "Its readings are hidden: it took the last one more than 24 h ago."
    ]


async def test_a_device_that_grows_silent_is_told_of_though_nothing_was_heard(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"temperature.temperature": state(20, homely.now - 23 * HOUR)}))
    assert told(await home_page.page()) == []
    homely.pass_time(2 * HOUR)
    assert told(await home_page.page()) == [("warning", "Device silent")]


async def test_one_old_reading_says_how_old_it_is(homely: HomelyBench, home_page: Shown) -> None:
    old = state(80, homely.now - 2 * DAY)
    homely.poll(
        device({"temperature.temperature": state(20), "diagnostic.networklinkstrength": old})
    )
    (row,) = (await home_page.page()).select("tbody tr")
    assert texts(row, ".missing") == ["Link is hidden: taken 2 days ago."]


async def test_a_stale_home_says_since_when(homely: HomelyBench, home_page: Shown) -> None:
    homely.poll(device({"temperature.temperature": state(20)}))
    homely.pass_time(4 * HOUR)
    page = await home_page.page()
    assert told(page) == [("warning", "Out of date")]
    assert facts(page)["Data"] == "stale, 4 h ago"
    assert facts(page)["Alarm"] == "not known, last disarmed"
    assert texts(page, ".notes li") == [
        "Not polled with success for more than 3 h: readings are hidden."
    ]
    assert texts(page, ".missing") == ["Its readings are hidden, as those of the whole location."]


async def test_a_leak_does_not_end_because_nothing_is_heard(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"alarm.flood": state(True)}), alarmState="TRIGGERED")
    homely.pass_time(4 * HOUR)
    page = await home_page.page()
    assert ("critical", "Water leak") in told(page)
    assert ("critical", "Burglar alarm") in told(page)
    reasons = " ".join(texts(page, ".why"))
    assert "It was wet when last heard of." in reasons
    assert "It was on when last heard of." in reasons


async def test_a_leak_that_a_callback_tells_of_is_one_trouble(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(sensor({"TEMP": trait(20), "LEAK": trait(0)}))
    wally.callback(activity())
    page = await place_page.page()
    assert told(page) == [("critical", "Water leak")]
    assert words(page.select(".why")[0]).startswith("The vendor reports a leak.")
    assert texts(page, ".trouble .when") == ["just now"]


async def test_what_the_vendor_reports_is_told(wally: WallyBench, place_page: Shown) -> None:
    listed = [activity("temp_too_low"), activity("button_press_paired")]
    wally.poll(sensor({"TEMP": trait(4)}, activities=listed))
    page = await place_page.page()
    assert told(page) == [("warning", "Reported by the vendor")]
    assert words(page.select(".why")[0]).startswith("It is too cold. The report is open.")


async def test_of_a_suspended_sensor_only_what_is_urgent_is_told(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(sensor({"TEMP": trait(20), "LEAK": trait(15)}, suspended=True, offline=True))
    page = await place_page.page()
    assert told(page) == [("warning", "Water leak")]
    assert "Alerts about it are suspended." in words(page.select(".why")[0])
    assert texts(page, "tbody .mark")[:2] == ["offline", "suspended"]


async def test_a_suspended_place_is_not_told_of_when_it_grows_old(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(sensor({"TEMP": trait(20)}), suspended=True)
    wally.pass_time(HOUR)
    page = await place_page.page()
    assert told(page) == []
    assert texts(page, ".notes li")[0].startswith("Suspended: its owner asked for silence")


async def test_a_place_with_too_few_sensors_says_how_many_are_missing(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(sensor({"TEMP": trait(20)}), expected_devices=3)
    page = await place_page.page()
    assert told(page) == [("warning", "Devices missing")]
    assert texts(page, ".why") == ["The vendor names 3 devices and tells of 1."]


async def test_a_sensor_that_an_answer_left_out_says_so(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(sensor({"TEMP": trait(20)}))
    wally.poll()
    page = await place_page.page("/locations/wally/place-1")
    assert texts(page, ".missing") == [
        "The last answer left it out; it goes when the next one does so too."
    ]
    assert SENSOR in page.get_text()


async def test_a_location_that_was_never_heard_of_says_so(home_page: Shown) -> None:
    page = await home_page.page()
    assert facts(page)["Data"] == "none yet"
    assert texts(page, ".notes li") == [
        "Not heard of yet: its devices come with the first successful poll."
    ]
    there = await home_page.page("/locations/homely/home-1")
    assert texts(there, ".found") == ["None is known yet."]
