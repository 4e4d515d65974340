"""When something is due: once, at its time, whatever becomes of the wall clock."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from exporter.clock import Clock, SystemClock
from exporter.schedule import Planner
from tests.care.rig import DAY, HOUR
from tests.support.manual_clock import ManualClock
from tests.support.waiting import eventually
from tests.support.wall import Wall

# How long a test watches that nothing happens which must not happen.
A_WHILE = 0.15


@dataclass
class Diary:
    """What was called back, and when by the clock."""

    clock: Clock
    entries: list[tuple[str, float]] = field(default_factory=list)

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.entries.append((name, self.clock.monotonic()))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.entries]


@pytest.fixture
async def planner(clock: ManualClock) -> AsyncIterator[Planner]:
    made = Planner(clock)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def diary(clock: ManualClock) -> Diary:
    return Diary(clock)


async def pass_time(planner: Planner, clock: ManualClock, seconds: float) -> None:
    """Move the clock and let the planner look at it, as the exporter does each second."""
    clock.advance(seconds)
    planner.watch_clocks()
    await asyncio.sleep(0.02)


async def test_a_plan_fires_once_and_at_its_time(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    due = clock.monotonic() + HOUR
    planner.at("a", due, diary.note("a"))
    await pass_time(planner, clock, HOUR - 10)
    assert diary.entries == []
    assert planner.due("a") == due
    await pass_time(planner, clock, 10)
    assert diary.entries == [("a", due)]
    assert planner.due("a") is None
    for _ in range(5):
        await pass_time(planner, clock, HOUR)
    assert diary.names == ["a"]


@pytest.mark.parametrize("late", [0.0, 1.0, DAY])
async def test_a_plan_in_the_past_fires_now(
    planner: Planner, clock: ManualClock, diary: Diary, late: float
) -> None:
    planner.at("a", clock.monotonic() - late, diary.note("a"))
    await eventually(lambda: diary.names == ["a"])


async def test_a_plan_that_is_due_soon_fires_on_real_time() -> None:
    clock = SystemClock()
    planner, diary = Planner(clock), Diary(clock)
    planner.start()
    due = clock.monotonic() + 0.2
    planner.at("a", due, diary.note("a"))
    await eventually(lambda: bool(diary.entries))
    planner.stop()
    assert 0 <= diary.entries[0][1] - due < 2


async def test_a_plan_of_the_same_key_is_replaced(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    now = clock.monotonic()
    planner.at("a", now + HOUR, diary.note("first"))
    planner.at("a", now + 2 * HOUR, diary.note("second"))
    await pass_time(planner, clock, HOUR)
    assert diary.entries == []
    await pass_time(planner, clock, HOUR)
    assert diary.names == ["second"]


async def test_a_plan_can_be_brought_forward(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    planner.at("a", clock.monotonic() + HOUR, diary.note("late"))
    planner.at("a", clock.monotonic(), diary.note("soon"))
    await eventually(lambda: diary.names == ["soon"])
    await pass_time(planner, clock, 2 * HOUR)
    assert diary.names == ["soon"]


async def test_a_plan_that_is_replaced_while_it_falls_due_fires_once(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    for number in range(50):
        planner.at("a", clock.monotonic(), diary.note(f"{number}"))
        await asyncio.sleep(0)
    await asyncio.sleep(A_WHILE)
    assert diary.names[-1] == "49"
    assert len(set(diary.names)) == len(diary.names)
    assert planner.due("a") is None


async def test_a_cancelled_plan_does_not_fire(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    planner.at("a", clock.monotonic() + HOUR, diary.note("a"))
    planner.at("b", clock.monotonic() + HOUR, diary.note("b"))
    planner.cancel("a")
    assert planner.due("a") is None
    await pass_time(planner, clock, HOUR)
    assert diary.names == ["b"]


async def test_a_plan_can_be_cancelled_in_the_instant_it_is_due(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    planner.at("a", clock.monotonic(), diary.note("a"))
    planner.cancel("a")
    await asyncio.sleep(A_WHILE)
    assert diary.entries == []


async def test_cancelling_what_is_not_planned_does_nothing(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    planner.cancel("never")
    planner.at("a", clock.monotonic(), diary.note("a"))
    await eventually(lambda: diary.names == ["a"])
    planner.cancel("a")
    assert planner.due("a") is None


async def test_an_action_may_plan_itself_again(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    def again() -> None:
        diary.note("a")()
        planner.at("a", clock.monotonic() + 60, again)

    planner.at("a", clock.monotonic(), again)
    await eventually(lambda: len(diary.entries) == 1)
    for count in range(2, 12):
        await pass_time(planner, clock, 60)
        assert len(diary.entries) == count


async def test_many_plans_at_once_all_fire_once(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    names = [f"home-{number}" for number in range(500)]
    for name in names:
        planner.at(name, clock.monotonic() + 60, diary.note(name))
    clock.advance(60)
    planner.watch_clocks()
    await eventually(lambda: len(diary.entries) >= len(names))
    await asyncio.sleep(A_WHILE)
    assert sorted(diary.names) == sorted(names)


async def test_an_action_that_fails_does_not_hurt_the_others(
    planner: Planner, clock: ManualClock, diary: Diary
) -> None:
    def fail() -> None:
        raise RuntimeError

    planner.at("a", clock.monotonic(), fail)
    planner.at("b", clock.monotonic(), diary.note("b"))
    planner.at("c", clock.monotonic() + 60, diary.note("c"))
    await eventually(lambda: diary.names == ["b"])
    await pass_time(planner, clock, 60)
    assert diary.names == ["b", "c"]
    planner.at("a", clock.monotonic(), diary.note("a"))
    await eventually(lambda: diary.names == ["b", "c", "a"])


async def test_a_planner_that_is_stopped_calls_nothing_back(clock: ManualClock) -> None:
    planner, diary = Planner(clock), Diary(clock)
    planner.start()
    planner.at("a", clock.monotonic(), diary.note("a"))
    planner.at("b", clock.monotonic() + 60, diary.note("b"))
    planner.stop()
    clock.advance(60)
    planner.watch_clocks()
    await asyncio.sleep(A_WHILE)
    assert diary.entries == []
    planner.stop()


# --- the wall clock is set


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Return the hand that sets the wall clock; real time goes on beneath it."""
    return Wall(monkeypatch)


