"""What the exporter holds does not grow while everything around it fails."""

from tests.soak.flat import grown, measure


async def test_memory_tasks_threads_and_descriptors_stay_flat() -> None:
    found = await measure(20, seed=1)
    assert grown(found) == [], found.measured
    assert found.done["faults"] > 15
    assert found.done["failed calls"] > 3
    assert found.done["calls"] > 20
    assert found.done["sockets connected"] > 5
