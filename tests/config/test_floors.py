"""How often a cloud may be asked at the most: floors for real clouds, none for this machine."""

import pytest

from tests.config.conftest import Configure

LOOPBACK = [
    "http://127.0.0.1:8080",
    "http://127.9.8.7",
    "http://localhost:8080",
    "http://LOCALHOST",
    "http://[::1]:8080",
    "https://127.0.0.1:8443",
]


@pytest.mark.parametrize("address", LOOPBACK)
def test_a_cloud_on_this_machine_has_no_floors(configure: Configure, address: str) -> None:
    config = configure(
        f"""
        homely:
          - username: u
            password: p
            base_url: "{address}"
            poll_interval: 10ms
            poll_interval_disconnected: 10ms
            locations_refresh: 10ms
        wally:
          - token: t
            base_url: "{address}"
            poll_interval: 10ms
        """
    )
    assert [account.poll_interval for account in config.accounts] == [0.01, 0.01]
    assert all(account.is_local for account in config.accounts)


def test_an_interval_at_the_floor_is_taken(configure: Configure) -> None:
    config = configure(
        """
        homely: [{username: u, password: p, poll_interval: 60s, poll_interval_disconnected: 60s}]
        wally: [{token: t, poll_interval: 10s}]
        """
    )
    assert [account.poll_interval for account in config.accounts] == [60, 10]
    assert not any(account.is_local for account in config.accounts)


def test_a_stale_after_of_twice_the_poll_interval_is_taken(configure: Configure) -> None:
    config = configure(
        """
        homely: [{username: u, password: p, poll_interval: 20m, stale_after: 40m}]
        wally: [{token: t, stale_after: 2m}]
        """
    )
    assert [account.stale_after for account in config.accounts] == [2400, 120]


def test_a_home_is_polled_less_often_while_its_socket_is_up(configure: Configure) -> None:
    account = configure("homely: [{username: u, password: p}]").accounts[0]
    assert account.poll_every(streaming=True) == 20 * 60
    assert account.poll_every(streaming=False) == 5 * 60


def test_a_socket_that_is_down_never_makes_polls_rarer(configure: Configure) -> None:
    account = configure(
        "homely: [{username: u, password: p, poll_interval: 5m, poll_interval_disconnected: 1h}]"
    ).accounts[0]
    assert account.poll_every(streaming=False) == 5 * 60
