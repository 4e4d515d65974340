"""A few thousand of the payloads that `make fuzz` throws by the hundred thousand."""

from tests.fuzz.run import Fuzzer, logged


def test_no_payload_breaks_the_page_or_lets_anything_out() -> None:
    with logged() as log:
        fuzzer = Fuzzer(2, log)
        fuzzer.run(2500)
    assert fuzzer.counts["events"] - fuzzer.counts["events without effect"] > 150
    assert fuzzer.counts["callbacks"] - fuzzer.counts["callbacks without effect"] > 100
    assert fuzzer.counts["refused bodies"] > 20
    assert fuzzer.look.families > 1000
