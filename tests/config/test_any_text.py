"""Whatever a file says, it is either a configuration or refused in words without secrets."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.config import Config
from exporter.errors import ConfigError
from exporter.sources.vendors import MODELS
from tests.config.helpers import loaded

FIXTURE_IS_SHARED = [HealthCheck.function_scoped_fixture]
KEYS = sorted({key for model in MODELS.values() for key in model.model_fields})
ADDRESSES = [
    "http://127.0.0.1:80",
    "https://api.snsr.net",
    "http://api.snsr.net",
    "https://me:word@host",
    "https://host:99999",
    "https://[::1",
    "//host",
    "https://",
]
PATHS = ["~nobody/secret", "/dev/null/x", ".", "a\0b", "x" * 5000]
DURATIONS = ["60s", "20m", "1h30m", "1d", "0s", "9s", "999999d", "5", "m"]
TEXT = st.text(st.characters(codec="utf-8"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | TEXT
    | st.binary(max_size=8)
    | st.sampled_from(ADDRESSES + DURATIONS + PATHS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | SCALARS, inner, max_size=4)
    ),
    max_leaves=12,
)
ACCOUNTS = st.lists(st.dictionaries(st.sampled_from(KEYS) | TEXT, VALUES, max_size=8), max_size=4)
DOCUMENTS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "homely": ACCOUNTS | VALUES,
        "wally": ACCOUNTS | VALUES,
        "accounts_dir": VALUES | st.sampled_from([*PATHS, "accounts"]),
        "state_dir": VALUES,
    },
)

Load = Callable[[bytes], Config]


@pytest.fixture
def load_bytes(tmp_path: Path) -> Load:
    path = tmp_path / "exporter.yml"

    def load(content: bytes) -> Config:
        path.write_bytes(content)
        return loaded(path, {"SET": "value"})

    return load


@pytest.fixture
def load_account(tmp_path: Path) -> Load:
    path = tmp_path / "exporter.yml"
    path.write_text("accounts_dir: accounts\n")
    (tmp_path / "accounts").mkdir()

    def load(content: bytes) -> Config:
        (tmp_path / "accounts" / "one.yml").write_bytes(content)
        return loaded(path, {"SET": "value"})

    return load


def outcome(load: Load, content: bytes) -> Config | ConfigError:
    try:
        config = load(content)
    except ConfigError as error:
        refusal = error
    else:
        assert config.accounts, "a configuration without an account would watch nothing"
        assert all(math.isfinite(account.poll_interval) for account in config.accounts)
        return config
    assert refusal.faults
    assert all(fault.strip() for fault in refusal.faults)
    return refusal


@settings(suppress_health_check=FIXTURE_IS_SHARED, deadline=None, derandomize=True)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda s: s.encode("utf-8")))
def test_no_bytes_make_loading_fail_in_another_way(load_bytes: Load, content: bytes) -> None:
    outcome(load_bytes, content)


@settings(
    suppress_health_check=FIXTURE_IS_SHARED, deadline=None, derandomize=True, max_examples=100
)
@given(document=DOCUMENTS)
def test_no_document_makes_loading_fail_in_another_way(load_bytes: Load, document: Any) -> None:
    outcome(load_bytes, yaml.safe_dump(document, allow_unicode=True).encode())


@settings(suppress_health_check=FIXTURE_IS_SHARED, deadline=None, derandomize=True)
@given(content=st.binary(max_size=200))
def test_no_bytes_in_a_file_of_its_own_do(load_account: Load, content: bytes) -> None:
    outcome(load_account, content)


@settings(
    suppress_health_check=FIXTURE_IS_SHARED, deadline=None, derandomize=True, max_examples=100
)
@given(
    account=st.dictionaries(st.sampled_from(KEYS) | TEXT, VALUES, max_size=8),
    vendor=st.sampled_from([*MODELS]) | VALUES,
)
def test_no_account_in_a_file_of_its_own_does(
    load_account: Load, account: dict[Any, Any], vendor: Any
) -> None:
    document = {**account, "vendor": vendor}
    outcome(load_account, yaml.safe_dump(document, allow_unicode=True).encode())


FAULTS = [
    {"poll_interval": 60},
    {"poll_interval": "1s"},
    {"stale_after": "1s"},
    {"base_url": "http://example.com"},
    {"colour": "blue"},
    {"name": 7},
    {"token_env": "UNSET"},
    {"token_file": "missing"},
    {"callback_secret": "s3cr3t"},
]


@settings(suppress_health_check=FIXTURE_IS_SHARED, deadline=None, derandomize=True)
@given(tail=st.text(), fault=st.sampled_from(FAULTS), faulty=st.integers(0, 1))
def test_no_complaint_repeats_a_secret(
    load_bytes: Load, tail: str, fault: dict[str, Any], faulty: int
) -> None:
    token, callback = f"s3cr3t-token{tail}", f"s3cr3t-callback-s3cr3t{tail}"
    accounts: list[dict[str, Any]] = [
        {"token": token, "callback_secret": callback},
        {"token": token, "callback_secret": callback},
    ]
    accounts[faulty] |= fault
    homely = [{"username": f"s3cr3t-user{tail}", "password": f"s3cr3t-word{tail}", "x": 1}]
    document = yaml.safe_dump({"wally": accounts, "homely": homely})

    error = outcome(load_bytes, document.encode())

    assert isinstance(error, ConfigError)
    assert "s3cr3t" not in str(error)
    assert "s3cr3t" not in repr(error)
