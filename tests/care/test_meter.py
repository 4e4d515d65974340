"""What an account says of itself follows what changes by itself, and costs nothing after that."""

from math import inf

from prometheus_client.parser import text_string_to_metric_families

from exporter.exposition import Exposition
from exporter.meter import Meter, Standing
from exporter.telemetry import Telemetry

CALM = Standing(20.0, 0.0, inf)
NOW = 100.0


class Account:
    """A meter, and what it is told when it asks."""

    def __init__(self) -> None:
        self.page = Exposition()
        self.telemetry = Telemetry(self.page)
        self.standing = CALM
        self.asked = 0
        self.meter = self.another()

    def another(self) -> Meter:
        return self.telemetry.meter("homely", "mine", self._tell)

    def value(self, name: str) -> float | None:
        text = self.page.render(openmetrics=False).decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"home_exporter_{name}":
                    return float(sample.value)
        return None

    def _tell(self) -> Standing:
        self.asked += 1
        return self.standing


def test_nothing_is_known_of_a_success_before_the_first() -> None:
    account = Account()
    account.meter.show(is_up=False)
    assert account.value("account_up") == 0
    assert account.value("account_last_success_timestamp_seconds") is None
    account.meter.succeed(1234.5)
    account.meter.show(is_up=True)
    assert account.value("account_up") == 1
    assert account.value("account_last_success_timestamp_seconds") == 1234.5


def test_whole_calls_are_shown_as_the_budget_fills_again() -> None:
    account = Account()
    for tokens, shown in ((3.0, 3), (3.4, 3), (3.999, 3), (3.9999999, 4), (4.0, 4), (-0.5, 0)):
        account.standing = Standing(tokens, 0.0, NOW)
        account.meter.look()
        account.meter.show(is_up=True)
        assert account.value("budget_tokens") == shown


def test_a_page_does_not_change_for_parts_of_a_call() -> None:
    account = Account()
    account.standing = Standing(3.0, 0.0, NOW)
    account.meter.show(is_up=True)
    generation = account.page.generation
    for tokens in (3.1, 3.5, 3.9):
        account.standing = Standing(tokens, 0.0, NOW)
        account.telemetry.look(NOW)
    assert account.page.generation == generation
    account.standing = Standing(4.1, 0.0, NOW)
    account.telemetry.look(NOW)
    assert account.value("budget_tokens") == 4


def test_nobody_is_asked_before_something_changes() -> None:
    account = Account()
    account.standing = Standing(3.0, 0.0, NOW + 1)
    account.meter.show(is_up=True)
    asked = account.asked
    account.telemetry.look(NOW)
    assert account.asked == asked
    account.telemetry.look(NOW + 1)
    assert account.asked == asked + 1


def test_who_stands_still_is_not_asked_again() -> None:
    account = Account()
    account.standing = Standing(3.0, 0.0, NOW)
    account.meter.show(is_up=True)
    account.standing = CALM
    account.telemetry.look(NOW)
    asked = account.asked
    account.telemetry.look(NOW)
    assert account.asked == asked
    assert account.value("budget_tokens") == 20


def test_the_end_of_a_penalty_does_not_tremble_and_goes_when_it_is_over() -> None:
    account = Account()
    account.standing = Standing(3.0, 1000.0, NOW)
    account.meter.show(is_up=False)
    generation = account.page.generation
    account.standing = Standing(3.0, 1000.0003, NOW)
    account.telemetry.look(NOW)
    assert account.page.generation == generation
    account.standing = Standing(3.0, 2000.0, NOW)
    account.telemetry.look(NOW)
    assert account.value("rate_limited_until_timestamp_seconds") == 2000.0
    account.standing = Standing(3.0, 0.0, NOW)
    account.telemetry.look(NOW)
    assert account.value("rate_limited_until_timestamp_seconds") == 0.0


def test_a_closed_meter_does_not_come_back_over_the_next_of_its_name() -> None:
    account = Account()
    account.standing = Standing(3.0, 0.0, NOW)
    account.meter.show(is_up=False)
    account.meter.close()
    assert account.value("account_up") is None
    account.another().show(is_up=True)
    account.meter.count("home", "success")
    account.meter.show(is_up=False)
    account.meter.look()
    account.telemetry.look(NOW)
    assert account.value("account_up") == 1
    assert account.value("requests_total") is None


def test_a_closed_meter_asks_nothing_any_more() -> None:
    account = Account()
    account.standing = Standing(3.0, 0.0, NOW)
    account.meter.show(is_up=True)
    account.meter.close()
    account.meter.show(is_up=True)
    asked = account.asked
    account.telemetry.look(NOW)
    account.meter.look()
    assert account.asked == asked
