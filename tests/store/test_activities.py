"""Wally's activities: each (snid, type, created) once, by callback or poll, never going back."""

import pytest

from exporter.model import Applied
from tests.mapping.payloads import DOCUMENTED_KINDS, SENSOR, Json, activity, sensor, trait
from tests.store.bench import DAY, HOUR, WALLY_POLICY, Served, WallyBench

KIND = "mold_risk"
MINUTE = 60.0


def listing(*activities: Json) -> Json:
    return sensor({}, activities=list(activities))


def told(bench: WallyBench, progress: str, created: str, kind: str = KIND) -> Applied:
    (applied,) = bench.callback(activity(kind, progress, created))
    return applied


def ongoing(bench: WallyBench, kind: str = KIND) -> tuple[float | None, float | None]:
    """Return how many activities are open and how many acknowledged."""
    served = bench.served()
    opened = served.get(f'home_activities{{activity="{kind}",state="open"}}')
    return opened, served.get(f'home_activities{{activity="{kind}",state="acknowledged"}}')


def total(bench: WallyBench, kind: str = KIND) -> float:
    return bench.served()[f'home_activities_total{{activity="{kind}"}}']


def totals(served: Served) -> Served:
    return {s: v for s, v in served.items() if s.startswith("home_activities_total")}


def test_the_documented_kinds_are_preset_to_0(wally: WallyBench) -> None:
    wally.poll(listing())
    assert totals(wally.served()) == {
        f'home_activities_total{{activity="{kind}"}}': 0.0 for kind in DOCUMENTED_KINDS
    }
    assert not any(series.startswith("home_activities{") for series in wally.served())


def test_what_the_first_poll_lists_is_the_baseline(wally: WallyBench) -> None:
    wally.poll(listing(activity(KIND)))
    assert ongoing(wally) == (1.0, 0.0)
    assert total(wally) == 0.0


def test_a_new_one_of_a_poll_is_counted(wally: WallyBench) -> None:
    wally.poll(listing())
    wally.poll(listing(activity(KIND)))
    wally.poll(listing(activity(KIND)))
    assert ongoing(wally) == (1.0, 0.0)
    assert total(wally) == 1.0


