"""SIGTERM in the middle of each fault: the process ends soon, and says nothing it should not."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
import yaml

from exporter.clock import SystemClock
from exporter.simulator import Simulator, small_world
from tests.cli.command import PATIENCE, Command, free_port, get, start
from tests.faults.disk import nobodys_folder
from tests.faults.jumping import DAY
from tests.faults.signs import Counts, Moment
from tests.faults.table import ROWS, SIGTERM, Row
from tests.support.running import CALLBACK_SECRET, Page
from tests.support.tls import certifier

#: A loopback address has no floor, so that a fault is met soon.
OFTEN = {"poll_interval": "1s"}
POLLED = {"homely": "home", "wally": "sensors"}
#: What the process is run by where it is not run as it is, and what that is told.
MODULES = {"clock_jump": "tests.faults.jumping", "disk_full": "tests.faults.failing"}
ENVIRONS = {"disk_full": {"FAULT": "full"}}
IN_A_HANG = {"hang_before_a_body", "hang_in_the_middle_of_a_body"}

Met = Callable[[Simulator, Page], bool]


@pytest.fixture
async def sim(name: str) -> AsyncIterator[Simulator]:
    # The authority is nobody's: who calls an address of this machine trusts none of its own.
    certify = certifier(trustme.CA()) if name == "tls_with_a_wrong_name" else None
    simulator = Simulator(clock=SystemClock(), world=small_world(), certify=certify)
    await simulator.start()
    yield simulator
    await simulator.stop()


async def strike(sim: Simulator, row: Row) -> None:
    """Bring the row's fault upon both clouds before anybody calls them."""
    places = {
        "homely": sim.world.homes[0].location_id,
        "wally": sim.world.places[0].place_id,
    }
    for vendor in row.promises:
        if row.name == "refused":
            await sim.shut(vendor)
        if row.fault is None:
            continue
        aimed = replace(row.fault, vendor=vendor, now=False)
        if aimed.times and aimed.endpoint == "*":
            aimed = replace(aimed, endpoint=POLLED[vendor])
        if row.name == "403_on_one_location":
            aimed = replace(aimed, location_id=places[vendor])
        await sim.inject(aimed)


def configure(sim: Simulator, row: Row, folder: Path) -> Path:
    """Write the configuration of both accounts."""
    (username, password), token = sim.homely_logins[0], sim.wally_tokens[0]
    homely = {"username": username, "password": password, "locations_refresh": "1s"}
    wally = {"token": token, "callback_secret": CALLBACK_SECRET}
    urls = {"homely": sim.homely_url, "wally": sim.wally_url}
    often: dict[str, Any] = OFTEN
    if row.name == "dns_failure":
        urls, often = dict.fromkeys(urls, "https://cloud.invalid"), {}
        del homely["locations_refresh"]
    document = {
        "homely": [{"base_url": urls["homely"], **homely, **often}],
        "wally": [{"base_url": urls["wally"], **wally, **often}],
        "state_dir": str(nobodys_folder() / "state") if row.name == "state_read_only" else "state",
    }
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def counted(row: Row) -> Met:
    """Return whether the first thing that the row counts was counted, for each vendor."""
    firsts = {
        vendor: next(sign for sign in promise.signs if isinstance(sign, Counts))
        for vendor, promise in row.promises.items()
    }

    def is_met(_: Simulator, page: Page) -> bool:
        return all(
            first.holds(Moment(Page(""), vendor, 0.0), Moment(page, vendor, 0.0))
            for vendor, first in firsts.items()
        )

    return is_met


def hanging(sim: Simulator, _: Page) -> bool:
    return {call.vendor for call in sim.calls if call.status == 0} == {"homely", "wally"}


def swallowed(sim: Simulator, page: Page) -> bool:
    return page.all("home_exporter_stream_connected") == [1] and not sim.homely.live_sockets()


def connecting(sim: Simulator, _: Page) -> bool:
    return bool(sim.call_log.count("connect"))


def jumped(_: Simulator, page: Page) -> bool:
    times = page.all("home_exporter_account_last_success_timestamp_seconds")
    return min(times) > SystemClock().wall() + DAY / 2


def met(row: Row) -> Met:
    """Return how it is known that the process is in the middle of the fault."""
    if row.name in IN_A_HANG:
        return hanging
    special = {
        "socket_black_holed": swallowed,
        "socket_that_hangs_in_the_handshake": connecting,
        "clock_jump": jumped,
    }
    return special.get(row.name) or counted(row)


async def until(running: Command, url: str, is_met: Callable[[Page], bool]) -> Page:
    """Scrape until the page is as wanted and return it, or the process has ended."""
    async with asyncio.timeout(PATIENCE):
        while running.process.returncode is None:
            with suppress(ValueError):  # not all is known yet
                page = await page_of(url)
                if page.text and is_met(page):
                    return page
            await asyncio.sleep(0.02)
    raise AssertionError("it ended by itself")


async def page_of(url: str) -> Page:
    """Scrape; the page is empty where nobody serves one."""
    try:
        return Page(await get(url))
    except aiohttp.ClientConnectionError:
        return Page("")


@pytest.fixture
async def run(tmp_path: Path, name: str) -> AsyncIterator[Callable[..., Awaitable[Command]]]:
    """Return what starts the exporter as a process of its own."""
    started: list[Command] = []
    module, environ = MODULES.get(name, "exporter"), ENVIRONS.get(name, {})

    async def one(*arguments: str) -> Command:
        started.append(await start(*arguments, folder=tmp_path, module=module, **environ))
        return started[-1]

    yield one
    for each in started:
        await each.kill()


@pytest.mark.parametrize("name", [name for name in ROWS if "sig" not in name])
async def test_sigterm(
    sim: Simulator, run: Callable[..., Awaitable[Command]], tmp_path: Path, name: str
) -> None:
    row, port = ROWS[name], free_port()
    await strike(sim, row)
    address = f"127.0.0.1:{port}"
    config = configure(sim, row, tmp_path)
    running = await run(
        f"--config.file={config}", f"--web.listen-address={address}", "--log.level=debug"
    )
    url = f"http://{address}/metrics"
    if name == "clock_jump":
        await until(running, url, lambda page: sum(page.all("home_up")) == 2)
        running.process.send_signal(signal.SIGUSR1)
    last = await until(running, url, lambda page: met(row)(sim, page))

    done = await running.stop(signal.SIGTERM)
    is_served_as_promised(last, await page_of(url))
    assert done.code == 0, done.err
    assert done.seconds < SIGTERM.promises["homely"].within
    assert "Traceback" not in done.err
    assert " where=" not in done.err, "a failure that nobody foresaw"
    assert done.out == ""
    secrets = (*sim.secrets(), sim.homely_logins[0][0], CALLBACK_SECRET)
    assert [secret for secret in secrets if secret in done.err] == []


def is_served_as_promised(before: Page, now: Page) -> None:
    """Find that of the page that was served last is left what the row says."""
    for vendor, promise in SIGTERM.promises.items():
        assert promise.served.holds(Moment(before, vendor, 0.0), Moment(now, vendor, 0.0))
