"""What the exporter holds does not grow while everything around it fails."""

from tests.soak.flat import RECONNECTS, grown, measure


async def test_memory_tasks_threads_and_descriptors_stay_flat() -> None:
    found = await measure(20, seed=1)
    assert grown(found) == [], found.measured
    # How much happens in 20 s is the machine's affair; that it happens is the test's.
    assert found.done["faults"] > 2
    assert found.done["failed calls"] > 0
    assert found.done["calls"] > 4
    assert found.done["sockets connected"] >= RECONNECTS
    assert found.done["quiet moments"] >= 4