def test_it_goes_from_open_to_acknowledged_to_resolved(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(listing())
    assert told(wally, "open", created) is Applied.APPLIED
    assert ongoing(wally) == (1.0, 0.0)
    told(wally, "acknowledged", created)
    assert ongoing(wally) == (0.0, 1.0)
    told(wally, "resolved", created)
    assert ongoing(wally) == (0.0, 0.0)
    assert total(wally) == 1.0


def test_a_poll_moves_it_as_well(wally: WallyBench) -> None:
    created = wally.ago(0)
    expected = {"open": (1.0, 0.0), "acknowledged": (0.0, 1.0), "resolved": (0.0, 0.0)}
    wally.poll(listing())
    for progress, numbers in expected.items():
        wally.poll(listing(activity(KIND, progress, created)))
        assert ongoing(wally) == numbers
    assert total(wally) == 1.0


@pytest.mark.parametrize("late", ["open", "acknowledged"])
def test_a_late_callback_never_undoes_resolved(wally: WallyBench, late: str) -> None:
    created = wally.ago(0)
    wally.poll(listing())
    told(wally, "resolved", created)
    assert told(wally, late, created) is Applied.DUPLICATE
    assert ongoing(wally) == (0.0, 0.0)
    assert total(wally) == 1.0


def test_a_late_open_never_undoes_acknowledged(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(listing())
    told(wally, "acknowledged", created)
    told(wally, "open", created)
    assert ongoing(wally) == (0.0, 1.0)


def test_a_callback_that_arrives_twice_counts_once(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(listing())
    assert told(wally, "open", created) is Applied.APPLIED
    assert told(wally, "open", created) is Applied.DUPLICATE
    assert ongoing(wally) == (1.0, 0.0)
    assert total(wally) == 1.0


def test_callback_and_poll_count_it_once_in_either_order(wally: WallyBench) -> None:
    wally.poll(listing())
    first, second = wally.ago(5), wally.ago(0)
    told(wally, "open", first)
    wally.clock.advance(1)
    wally.poll(listing(activity(KIND, "open", first), activity(KIND, "open", second)))
    told(wally, "open", second)
    assert ongoing(wally) == (2.0, 0.0)
    assert total(wally) == 2.0


def test_the_identity_is_the_kind_and_when_it_was_created(wally: WallyBench) -> None:
    wally.poll(listing())
    told(wally, "open", wally.ago(0))
    told(wally, "open", wally.ago(1))
    told(wally, "open", wally.ago(0), "rh_too_high")
    assert (total(wally), total(wally, "rh_too_high")) == (2.0, 1.0)
    assert ongoing(wally) == (2.0, 0.0)
    assert ongoing(wally, "rh_too_high") == (1.0, 0.0)


def test_one_time_in_two_forms_is_one_identity(wally: WallyBench) -> None:
    wally.poll(listing())
    told(wally, "open", "2025-10-09T08:53:20.000Z")
    told(wally, "open", "2025-10-09T10:53:20+02:00")
    assert total(wally) == 1.0


def test_activities_of_two_sensors_are_apart(wally: WallyBench) -> None:
    wally.poll(listing(), sensor({}, snid="sn-2"))
    wally.callback(activity(KIND, snid="sn-2"))
    assert ongoing(wally) == (None, None)
    assert total(wally) == 0.0
    assert wally.served("sn-2")[f'home_activities_total{{activity="{KIND}"}}'] == 1.0


def test_an_unknown_kind_is_counted_from_when_it_is_seen(wally: WallyBench) -> None:
    wally.poll(listing())
    told(wally, "open", wally.ago(0), "smoke_signal")
    assert ongoing(wally, "smoke_signal") == (1.0, 0.0)
    assert total(wally, "smoke_signal") == 1.0


def test_one_that_a_single_poll_omits_stays(wally: WallyBench) -> None:
    wally.poll(listing(activity(KIND)))
    wally.poll(listing())
    assert ongoing(wally) == (1.0, 0.0)
    wally.poll(listing(activity(KIND)))
    wally.poll(listing())
    assert ongoing(wally) == (1.0, 0.0)


def test_one_that_two_polls_omit_is_gone_and_shows_0(wally: WallyBench) -> None:
    wally.poll(listing(activity(KIND), activity(KIND, created=wally.ago(60))))
    for _ in range(2):
        wally.poll(listing(activity(KIND)))
    assert ongoing(wally) == (1.0, 0.0)
    for _ in range(2):
        wally.poll(listing())
    assert ongoing(wally) == (0.0, 0.0)


def test_one_that_returns_is_not_counted_again(wally: WallyBench) -> None:
    wally.poll(listing())
    for _ in range(2):
        wally.poll(listing(activity(KIND)))
        wally.poll(listing())
        wally.poll(listing())
    wally.poll(listing(activity(KIND)))
    assert ongoing(wally) == (1.0, 0.0)
    assert total(wally) == 1.0


def test_polls_in_flight_do_not_omit_what_a_callback_told(wally: WallyBench) -> None:
    wally.poll(listing())
    began = wally.clock.monotonic()
    wally.clock.advance(1)
    told(wally, "open", wally.ago(0))
    for _ in range(3):
        wally.poll(listing(), began=began)
    assert ongoing(wally) == (1.0, 0.0)
    wally.poll(listing())
    wally.poll(listing())
    assert ongoing(wally) == (0.0, 0.0)


def test_a_poll_in_flight_does_not_take_a_callback_back(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(listing(activity(KIND, "open", created)))
    began = wally.clock.monotonic()
    wally.clock.advance(1)
    told(wally, "resolved", created)
    wally.poll(listing(activity(KIND, "open", created)), began=began)
    assert ongoing(wally) == (0.0, 0.0)


def test_one_that_is_gone_does_not_come_back_with_a_callback_that_repeats(
    wally: WallyBench,
) -> None:
    created = wally.ago(0)
    wally.poll(listing())
    told(wally, "open", created)
    for _ in range(2):
        wally.clock.advance(MINUTE)
        wally.poll(listing())
    assert ongoing(wally) == (0.0, 0.0)
    assert told(wally, "open", created) is Applied.DUPLICATE
    assert ongoing(wally) == (0.0, 0.0)
    told(wally, "acknowledged", created)
    assert ongoing(wally) == (0.0, 1.0), "that is news"


class TestOfASensorThatIsNewAtAPlace:
    """What began before the place's poll before is its history, the rest is news."""

    def shown(self, bench: WallyBench, *ages: float | None) -> Json:
        """Return the new sensor with alerts of these ages."""
        created = ["long ago" if age is None else bench.ago(age) for age in ages]
        return sensor({}, snid="sn-new", activities=[activity(KIND, "open", c) for c in created])

    def counted(self, bench: WallyBench) -> float:
        return bench.served("sn-new")[f'home_activities_total{{activity="{KIND}"}}']

    def test_its_old_alerts_are_shown_and_not_counted(self, wally: WallyBench) -> None:
        wally.poll(listing())
        wally.clock.advance(MINUTE)
        old = self.shown(wally, MINUTE, MINUTE + 1, DAY, None)
        for _ in range(3):
            wally.poll(listing(), old)
            wally.clock.advance(MINUTE)
        assert self.counted(wally) == 0.0
        series = f'home_activities{{activity="{KIND}",state="open"}}'
        assert wally.served("sn-new")[series] == 4.0

    def test_what_began_since_the_poll_before_is_counted(self, wally: WallyBench) -> None:
        wally.poll(listing())
        wally.clock.advance(MINUTE)
        wally.poll(listing(), self.shown(wally, 1, MINUTE - 1, MINUTE + 1))
        assert self.counted(wally) == 2.0

    def test_of_a_place_never_polled_all_is_history(self, wally: WallyBench) -> None:
        wally.poll(self.shown(wally, 0, -1, 1))
        assert self.counted(wally) == 0.0

    def test_a_sensor_that_returns_brings_its_alerts_along_as_history(
        self, wally: WallyBench
    ) -> None:
        wally.poll(listing())
        wally.clock.advance(MINUTE)
        wally.poll(listing(), self.shown(wally, 1))
        assert self.counted(wally) == 1.0
        for _ in range(2):
            wally.clock.advance(MINUTE)
            wally.poll(listing())
        assert wally.served("sn-new") == {}
        wally.clock.advance(MINUTE)
        wally.poll(listing(), self.shown(wally, 3 * MINUTE + 1, 2 * MINUTE, 5))
        assert self.counted(wally) == 1.0, "the one of while it was away, 5 s ago"

    def test_the_alerts_of_one_that_is_known_count_however_old(self, wally: WallyBench) -> None:
        wally.poll(self.shown(wally))
        wally.clock.advance(MINUTE)
        wally.poll(self.shown(wally, DAY, None))
        assert self.counted(wally) == 2.0


class TestOfAnUnknownSensor:
    def test_a_callback_is_kept_until_a_poll_shows_it(self, wally: WallyBench) -> None:
        assert told(wally, "open", wally.ago(0)) is Applied.UNKNOWN_DEVICE
        assert wally.devices() == set()
        wally.clock.advance(MINUTE)
        wally.poll(listing())
        assert ongoing(wally) == (1.0, 0.0)
        assert total(wally) == 1.0

    def test_a_callback_that_the_first_poll_also_lists_is_counted_once(
        self, wally: WallyBench
    ) -> None:
        created = wally.ago(0)
        told(wally, "open", created)
        wally.clock.advance(MINUTE)
        wally.poll(listing(activity(KIND, "acknowledged", created)))
        assert ongoing(wally) == (0.0, 1.0)
        assert total(wally) == 1.0

    def test_callbacks_are_applied_in_their_order(self, wally: WallyBench) -> None:
        created = wally.ago(0)
        told(wally, "resolved", created)
        told(wally, "open", created)
        wally.poll(listing())
        assert ongoing(wally) == (0.0, 0.0)

    def test_a_callback_is_applied_once(self, wally: WallyBench) -> None:
        told(wally, "open", wally.ago(0))
        wally.poll(listing())
        wally.poll()
        wally.poll()
        assert wally.devices() == set()
        wally.poll(listing())
        assert ongoing(wally) == (None, None)

    def test_another_accounts_callback_does_not_reach_the_sensor(self, wally: WallyBench) -> None:
        wally.poll(listing())
        assert wally.callback(activity(KIND), "account-2") == [Applied.UNKNOWN_DEVICE]
        assert ongoing(wally) == (None, None)

    def test_100_sensors_are_waited_for_and_no_more(self, wally: WallyBench) -> None:
        for number in range(100):
            payload = activity(KIND, snid=f"sn-{number}")
            assert wally.callback(payload) == [Applied.UNKNOWN_DEVICE]
        assert wally.callback(activity(KIND, snid="sn-100")) == [Applied.DROPPED]
        again = activity("alarm", snid="sn-7")
        assert wally.callback(again) == [Applied.UNKNOWN_DEVICE]
        other = activity(KIND, snid="sn-100")
        assert wally.callback(other, "account-2") == [Applied.UNKNOWN_DEVICE]

        wally.poll(*(sensor({}, snid=f"sn-{number}") for number in (7, 99, 100)))
        shown = [
            snid
            for snid in ("sn-7", "sn-99", "sn-100")
            if wally.served(snid)[f'home_activities_total{{activity="{KIND}"}}']
        ]
        assert shown == ["sn-7", "sn-99"]

    def test_a_sensor_that_is_shown_makes_room(self, wally: WallyBench) -> None:
        for number in range(100):
            wally.callback(activity(KIND, snid=f"sn-{number}"))
        wally.poll(sensor({}, snid="sn-0"))
        assert wally.callback(activity(KIND, snid="sn-new")) == [Applied.UNKNOWN_DEVICE]

    def test_one_sensor_has_room_for_100_callbacks(self, wally: WallyBench) -> None:
        for number in range(100):
            assert told(wally, "open", wally.ago(number)) is Applied.UNKNOWN_DEVICE
        assert told(wally, "open", wally.ago(100)) is Applied.DROPPED

    def test_a_callback_that_comes_150_times_takes_the_room_of_one(self, wally: WallyBench) -> None:
        created = wally.ago(0)
        for _ in range(150):
            assert told(wally, "open", created) is Applied.UNKNOWN_DEVICE
        assert told(wally, "resolved", created) is Applied.UNKNOWN_DEVICE
        for number in range(1, 100):
            assert told(wally, "open", wally.ago(number)) is Applied.UNKNOWN_DEVICE
        assert told(wally, "resolved", wally.ago(99)) is Applied.UNKNOWN_DEVICE
        assert told(wally, "open", wally.ago(100)) is Applied.DROPPED
        wally.poll(listing())
        assert ongoing(wally) == (98.0, 0.0)
        assert total(wally) == 100.0

    def test_sensors_that_are_not_shown_for_a_week_make_room(self, wally: WallyBench) -> None:
        for number in range(100):
            wally.callback(activity(KIND, snid=f"sn-{number}"))
        wally.clock.advance(7 * DAY)
        assert wally.callback(activity(KIND, snid="sn-new")) == [Applied.DROPPED]
        wally.clock.advance(1)
        assert wally.callback(activity(KIND, snid="sn-new")) == [Applied.UNKNOWN_DEVICE]
        wally.poll(*(sensor({}, snid=name) for name in ("sn-0", "sn-new")))
        series = f'home_activities_total{{activity="{KIND}"}}'
        assert wally.served("sn-0")[series] == 0.0
        assert wally.served("sn-new")[series] == 1.0

    def test_a_callback_about_the_past_is_no_sign_of_life_when_it_is_shown(
        self, wally: WallyBench
    ) -> None:
        told(wally, "open", wally.ago(5 * DAY), "alarm")
        old = wally.now - 3 * HOUR
        traits = {"TEMP": trait(21, old), "LEAK": trait(0, old)}
        wally.poll(sensor(traits))
        assert "home_leak_detected" not in wally.served()

    def test_a_callback_is_a_sign_of_life_when_it_is_shown(self, wally: WallyBench) -> None:
        told(wally, "open", wally.ago(60), "alarm")
        old = wally.now - 3 * HOUR
        traits = {"TEMP": trait(21, old), "LEAK": trait(0, old)}
        wally.poll(sensor(traits))
        assert wally.served()["home_leak_detected"] == 0.0

    def test_the_sensor_may_be_at_any_location_of_the_account(self, wally: WallyBench) -> None:
        wally.add("place-2", WALLY_POLICY)
        wally.poll(listing())
        wally.key = ("wally", "place-2")
        wally.poll(sensor({}, snid="sn-2"))
        assert wally.callback(activity(KIND, snid="sn-2")) == [Applied.APPLIED]
        served = wally.served("sn-2")
        assert served[f'home_activities{{activity="{KIND}",state="open"}}'] == 1.0
        assert 'home_location_updated_timestamp_seconds{source="push"}' in wally.location()
        assert 'home_location_updated_timestamp_seconds{source="push"}' not in wally.location(
            "place-1"
        )


def test_a_sensor_holds_100_activities_and_counts_every_one(wally: WallyBench) -> None:
    wally.poll(listing())
    for number in range(1, 105):
        assert told(wally, "open", wally.ago(number)) is Applied.APPLIED
        assert ongoing(wally) == (min(number, 100.0), 0.0)
    assert total(wally) == 104.0


@pytest.mark.parametrize("count", [100, 101, 150])
def test_a_long_list_is_counted_once(wally: WallyBench, count: int) -> None:
    wally.poll(listing())
    listed = [activity(KIND, "resolved", wally.ago(MINUTE * n)) for n in range(count)]
    for _ in range(4):
        wally.clock.advance(MINUTE)
        wally.poll(listing(*listed))
        assert total(wally) == 100.0
        listed.reverse()


def test_what_is_new_in_a_full_list_is_counted_once(wally: WallyBench) -> None:
    listed = [activity(KIND, "resolved", wally.ago(MINUTE * n)) for n in range(100)]
    wally.poll(listing(*listed))
    wally.clock.advance(MINUTE)
    newest = activity(KIND, "open", wally.ago(0))
    for order in ([newest, *listed], [*listed, newest]):
        wally.poll(listing(*order))
        assert total(wally) == 1.0
        assert ongoing(wally) == (1.0, 0.0)


def test_room_is_made_by_forgetting_what_is_over_first(wally: WallyBench) -> None:
    wally.poll(listing())
    for number in range(99):
        told(wally, "resolved", wally.ago(number))
    told(wally, "open", wally.ago(1000))
    for number in range(50):
        told(wally, "open", wally.ago(2000 + number), "rh_too_high")
    assert ongoing(wally) == (1.0, 0.0)
    assert ongoing(wally, "rh_too_high") == (50.0, 0.0)


def test_an_alert_that_goes_on_for_weeks_stays(wally: WallyBench) -> None:
    created = wally.ago(0)
    wally.poll(listing(activity(KIND, "open", created)))
    for _ in range(30):
        wally.pass_time(DAY)
        wally.poll(listing(activity(KIND, "open", created)))
    assert ongoing(wally) == (1.0, 0.0)
    assert total(wally) == 0.0


def test_an_alert_outlives_a_cloud_that_was_silent_for_weeks(wally: WallyBench) -> None:
    wally.poll(listing(activity(KIND)))
    wally.pass_time(30 * DAY)
    wally.poll(listing())
    assert ongoing(wally) == (1.0, 0.0)
    wally.poll(listing())
    assert ongoing(wally) == (0.0, 0.0)


def test_a_callback_names_its_sensor_whatever_the_blanks(wally: WallyBench) -> None:
    wally.poll(listing())
    assert wally.callback(activity(KIND, snid=f" {SENSOR} ")) == [Applied.APPLIED]
    assert ongoing(wally) == (1.0, 0.0)
