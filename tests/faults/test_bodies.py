"""The cloud answers with a body that is late, broken, huge or of another shape."""

from tests.faults.drill import Drill


async def hangs(drill: Drill) -> None:
    # The real limit is proved where calls are; here nobody waits for it.
    drill.calls.hurry()
    await drill.strike()
    await drill.lasts()
    drill.calls.relax()
    await drill.ends()


async def test_hang_before_a_body(drill: Drill) -> None:
    await hangs(drill)


async def test_hang_in_the_middle_of_a_body(drill: Drill) -> None:
    await hangs(drill)


async def test_truncated_json(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()


async def test_gzip_bomb(drill: Drill) -> None:
    await drill.strike(endpoint=drill.cloud.endpoint)
    await drill.lasts()
    await drill.ends()


async def test_200_with_an_object_for_a_list(drill: Drill) -> None:
    await drill.strike(endpoint=drill.cloud.listing)
    await drill.strike(endpoint=drill.cloud.endpoint)
    await drill.lasts()
    await drill.ends()


async def test_200_with_html(drill: Drill) -> None:
    await drill.strike()
    await drill.lasts()
    await drill.ends()
