"""A third vendor is one module and one line: it needs nothing else to be read and shown."""

import json
from pathlib import Path

import pytest

from exporter.config import load
from exporter.errors import ConfigError
from exporter.sources.vendors import MODELS
from tests.contract import toy
from tests.contract.toy_cloud import TOKEN, Toy
from tests.support.running import Running

_LINES = 100


def test_its_module_is_short() -> None:
    assert len(Path(toy.__file__).read_text().splitlines()) < _LINES


async def test_it_appears_in_metrics_as_its_configuration_says(running: Running) -> None:
    page = await running.scrape()
    assert page.one("home_up", vendor="toy", location="Toy house") == 1
    assert page.one("home_temperature_celsius", vendor="toy", device="Cellar") == 9.5
    assert page.one("home_leak_detected", vendor="toy", device="Cellar") == 0
    assert page.one("home_exporter_account_up", vendor="toy", account="toy-1") == 1
    assert page.has("home_exporter_requests_total", vendor="toy", endpoint="things")


async def test_its_devices_are_on_the_page(running: Running) -> None:
    async with running.http.get(f"{running.url}/locations/toy/{Toy.location_id}") as response:
        text = await response.text()
    assert response.status == 200
    assert "Toy house" in text
    assert "Cellar" in text


async def test_its_leak_is_counted(running: Running, toy: Toy) -> None:
    toy.flood()
    await running.pass_time(toy.interval)
    page = await running.until(
        lambda page: page.all("home_leak_detected", device_id=toy.device_id) == [1]
    )
    assert page.one("home_events_total", event="leak", device_id=toy.device_id) == 1


async def test_its_refused_token_is_told(running: Running, toy: Toy) -> None:
    toy.revoke()
    await running.pass_time(toy.interval)
    await running.until(lambda page: page.one("home_exporter_account_up", vendor="toy") == 0)
    page = await running.scrape()
    assert page.one("home_exporter_auth_failures_total", vendor="toy") >= 1


async def test_a_restart_serves_its_homes_again(running: Running, toy: Toy) -> None:
    before = toy.log.count("things")
    await running.restart()
    page = await running.scrape()
    assert page.has("home_temperature_celsius", vendor="toy", device="Cellar")
    assert toy.log.count("things") == before


@pytest.mark.usefixtures("toy")
def test_its_faults_are_told_like_those_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text(json.dumps({"toy": [{"tokn": TOKEN}]}))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "exporter.yml", MODELS)
    assert "toy[0].tokn: unknown key, did you mean token?" in str(caught.value)
    assert TOKEN not in str(caught.value)
