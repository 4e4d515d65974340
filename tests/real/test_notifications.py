"""How few notifications reach the phone by the shipped routes, in a real Alertmanager."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from scripts import stack
from scripts.document_alerts import rules
from scripts.stack import Ports, missing
from tests.cli.command import free_port, until_served
from tests.real.watched import PATIENCE, Phone

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")
_RULES = rules()
#: What a group waits for before it is told: enough for all of a request to be in it.
_WAIT = "1s"
_HYTTA, _OTHER_HYTTA = (
    {"vendor": "homely", "location_id": "L1"},
    {"vendor": "homely", "location_id": "L2"},
)


def alert(name: str, severity: str = "", **ids: str) -> dict[str, Any]:
    """Return an alert with the labels that its rule gives it."""
    (own,) = (
        rule["labels"]
        for rule in _RULES
        if rule.get("alert") == name
        and severity in {"", rule["labels"]["severity"]}
        and ids.get("scope") == rule["labels"].get("scope")
    )
    return {"labels": {"alertname": name, **own, **ids}, "annotations": {"summary": name}}


def hurried(config: str) -> str:
    """Let groups wait a second where they wait longer."""
    return re.sub(r"(group_wait|group_interval): (?!0s)\w+", rf"\1: {_WAIT}", config)


@dataclass
class Routed:
    """Alertmanager at work, and what it told."""

    phone: Phone
    _url: str
    _http: aiohttp.ClientSession

    async def post(self, *alerts: dict[str, Any]) -> None:
        """Send alerts as Prometheus does."""
        async with self._http.post(f"{self._url}/alerts", json=alerts) as answer:
            answer.raise_for_status()

    async def until_silenced(self, *alerts: dict[str, Any]) -> None:
        """Wait until these, and no others, are inhibited."""
        wanted = {tuple(sorted(one["labels"].items())) for one in alerts}
        async with asyncio.timeout(PATIENCE):
            while True:
                if wanted == await self._inhibited():
                    return
                await asyncio.sleep(0.05)

    async def _inhibited(self) -> set[tuple[tuple[str, str], ...]]:
        async with self._http.get(f"{self._url}/alerts") as answer:
            found = await answer.json()
        return {
            tuple(sorted(one["labels"].items())) for one in found if one["status"]["inhibitedBy"]
        }

    async def told(self) -> list[str]:
        """Return which alerts were told so far, once for each time."""
        # The first waits as long as those before it, and may be told just before them; so a second.
        ends = ("HomeConfigReloadFailed", "HomeCallbackRejected")
        for name in ends:
            await self.post(alert(name))
            await self.phone.until("firing", alertname=name)
        names = [one.labels["alertname"] for one in self.phone.told]
        return [name for name in names if name not in ends]


@pytest.fixture
async def routed(tmp_path: Path) -> AsyncIterator[Routed]:
    """Run Alertmanager as shipped, but for a second of waiting where it waits longer."""
    phone = Phone()
    async with AsyncExitStack() as parts:
        told = await parts.enter_async_context(stack.receiver(0, phone.take))
        ports = Ports(receiver=told, alertmanager=free_port())
        stack.render(tmp_path, ports, hurried)
        await parts.enter_async_context(stack.alertmanager(tmp_path, ports))
        http = await parts.enter_async_context(aiohttp.ClientSession())
        url = f"http://127.0.0.1:{ports.alertmanager}"
        await until_served(f"{url}/-/ready")
        yield Routed(phone, f"{url}/api/v2", http)


async def test_a_dead_vendor_is_one_notification_and_a_leak_one_more(routed: Routed) -> None:
    homes = [{"vendor": "homely", "location_id": f"L{number}"} for number in range(10)]
    follow = [alert("HomeStreamDown", **home) for home in homes]
    follow += [alert("HomeVendorUnreachable", **home, scope="location") for home in homes]
    for home in homes:
        devices = [{**home, "device_id": f"{home['location_id']}-{n}"} for n in range(5)]
        follow += [alert("HomeDeviceSilent", **device) for device in devices]
    await routed.post(
        alert("HomeVendorUnreachable", scope="vendor", vendor="homely"),
        *follow,
        alert("HomeWaterLeak", **homes[0], device_id="L0-0"),
        alert("HomeDeviceSilent", vendor="wally", location_id="L0", device_id="L0-0"),
    )
    await routed.until_silenced(*follow)
    assert sorted(await routed.told()) == [
        "HomeDeviceSilent",
        "HomeVendorUnreachable",
        "HomeWaterLeak",
    ]
    (silent,) = routed.phone.about(alertname="HomeDeviceSilent")
    assert silent.labels["vendor"] == "wally"


@pytest.mark.parametrize("reason", ["HomeVendorUnreachable", "HomeAuthenticationFailed"])
async def test_a_dead_account_of_two_is_one_notification(routed: Routed, reason: str) -> None:
    homes = [{"vendor": "homely", "location_id": f"L{number}"} for number in range(5)]
    follow = [alert("HomeStreamDown", **home) for home in homes]
    follow += [alert("HomeVendorUnreachable", **home, scope="location") for home in homes]
    scope = {"scope": "account"} if reason == "HomeVendorUnreachable" else {}
    away = {"vendor": "wally", "location_id": "L9", "scope": "location"}
    await routed.post(
        alert(reason, vendor="homely", account="homely-2", **scope),
        *follow,
        alert("HomeVendorUnreachable", **away),
    )
    await routed.until_silenced(*follow)
    assert sorted(await routed.told()) == sorted([reason, "HomeVendorUnreachable"])


async def test_sockets_of_one_cloud_that_are_down_are_one_notification(routed: Routed) -> None:
    homes = [{"vendor": "homely", "location_id": f"L{number}"} for number in range(5)]
    await routed.post(*(alert("HomeStreamDown", **home) for home in homes))
    for home in homes:
        await routed.phone.until("firing", location_id=home["location_id"])
    times = {one.arrived for one in routed.phone.about(alertname="HomeStreamDown")}
    assert len(times) == 1


async def test_two_homes_of_one_name_do_not_silence_each_other(routed: Routed) -> None:
    here, there = {**_HYTTA, "device_id": "D1"}, {**_OTHER_HYTTA, "device_id": "D2"}
    silenced = [
        alert("HomeTemperatureOutOfRange", **here),
        alert("HomeFreezeRisk", "warning", **here),
        alert("HomeDoorOpenWhileAway", **here),
        alert("HomeStreamDown", **here),
    ]
    told = [
        alert("HomeTemperatureOutOfRange", **there),
        alert("HomeFreezeRisk", "warning", **{**_OTHER_HYTTA, "device_id": "D3"}),
        alert("HomeDoorOpenWhileAway", **there),
        alert("HomeStreamDown", **there),
        alert("HomeFreezeRisk", "critical", **here),
        alert("HomeAlarmBreached", **_HYTTA),
        alert("HomeVendorUnreachable", **_HYTTA, scope="location"),
    ]
    await routed.post(*silenced, *told)
    await routed.until_silenced(*silenced)
    for one in told:
        await routed.phone.until("firing", **one["labels"])
    await routed.told()
    arrived = [one.labels for one in routed.phone.told]
    assert not [one for one in silenced if one["labels"] in arrived]


async def test_a_second_leak_in_the_same_home_is_told_at_once(routed: Routed) -> None:
    for device in ("D1", "D2"):
        await routed.post(alert("HomeWaterLeak", **_HYTTA, device_id=device))
        told = await routed.phone.until("firing", device_id=device)
        assert told.receiver == "critical"
    assert len(routed.phone.told) == 2


async def test_what_is_sent_again_and_again_is_told_once(routed: Routed) -> None:
    flapping = alert("HomeBatteryLow", **_HYTTA, device_id="D1")
    leak = alert("HomeWaterLeak", **_HYTTA, device_id="D1")
    await routed.post(leak)
    await routed.phone.until("firing", alertname="HomeWaterLeak")
    for _ in range(20):
        await routed.post(leak, flapping)
    assert sorted(await routed.told()) == ["HomeBatteryLow", "HomeWaterLeak"]
