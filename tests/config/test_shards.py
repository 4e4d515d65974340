"""A shard checks the whole file, and reads what its own accounts need."""

from pathlib import Path
from typing import Any

import pytest

from exporter.config import Config, load
from exporter.errors import ConfigError
from exporter.shard import Shard, owner
from exporter.sources.vendors import MODELS

TOTAL = 3
NAMES = [f"place-{number}" for number in range(12)]


def load_shard(path: Path, ordinal: int, total: int = TOTAL, **options: Any) -> Config:
    return load(path, MODELS, {"HOME": "/home/me"}, shard=Shard(ordinal, total), **options)


def write(folder: Path, *accounts: str) -> Path:
    path = folder / "exporter.yml"
    path.write_text("wally:\n" + "".join(f"  - {{{account}}}\n" for account in accounts))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write twelve accounts, each with its secret in a file of its own."""
    for name in NAMES:
        (tmp_path / name).write_text(f"token-of-{name}")
    return write(tmp_path, *(f"name: {name}, token_file: {name}" for name in NAMES))


def faults(path: Path, ordinal: int, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_shard(path, ordinal, **options)
    return [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]


def of(ordinal: int) -> list[str]:
    """Return the names that a shard owns, of which each has some."""
    return [name for name in NAMES if owner(name, TOTAL) == ordinal]


def test_each_account_is_in_one_shard_with_its_secrets(path: Path) -> None:
    parts = [load_shard(path, ordinal) for ordinal in range(TOTAL)]
    assert all(part.accounts for part in parts)
    names = [account.name for part in parts for account in part.accounts]
    assert sorted(names) == sorted(NAMES)
    for part in parts:
        for account in part.accounts:
            assert account.secret("token").reveal() == f"token-of-{account.name}"


@pytest.mark.parametrize("ordinal", range(TOTAL))
def test_a_shard_starts_without_the_secrets_of_the_others(path: Path, ordinal: int) -> None:
    own = of(ordinal)
    for name in set(NAMES) - set(own):
        (path.parent / name).unlink()
    assert [account.name for account in load_shard(path, ordinal).accounts] == own
    (path.parent / own[0]).unlink()
    (fault,) = faults(path, ordinal)
    assert f"wally[{NAMES.index(own[0])}].token_file: expected a readable file" in fault


def test_variables_of_other_shards_need_not_be_set(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"name: {name}, token_env: NONE" for name in NAMES))
    for ordinal in range(TOTAL):
        assert len(faults(path, ordinal)) == len(of(ordinal))


def test_all_else_is_checked_on_every_shard(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "name: a, token: t, poll_interval: soon",
        "name: b, token: t, colour: blue",
        "name: c",
        "name: d, token: t",
        "name: d, token: t",
        "name: e, token: t, callback_secret: short",
    )
    found = [faults(path, ordinal) for ordinal in range(TOTAL)]
    assert len(found[0]) == 5
    assert found[0] == found[1] == found[2] == faults(path, 0, skip_secrets=True)


def test_a_callback_secret_may_not_belong_to_two_accounts_of_a_shard(path: Path) -> None:
    for name in NAMES:
        (path.parent / f"{name}-callback").write_text("the-same-secret-for-all")
    write(
        path.parent,
        *(f"name: {n}, token_file: {n}, callback_secret_file: {n}-callback" for n in NAMES),
    )
    for ordinal in range(TOTAL):
        assert len(faults(path, ordinal)) == len(of(ordinal)) - 1


def test_a_shard_without_an_account_is_fine_where_another_has_one(tmp_path: Path) -> None:
    path = write(tmp_path, "name: only, token: t")
    assert sorted(len(load_shard(path, one).accounts) for one in range(TOTAL)) == [0, 0, 1]


@pytest.mark.parametrize("total", [1, TOTAL])
def test_a_file_without_any_account_is_a_fault_on_every_shard(tmp_path: Path, total: int) -> None:
    path = tmp_path / "exporter.yml"
    path.write_text("wally: []\n")
    assert "expected an account under homely or wally" in faults(path, 0, total=total)[0]


def test_secrets_can_be_left_alone_altogether(path: Path) -> None:
    for name in NAMES:
        (path.parent / name).unlink()
    config = load(path, MODELS, skip_secrets=True)
    assert [account.name for account in config.accounts] == NAMES
    with pytest.raises(KeyError):
        config.accounts[0].secret("token")
