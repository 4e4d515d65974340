"""The homes' part is made once for each change, and an event does not wait for it."""

import asyncio
import gzip
import threading
import weakref
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from exporter.catalog import readings
from exporter.exposition import Exposition
from exporter.series import Sample
from exporter.web.kept import Form, Kept

LARGE = 1_200
END = b"# own\n"
FORM = Form(is_openmetrics=True, is_gzip=True)


def put(page: Exposition, number: int, value: float) -> None:
    location = ("homely", f"home-{number}")
    samples = [Sample(readings.UP, (), value), Sample(readings.LOCATION_DEVICES, (), value)]
    page.put(location, (*location, "Home"), samples)


def page_of(homes: int) -> Exposition:
    page = Exposition()
    for number in range(homes):
        put(page, number, 1.0)
    return page


class Held(Executor):
    """Runs nothing before it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._go = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self.calls = 0

    def submit(self, call: Any, /, *arguments: Any, **_: Any) -> "Future[Any]":
        self.calls += 1
        self.begun.set()

        def run() -> Any:
            assert self._go.wait(10)
            return call(*arguments)

        return self._pool.submit(run)

    def let_go(self) -> None:
        self._go.set()
        self._pool.shutdown(wait=False)


async def body(kept: Kept, *, openmetrics: bool = False, packed: bool = True) -> bytes:
    part = await kept.get(Form(openmetrics, packed))
    whole = b"".join(part.with_end(END))
    return gzip.decompress(whole) if packed else whole


@pytest.mark.parametrize("homes", [1, LARGE], ids=["on the loop", "in a thread"])
async def test_each_form_is_the_page_as_it_is_now(homes: int) -> None:
    page = page_of(homes)
    with ThreadPoolExecutor(1) as pool:
        kept = Kept(page, pool)
        for value in (1.0, 1.0, 2.0, 3.0):
            put(page, 0, value)
            for openmetrics in (False, True):
                for packed in (False, True):
                    made = await body(kept, openmetrics=openmetrics, packed=packed)
                    assert made == page.render(openmetrics=openmetrics) + END


async def test_what_stands_still_is_made_once() -> None:
    page = page_of(LARGE)
    with ThreadPoolExecutor(1) as pool:
        kept = Kept(page, pool)
        first = await kept.get(FORM)
        assert await kept.get(FORM) is first
        put(page, 0, 1.0)
        assert await kept.get(FORM) is first, "nothing has changed"
        put(page, 0, 2.0)
        assert await kept.get(FORM) is not first


async def test_a_form_that_is_out_of_date_is_let_go_when_another_is_made() -> None:
    page = page_of(LARGE)
    with ThreadPoolExecutor(1) as pool:
        kept = Kept(page, pool)
        plain = weakref.ref(await kept.get(Form(is_openmetrics=False, is_gzip=False)))
        await kept.get(FORM)
        assert plain() is not None, "two that scrape in two forms share nothing"
        put(page, 0, 2.0)
        await kept.get(FORM)
        assert plain() is None


async def test_a_small_page_waits_for_no_thread() -> None:
    pool = Held()
    assert await body(Kept(page_of(1), pool))
    assert pool.calls == 0
    pool.let_go()


async def test_a_change_while_it_is_made_is_in_the_next() -> None:
    page, pool = page_of(LARGE), Held()
    kept = Kept(page, pool)
    before = page.render(openmetrics=False)
    asked = asyncio.ensure_future(body(kept))
    await pool.begun.wait()
    put(page, 0, 2.0)
    put(page, LARGE, 2.0)
    page.drop(("homely", "home-1"))
    pool.let_go()
    assert await asked == before + END, "as it was at one moment"
