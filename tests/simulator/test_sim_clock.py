"""The manual clock: it wakes sleepers in order and jumps only when told."""

import asyncio

from tests.support.manual_clock import START, ManualClock


async def test_sleepers_wake_in_order() -> None:
    clock, woken = ManualClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (3, 1, 2)]
    await clock.settle()
    assert (clock.sleepers, clock.next_wake) == (3, 1)
    clock.advance(2)
    await clock.settle()
    assert woken == [1, 2]
    clock.advance(1)
    await asyncio.gather(*tasks)
    assert woken == [1, 2, 3]
    assert clock.next_wake is None


async def test_run_lets_a_sleeper_sleep_again() -> None:
    clock, seen = ManualClock(), []

    async def beat() -> None:
        while True:
            await clock.sleep(1)
            seen.append(clock.wall() - START)

    task = asyncio.create_task(beat())
    await clock.run(3.5)
    assert seen == [1, 2, 3]
    assert clock.wall() == START + 3.5
    task.cancel()
    await clock.settle()
    assert clock.next_wake is None


async def test_wall_jumps_alone() -> None:
    clock = ManualClock()
    before = clock.monotonic()
    clock.jump_wall(-3600)
    assert (clock.wall(), clock.monotonic()) == (START - 3600, before)
    await clock.sleep(0)
