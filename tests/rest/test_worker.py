"""Exchanges in a pool of threads that is full: who is cancelled goes at once, and is not sent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.errors import CloudError
from exporter.rest import Request, Transport, Worker
from tests.rest.servers import Cloud, Peer, Serve, answers

PATIENCE = 10.0


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


class Workers:
    """Workers of several accounts that share one thread."""

    def __init__(self, pool: ThreadPoolExecutor, cloud: Cloud) -> None:
        self._pool = pool
        self._cloud = cloud
        self.made: list[Worker] = []

    def ask(self, path: str) -> "asyncio.Task[object]":
        """Let another account make a call."""
        worker = Worker(Transport(time_limit=60), self._pool, self._cloud.url)
        self.made.append(worker)
        return asyncio.create_task(self._ask(worker, path))

    async def _ask(self, worker: Worker, path: str) -> object:
        return (await worker.exchange(Request("GET", path))).body


@pytest.fixture
async def hung(pool: ThreadPoolExecutor, serve: Serve) -> AsyncIterator[tuple[Cloud, Workers]]:
    """Return a cloud that never answers /slow, and workers that share one thread."""
    quick = answers(b"[1]")

    def act(peer: Peer) -> None:
        if cloud.requests[-1].startswith(b"GET /slow"):
            peer.hang()
        else:
            quick(peer)

    cloud: Cloud = serve(act)
    workers = Workers(pool, cloud)
    yield cloud, workers
    for worker in workers.made:
        worker.close()


async def asked(cloud: Cloud) -> None:
    async with asyncio.timeout(PATIENCE):
        while not cloud.requests:  # noqa: ASYNC110  # another thread's doing
            await asyncio.sleep(0.002)


def paths(cloud: Cloud) -> list[bytes]:
    return [request.split()[1] for request in cloud.requests]


async def test_calls_that_wait_for_a_thread_end_at_once_and_are_never_made(
    hung: tuple[Cloud, Workers],
) -> None:
    cloud, workers = hung
    calls = [workers.ask(f"/slow-{number}") for number in range(3)]
    await asked(cloud)
    for call in reversed(calls):
        call.cancel()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([call])
        assert call.cancelled()
    assert await asyncio.wait_for(workers.ask("/next"), PATIENCE) == [1]
    assert paths(cloud) == [b"/slow-0", b"/next"]


async def test_all_calls_can_be_cancelled_together(hung: tuple[Cloud, Workers]) -> None:
    cloud, workers = hung
    calls = [workers.ask(f"/slow-{number}") for number in range(3)]
    await asked(cloud)
    for call in calls:
        call.cancel()
    async with asyncio.timeout(PATIENCE):
        found = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found)
    assert await asyncio.wait_for(workers.ask("/next"), PATIENCE) == [1]
    assert paths(cloud) == [b"/slow-0", b"/next"]


async def test_a_call_that_was_cancelled_while_it_waited_holds_nobody_up(
    hung: tuple[Cloud, Workers],
) -> None:
    cloud, workers = hung
    under_way = workers.ask("/slow-0")
    await asked(cloud)
    waiting, other = workers.ask("/never"), workers.ask("/other")
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([waiting])
    assert not under_way.done(), "the thread is still taken"
    workers.made[0].close()
    with pytest.raises(CloudError):
        await under_way
    assert await asyncio.wait_for(other, PATIENCE) == [1]
    assert paths(cloud) == [b"/slow-0", b"/other"]