@pytest.fixture
def real() -> SystemClock:
    return SystemClock()


@pytest.fixture
async def at_work(wall: Wall, real: SystemClock) -> AsyncIterator[Planner]:
    """Return a planner whose wall clock can be set."""
    assert wall.offset == timedelta()
    made = Planner(real)
    made.start()
    yield made
    made.stop()


JUMPS = [-DAY, DAY, -HOUR, HOUR, -2.0, 2.0, -3650 * DAY, 3650 * DAY]


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_wall_clock_that_is_set_does_not_move_a_plan(
    at_work: Planner, wall: Wall, real: SystemClock, jump: float
) -> None:
    diary, due = Diary(real), real.monotonic() + 0.3
    at_work.at("soon", due, diary.note("soon"))
    at_work.at("late", due + HOUR, diary.note("late"))
    await asyncio.sleep(0.02)
    wall.jump(jump)
    at_work.watch_clocks()
    await eventually(lambda: bool(diary.entries))
    assert 0 <= diary.entries[0][1] - due < 2
    await asyncio.sleep(A_WHILE)
    assert diary.names == ["soon"]
    assert at_work.due("late") == due + HOUR


async def test_a_plan_is_not_early_though_nobody_has_seen_the_jump_yet(
    at_work: Planner, wall: Wall, real: SystemClock
) -> None:
    diary = Diary(real)
    at_work.at("late", real.monotonic() + HOUR, diary.note("late"))
    wall.jump(DAY)
    at_work.at("now", real.monotonic(), diary.note("now"))  # wakes the scheduler up
    await eventually(lambda: "now" in diary.names)
    await asyncio.sleep(A_WHILE)
    assert diary.names == ["now"]
    assert at_work.due("late") is not None


async def test_a_plan_that_was_woken_too_early_fires_at_its_time_all_the_same(
    at_work: Planner, wall: Wall, real: SystemClock
) -> None:
    diary, due = Diary(real), real.monotonic() + 1.4
    at_work.at("late", due, diary.note("late"))
    wall.jump(DAY)
    at_work.at("now", real.monotonic(), diary.note("now"))  # wakes the scheduler up
    await eventually(lambda: diary.names == ["now"])
    await eventually(lambda: diary.names == ["now", "late"])
    assert diary.entries[1][1] >= due - 0.01


async def test_a_repeated_plan_goes_on_over_every_jump(
    at_work: Planner, wall: Wall, real: SystemClock
) -> None:
    diary = Diary(real)

    def again() -> None:
        diary.note("a")()
        at_work.at("a", real.monotonic() + 0.05, again)

    at_work.at("a", real.monotonic(), again)
    for number, jump in enumerate(JUMPS, start=1):
        wall.jump(jump)
        at_work.watch_clocks()
        await eventually(lambda number=number: len(diary.entries) >= 2 * number)  # type: ignore[misc]
    moments = [moment for _, moment in diary.entries]
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert min(gaps) > 0.04, "none was doubled"


async def test_a_clock_that_creeps_is_no_jump(
    at_work: Planner, wall: Wall, real: SystemClock
) -> None:
    diary, due = Diary(real), real.monotonic() + 0.3
    at_work.at("a", due, diary.note("a"))
    for _ in range(20):
        wall.jump(0.01)
        at_work.watch_clocks()
    await eventually(lambda: bool(diary.entries))
    assert diary.names == ["a"]
    assert abs(diary.entries[0][1] - due) < 2
