"""The pages as a browser without JavaScript gets them, over a store that the test fills."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from bs4 import BeautifulSoup, Tag
from yarl import URL

from exporter.web.page import PageHandler
from tests.store.bench import Bench


def tree(text: str) -> BeautifulSoup:
    """Return a page as a tree."""
    return BeautifulSoup(text, "html.parser")


def words(element: Tag) -> str:
    """Return the text of an element as it is read: blanks and line ends as one blank."""
    return " ".join(element.get_text().split())


def texts(element: Tag, selector: str) -> list[str]:
    """Return the text of every element that matches."""
    return [words(one) for one in element.select(selector)]


def facts(element: Tag) -> dict[str, str]:
    """Return what a location's head says."""
    return {
        words(one.select("dt")[0]): words(one.select("dd")[0]) for one in element.select(".fact")
    }


def readings(element: Tag) -> dict[str, str]:
    """Return the readings of a device."""
    found = element.select(".reading")
    return {words(one.select("dt")[0]): words(one.select("dd")[0]) for one in found}


class Answer(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str


class Shown:
    """Serves the pages of a bench's store on loopback."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        application = web.Application()
        self._pool = ThreadPoolExecutor(1)
        handler = PageHandler(bench.store, list, bench.clock, self._pool)
        application.router.add_routes(handler.routes())
        self._runner = web.AppRunner(application)
        self._http = aiohttp.ClientSession()
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close everything."""
        await self._http.close()
        await self._runner.cleanup()
        self._pool.shutdown()

    async def get(self, path: str = "/", **query: Any) -> Answer:
        """Ask for a path as it stands."""
        url = URL(self.url + path, encoded=True)
        async with self._http.get(url.with_query(query) if query else url) as answer:
            return Answer(answer.status, answer.headers, await answer.text())

    async def page(self, path: str = "/", **query: Any) -> BeautifulSoup:
        """Ask for a page that must be there."""
        answer = await self.get(path, **query)
        assert answer.status == 200, path
        return tree(answer.text)
