"""Which shard owns an account: the same everywhere and for ever, and evenly spread."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.shard import ALONE, Shard, jump, owner, parse_ordinal

NAMES = st.text(min_size=1, max_size=128)
KEYS = st.integers(0, 2**64 - 1)
TOTALS = st.integers(1, 1000)

#: As published with Guava (Hashing.consistentHash of 0 to 19 over 100) and go-jump.
GOLDEN_100 = [0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83]
GOLDEN_GROWTH = {
    0: [0] * 19,
    1: [0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17],
    0xDEADBEEF: [0, 1, 2, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 16, 16, 16],
    0x0DDC0FFEEBADF00D: [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 15, 15, 15, 15],
}
GOLDEN = [
    (10863919174838991, 11, 6),
    (2016238256797177309, 11, 3),
    (1673758223894951030, 11, 5),
    (2, 100001, 80343),
    (2201, 100001, 22152),
    (2202, 100001, 15018),
]

#: Owners among 1, 2, 3, 4, 8, 16, 64 and 1000 shards. A change here moves everybody's accounts:
#: their penalties and budgets are then with another shard than their calls.
OWNERS = {
    "homely-1": [0, 1, 1, 3, 6, 9, 34, 255],
    "wally-1": [0, 1, 2, 2, 6, 6, 23, 268],
    "cabin": [0, 1, 2, 2, 2, 2, 29, 29],
    "Hytta på fjellet": [0, 0, 2, 2, 6, 6, 26, 657],
    "家": [0, 1, 1, 1, 1, 1, 35, 788],
    "x" * 128: [0, 1, 1, 1, 1, 14, 14, 347],
}


def test_the_jump_hash_is_the_published_one() -> None:
    assert [jump(key, 100) for key in range(20)] == GOLDEN_100
    assert [jump(key, buckets) for key, buckets, _ in GOLDEN] == [found for _, _, found in GOLDEN]
    for key, owners in GOLDEN_GROWTH.items():
        assert [jump(key, buckets) for buckets in range(1, 20)] == owners


@pytest.mark.parametrize("name", OWNERS)
def test_an_account_stays_where_it_always_was(name: str) -> None:
    totals = (1, 2, 3, 4, 8, 16, 64, 1000)
    assert [owner(name, total) for total in totals] == OWNERS[name]


def test_every_process_finds_the_same() -> None:
    code = "import sys; from exporter.shard import owner; print(owner(sys.argv[1], 1000))"
    arguments = [sys.executable, "-c", code, "Hytta på fjellet"]
    for seed in ("1", "2"):
        environ = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"}
        found = subprocess.run(arguments, env=environ, capture_output=True, check=True, text=True)
        assert found.stdout == "657\n"


@given(name=NAMES, total=TOTALS)
def test_every_account_has_exactly_one_owner(name: str, total: int) -> None:
    assert [Shard(one, total).owns(name) for one in range(total)].count(True) == 1


@given(name=NAMES, total=TOTALS)
def test_with_a_shard_more_accounts_move_only_to_it(name: str, total: int) -> None:
    assert owner(name, total + 1) in (owner(name, total), total)


@given(key=KEYS, total=TOTALS)
def test_a_key_moves_only_to_the_bucket_that_is_new(key: int, total: int) -> None:
    assert jump(key, total + 1) in (jump(key, total), total)


@given(name=NAMES)
def test_one_shard_owns_all(name: str) -> None:
    assert ALONE.owns(name)


@pytest.mark.parametrize("form", ["homely-{}", "customer-{:05}", "{}", "0000000{}-cabin"])
@pytest.mark.parametrize("total", [2, 4, 7, 16, 50])
def test_accounts_are_spread_evenly_whatever_their_names_are_like(form: str, total: int) -> None:
    count = 1000 * total
    found = Counter(owner(form.format(number), total) for number in range(count))
    assert len(found) == total
    # Five standard deviations of a fair choice: what is fixed by a hash either holds or not.
    allowed = 5 * (count / total * (1 - 1 / total)) ** 0.5
    assert all(abs(share - count / total) < allowed for share in found.values())


@pytest.mark.parametrize("total", [1, 3, 9])
def test_a_shard_more_takes_its_share_and_no_more(total: int) -> None:
    names = [f"account-{number}" for number in range(5000)]
    moved = sum(owner(name, total) != owner(name, total + 1) for name in names)
    assert moved == pytest.approx(len(names) / (total + 1), rel=0.2)


@pytest.mark.parametrize(("ordinal", "total"), [(-1, 1), (1, 1), (4, 4), (0, 0)])
def test_a_shard_is_one_of_those_there_are(ordinal: int, total: int) -> None:
    with pytest.raises(ValueError, match="expected a shard from 0 to"):
        Shard(ordinal, total)


@pytest.mark.parametrize(
    ("text", "ordinal"),
    [("0", 0), ("17", 17), ("home-exporter-3", 3), ("a-0", 0), ("x.y-12-4", 4), ("v2-10", 10)],
)
def test_a_shard_is_named_by_number_or_by_its_pod(text: str, ordinal: int) -> None:
    assert parse_ordinal(text) == ordinal


NO_SHARDS = ["", "-1", "--1", "1.5", "home-exporter", "home-exporter-", "home-exporter3", "-a-1"]
NO_SHARDS += [" 1", "1 ", "1\n", "+1", "a-1\n", "٣", "1e3", "0x1", "1_000", "9" * 10, "home_x-1 2"]


@pytest.mark.parametrize("text", NO_SHARDS)
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number from 0 or a name that ends in one"):
        parse_ordinal(text)
