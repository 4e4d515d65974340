"""What the record of calls allows a process that has just started."""

import pytest

from exporter.budget import Bucket, Penalty
from exporter.sources.homely.config import HomelyConfig
from exporter.sources.record import CallRecord
from exporter.state.calls import dump, restore

WALL, NOW = 1_760_000_000.0, 5000.0
CONFIG = HomelyConfig.model_validate({"name": "homely-1", "username": "me@example.com"})


def record(**fields: object) -> CallRecord:
    return CallRecord(Bucket(12.0, 0.01, 3.0, NOW), began=NOW - 100, **fields)  # type: ignore[arg-type]


def after(found: CallRecord, seconds: float, wall: float | None = None) -> CallRecord:
    """Return the record as a process finds it that starts so many seconds later."""
    document = dump(found, CONFIG, WALL, NOW)
    return restore(document, CONFIG, WALL + seconds if wall is None else wall, 77.0)


def test_the_bucket_fills_while_no_process_runs() -> None:
    assert after(record(), 0).bucket.tokens(77.0) == pytest.approx(3.0)
    assert after(record(), 200).bucket.tokens(77.0) == pytest.approx(5.0)
    assert after(record(), 1e6).bucket.tokens(77.0) == 12.0


def test_attempts_and_holds_keep_their_distance() -> None:
    found = record(penalty=Penalty(NOW + 500, 3))
    found.note("home", "h1", NOW - 50)
    later = after(found, 100)
    assert later.penalty == Penalty(77.0 + 400, 3)
    assert later.last("home", "h1") == pytest.approx(77.0 - 150)
    assert later.last("home", "h2") is None


def test_a_restart_tries_refused_credentials_once_and_then_waits_longer() -> None:
    found = record(refused=Penalty(NOW + 3000, 2))
    found.note("token", "", NOW - 50)
    later = after(found, 10)
    assert later.hold("token") <= 77.0
    assert later.refused.step == 2


@pytest.mark.parametrize("wall", [WALL - 86_400, WALL - 1])
def test_a_clock_that_went_back_lets_no_time_have_passed(wall: float) -> None:
    found = record(penalty=Penalty(NOW + 500, 3))
    found.note("home", "h1", NOW - 50)
    later = after(found, 0, wall)
    assert later.penalty.until == pytest.approx(77.0 + 500)
    assert later.last("home", "h1") == pytest.approx(77.0 - 50)
    assert later.bucket.tokens(77.0) == pytest.approx(3.0)


def test_a_hold_of_years_is_the_work_of_a_clock() -> None:
    assert after(record(penalty=Penalty(NOW + 1e9, 3)), 0).penalty.until == 77.0 + 7 * 3600


def test_a_call_that_succeeded_is_due_after_its_interval() -> None:
    found = record(attempts={"home h1": 10.0})
    assert found.due("home", "h1", had=11.0, wait=300.0, gap=60.0) == 311.0


def test_a_call_that_failed_is_due_after_a_gap() -> None:
    found = record(attempts={"home h1": 10.0})
    assert found.due("home", "h1", had=9.0, wait=300.0, gap=60.0) == 70.0
    assert found.due("home", "h1", had=float("-inf"), wait=300.0, gap=60.0) == 70.0


def test_a_call_that_was_never_made_is_due_now() -> None:
    found = record()
    assert found.due("home", "h1", had=float("-inf"), wait=300.0, gap=60.0) == found.began


def test_quick_restarts_lengthen_the_wait_for_the_same_call() -> None:
    found, waits = record(), []
    found.note("token", "", NOW)
    for _ in range(12):
        found = restore(dump(found, CONFIG, WALL, NOW), CONFIG, WALL, NOW)
        waits.append(max(0.0, found.hold("token") - NOW))
        assert found.hold("home", "h1") <= NOW, "another call was not made before"
    assert waits == [0, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


def test_a_process_that_lived_ends_the_row_of_restarts() -> None:
    found = after(after(after(record(), 1), 2), 3)
    assert found.restarts == 3
    found.note("token", "", 77.0 + 599)
    assert found.restarts == 3
    found.note("token", "", 77.0 + 601)
    assert found.restarts == 0


def test_another_choice_of_locations_is_another_listing() -> None:
    found = record(listed=(NOW - 60, 2))
    document = dump(found, CONFIG, WALL, NOW)
    same = restore(document, CONFIG, WALL, 77.0)
    assert same.listed == (17.0, 2)
    other = CONFIG.model_copy(
        update={"locations": CONFIG.locations.model_copy(update={"exclude": ("x",)})}
    )
    assert restore(document, other, WALL, 77.0).listed is None


def test_attempts_at_locations_that_are_gone_are_forgotten() -> None:
    found = record(attempts={"home a": 1.0, "home b": 2.0, "token": 3.0})
    found.forget({"a"})
    assert found.attempts == {"home a": 1.0, "token": 3.0}
