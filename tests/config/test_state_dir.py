"""Where the state lies: said in the file, by systemd, by XDG, or in the home folder."""

from pathlib import Path

import pytest

from tests.config.conftest import Configure

ACCOUNT = "wally: [{token: t}]\n"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/me/.local/state/home-exporter"),
        ({"XDG_STATE_HOME": "/xdg"}, "/xdg/home-exporter"),
        ({"STATE_DIRECTORY": "/var/lib/he", "XDG_STATE_HOME": "/xdg"}, "/var/lib/he"),
        ({"STATE_DIRECTORY": "/var/lib/he:/var/lib/other"}, "/var/lib/he"),
        ({"STATE_DIRECTORY": "", "XDG_STATE_HOME": "/xdg"}, "/xdg/home-exporter"),
        ({"XDG_STATE_HOME": ""}, "/home/me/.local/state/home-exporter"),
    ],
)
def test_the_environment_says_where_the_state_lies(
    configure: Configure, environ: dict[str, str], expected: str
) -> None:
    assert configure(ACCOUNT, environ).state_dir == Path(expected)


def test_the_file_has_the_last_word(configure: Configure) -> None:
    config = configure(f"{ACCOUNT}state_dir: /data\n", {"STATE_DIRECTORY": "/var/lib/he"})
    assert config.state_dir == Path("/data")


def test_a_relative_state_dir_starts_at_the_configuration_file(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert configure(f"{ACCOUNT}state_dir: state/of/mine\n").state_dir == tmp_path / "state/of/mine"


def test_a_tilde_in_state_dir_is_the_home_folder(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/other")
    assert configure(f"{ACCOUNT}state_dir: ~/state\n").state_dir == Path("/home/other/state")


def test_loading_makes_no_folder(configure: Configure, tmp_path: Path) -> None:
    state_dir = configure(f"{ACCOUNT}state_dir: state\n").state_dir
    assert state_dir == tmp_path / "state"
    assert not state_dir.exists()
