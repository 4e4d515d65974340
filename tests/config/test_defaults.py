"""What holds where exporter.yml says nothing, and that saying the defaults changes nothing."""

from pathlib import Path

import pytest

from exporter.config import AccountConfig
from tests.config.conftest import Configure

MINUTE, HOUR = 60.0, 3600.0


def settings(account: AccountConfig) -> dict[str, object]:
    """Return everything an account can be told but its secrets."""
    secrets = {key for field in account.secret_fields for key in field.keys}
    return account.model_dump(exclude=secrets | {"username"})


def test_the_defaults_of_a_homely_account(homely: AccountConfig) -> None:
    assert settings(homely) == {
        "name": "homely-1",
        "base_url": "https://sdk.iotiliti.cloud",
        "locations": {"include": ("*",), "exclude": ()},
        "locations_refresh": 6 * HOUR,
        "poll_interval": 20 * MINUTE,
        "poll_interval_disconnected": 5 * MINUTE,
        "stale_after": 3 * HOUR,
        "device_stale_after": 24 * HOUR,
    }


def test_the_defaults_of_a_wally_account(wally: AccountConfig) -> None:
    assert settings(wally) == {
        "name": "wally-1",
        "base_url": "https://api.snsr.net",
        "poll_interval": MINUTE,
        "stale_after": 15 * MINUTE,
        "device_stale_after": 2 * HOUR,
        "threshold_unit": "celsius",
    }
    assert wally.find_secret("callback_secret") is None


def test_a_file_that_says_the_defaults_means_what_one_without_them_does(
    configure: Configure, tmp_path: Path, homely: AccountConfig, wally: AccountConfig
) -> None:
    for name in ("homely", "wally", "wally-callback"):
        (tmp_path / name).write_text(f"the-secret-of-{name}\n")
    config = configure(
        """
        homely:
          - name: homely-1
            base_url: https://sdk.iotiliti.cloud
            username: me@example.com
            password_file: homely
            locations: {include: ["*"], exclude: []}
            locations_refresh: 6h
            poll_interval: 20m
            poll_interval_disconnected: 5m
            stale_after: 3h
            device_stale_after: 24h
        wally:
          - name: wally-1
            base_url: https://api.snsr.net
            token_file: wally
            callback_secret_file: wally-callback
            poll_interval: 60s
            stale_after: 15m
            device_stale_after: 2h
            threshold_unit: celsius
        """
    )
    assert list(map(settings, config.accounts)) == [settings(homely), settings(wally)]


def test_accounts_without_a_name_are_numbered_within_their_vendor(configure: Configure) -> None:
    config = configure(
        """
        wally:
          - token: t1
          - {token: t2, name: flat}
          - token: t3
        homely:
          - {username: u, password: p}
        """
    )
    names = [(account.vendor, account.name) for account in config.accounts]
    assert names == [
        ("homely", "homely-1"),
        ("wally", "wally-1"),
        ("wally", "flat"),
        ("wally", "wally-3"),
    ]


def test_two_vendors_may_have_accounts_of_the_same_name(configure: Configure) -> None:
    config = configure(
        """
        homely: [{name: cabin, username: u, password: p}]
        wally: [{name: cabin, token: t}]
        """
    )
    assert [account.name for account in config.accounts] == ["cabin", "cabin"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120s", 120),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1d2h3m4s5ms", 93_784.005),
        ("60000ms", 60),
        ("366d", 366 * 86_400),
    ],
)
def test_durations_are_read_as_prometheus_reads_them(
    configure: Configure, written: str, seconds: float
) -> None:
    config = configure(f"wally: [{{token: t, device_stale_after: {written}}}]")
    assert config.accounts[0].device_stale_after == pytest.approx(seconds)


def test_thresholds_may_be_in_fahrenheit(configure: Configure) -> None:
    config = configure("wally: [{token: t, threshold_unit: fahrenheit}]")
    assert settings(config.accounts[0])["threshold_unit"] == "fahrenheit"


def test_a_slash_at_the_end_of_an_address_means_nothing(configure: Configure) -> None:
    config = configure("wally: [{token: t, base_url: 'https://api.snsr.net/'}]")
    assert config.accounts[0].base_url == "https://api.snsr.net"


def test_a_key_that_is_empty_counts_as_not_given_for_a_secret(configure: Configure) -> None:
    config = configure("wally: [{token: t, token_file: , token_env: , callback_secret: }]")
    assert config.accounts[0].secret("token").reveal() == "t"
    assert config.accounts[0].find_secret("callback_secret") is None
