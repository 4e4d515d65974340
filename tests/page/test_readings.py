"""Every reading in the words and units that people use."""

import pytest

from exporter.catalog import READINGS, Kind, Metric, Scope, readings
from exporter.web.page.looks import LOOKS
from exporter.web.page.moments import Now, span
from tests.mapping.full import full_home, full_sensors
from tests.mapping.payloads import device, sensor, state, trait
from tests.page.shown import Shown, texts, words
from tests.page.shown import readings as read
from tests.store.bench import DAY, HomelyBench, WallyBench
from tests.support.manual_clock import START

#: Shown in another form: as the state of the device, as a count of reports, or as an age.
_ELSEWHERE = {
    *(readings.DEVICE_ONLINE, readings.DEVICE_SUSPENDED),
    *(readings.ACTIVITIES, readings.DEVICE_UPDATED, readings.READING_UPDATED),
}


def test_every_reading_of_a_device_has_a_look() -> None:
    numbers = {
        metric
        for metric in READINGS
        if metric.scope is Scope.DEVICE and metric.kind is not Kind.INFO
    }
    counts = {readings.EVENTS, readings.ACTIVITIES_TOTAL}
    assert numbers - counts - _ELSEWHERE == LOOKS.keys()


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        (readings.TEMPERATURE, 21.04, "21.0 °C"),
        (readings.TEMPERATURE, -3.26, "\N{MINUS SIGN}3.3 °C"),
        (readings.TEMPERATURE, -0.04, "0.0 °C"),
        (readings.HUMIDITY, 0.485, "48 %"),
        (readings.POWER, 934.4, "934 W"),
        (readings.POWER, 9_999, "9,999 W"),
        (readings.POWER, 11_512, "11.5 kW"),
        (readings.ENERGY_IMPORTED, 3.6e6 * 4266.34, "4,266.3 kWh"),
        (readings.BATTERY_VOLTS, 2.9, "2.90 V"),
        (readings.LEAK, 1, "wet"),
        (readings.LEAK, 0, "dry"),
        (readings.CONTACT_OPEN, 1, "open"),
        (readings.LOCK_LOCKED, 0, "unlocked"),
    ],
)
def test_a_value_has_its_unit(metric: Metric, value: float, words: str) -> None:
    assert LOOKS[metric].form(value).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (2 * DAY - 1, "47 h"),
        (2 * DAY, "2 days"),
        (1500 * DAY, "1,500 days"),
    ],
)
def test_a_length_of_time_has_its_largest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize("wall", [-1e18, -62_135_596_800 - 50_400, 1e18])
def test_a_time_that_no_calendar_holds_is_shown_somehow(wall: float) -> None:
    when = Now(START, 1000.0).past(wall)
    assert len(when.iso) == len("2025-10-09T08:53:20Z")


def test_moments_are_relative_to_the_exporters_clock() -> None:
    now = Now(START, 1000.0)
    assert now.since(1000.0 - 125) == (
        "2025-10-09T08:51:15Z",
        "2025-10-09 08:51:15 UTC",
        "2 min ago",
    )
    assert now.since(2000.0).words == "just now"
    assert now.coming(START + 12).words == "in 12 s"
    assert now.coming(START - 12).words == "now"


async def test_a_homely_device_shows_its_readings_battery_link_and_age(
    homely: HomelyBench, home_page: Shown
) -> None:
    states = {
        "temperature.temperature": state(21.52),
        "alarm.alarm": state(True),
        "battery.voltage": state(2.9),
        "battery.low": state(False),
        "diagnostic.networklinkstrength": state(83),
    }
    homely.poll(device(states))
    homely.pass_time(125)
    page = await home_page.page()
    (row,) = page.select("tbody tr")
    assert texts(row, "th bdi") == ["Window kitchen", "Kitchen"]
    assert read(row) == {"Contact": "open", "Temperature": "21.5 °C"}
    cells = {str(cell["data-label"]): words(cell) for cell in row.select("td[data-label]")}
    assert cells == {"Battery": "2.90 V", "Link": "83 %", "Heard": "2 min ago"}
    (moment,) = row.select("time")
    assert moment["datetime"] == "2025-10-09T08:53:20Z"


async def test_a_battery_that_is_low_says_so_in_a_word(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(device({"battery.voltage": state(2.1), "battery.low": state(True)}))
    (row,) = (await home_page.page()).select("tbody tr")
    assert words(row.select('[data-label="Battery"]')[0]) == "low 2.10 V"


async def test_every_state_of_a_full_home_is_on_its_page(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(*full_home()["devices"])
    page = await home_page.page("/locations/homely/home-1")
    shown = texts(page, ".device dt")
    served = {name.split("{")[0] for name, _, _ in homely.samples()}
    for metric, look in LOOKS.items():
        if metric.name in served and metric is not readings.DEVICE_STATE:
            labels = look.labels or {(): look.label}
            assert set(labels.values()) & set(shown), metric.name
    assert "thermostat.SystemMode" in shown, "what has no name of its own is among the rest"


async def test_every_trait_of_a_full_place_is_on_its_page(
    wally: WallyBench, place_page: Shown
) -> None:
    wally.poll(*full_sensors())
    shown = texts(await place_page.page("/locations/wally/place-1"), ".device dt")
    for label in ("Temperature", "Humidity", "Alert when colder than", "Signal lately (no unit)"):
        assert label in shown


async def test_a_dry_sensor_reads_dry(wally: WallyBench, place_page: Shown) -> None:
    wally.poll(sensor({"TEMP": trait(19.94), "RH": trait(55), "LEAK": trait(0)}))
    (row,) = (await place_page.page()).select("tbody tr")
    assert read(row) == {"Water": "dry", "Temperature": "19.9 °C", "Humidity": "55 %"}


async def test_what_has_no_value_is_named_unless_none_is_fitted(
    homely: HomelyBench, home_page: Shown
) -> None:
    homely.poll(
        device({"temperature.temperature": state(None), "thermostat.mf409": state(-9990)}),
    )
    page = await home_page.page("/locations/homely/home-1")
    assert "No value that can be used, so far: Temperature." in texts(page, ".missing")
