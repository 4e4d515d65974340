"""Secrets: three ways in, no way out."""

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from exporter.config import AccountConfig, load
from exporter.errors import ConfigError
from exporter.secret import Secret
from exporter.sources.vendors import MODELS
from tests.config.conftest import Configure

VALUE = "s3cr3t-of-16-or-more"
SECRETS = [("homely", "password"), ("wally", "token"), ("wally", "callback_secret")]
_REST = {
    "password": "username: me@example.com",
    "token": "name: flat",
    "callback_secret": "token: other-s3cr3t",
}


def account_with(configure: Configure, vendor: str, name: str, form: str, given: str) -> Secret:
    """Load an account whose secret is given in one form; the environment has MY_SECRET."""
    text = f"{vendor}: [{{{_REST[name]}, {name}{form}: {given}}}]"
    return configure(text, {"MY_SECRET": VALUE}).accounts[0].secret(name)


@pytest.mark.parametrize(("vendor", "name"), SECRETS)
def test_every_secret_can_be_given_by_value(configure: Configure, vendor: str, name: str) -> None:
    assert account_with(configure, vendor, name, "", VALUE).reveal() == VALUE


@pytest.mark.parametrize(("vendor", "name"), SECRETS)
def test_every_secret_can_be_given_by_environment_variable(
    configure: Configure, vendor: str, name: str
) -> None:
    assert account_with(configure, vendor, name, "_env", "MY_SECRET").reveal() == VALUE


@pytest.mark.parametrize(("vendor", "name"), SECRETS)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_every_secret_can_be_given_by_file_whatever_ends_its_line(
    configure: Configure, tmp_path: Path, vendor: str, name: str, ending: str
) -> None:
    path = tmp_path / "a secret"
    path.write_bytes(f"{VALUE}{ending}".encode())
    assert account_with(configure, vendor, name, "_file", str(path)).reveal() == VALUE


@pytest.mark.parametrize("name", ["\\ud800", "a\\0b", "", "UNSET=1"])
def test_the_name_of_a_variable_that_no_environment_can_have_is_a_fault(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "exporter.yml"
    path.write_text(f'wally: [{{token_env: "{name}"}}]')
    with pytest.raises(ConfigError, match="token_env: expected the name of an environment"):
        load(path, MODELS)


def test_a_mark_at_the_beginning_of_a_file_is_no_part_of_the_secret(
    configure: Configure, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(VALUE, encoding="utf-8-sig")
    assert account_with(configure, "wally", "token", "_file", "secret").reveal() == VALUE


def test_blanks_inside_a_secret_belong_to_it(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  pass word \n")
    secret = account_with(configure, "homely", "password", "_file", "secret")
    assert secret.reveal() == "  pass word "


def test_a_password_need_not_be_ascii(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("blåbærsyltetøy€\n", encoding="utf-8")
    secret = account_with(configure, "homely", "password", "_file", "secret")
    assert secret.reveal() == "blåbærsyltetøy€"


def test_a_relative_path_starts_at_the_configuration_file(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text(VALUE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert account_with(configure, "wally", "token", "_file", "secrets/token").reveal() == VALUE


def test_a_tilde_is_the_home_folder(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text(VALUE)
    assert account_with(configure, "wally", "token", "_file", "~/token").reveal() == VALUE


def test_two_accounts_may_have_the_same_token_but_not_the_same_callback_secret(
    configure: Configure,
) -> None:
    config = configure(f"wally: [{{token: {VALUE}}}, {{token: {VALUE}}}]")
    assert len(config.accounts) == 2
    with pytest.raises(ConfigError, match="a secret of its own"):
        configure(
            """
            wally:
              - {token: t, callback_secret: s3cr3t-of-16-or-more}
              - {token: t, callback_secret_env: MY_SECRET}
            """,
            {"MY_SECRET": VALUE},
        )


@pytest.mark.parametrize("form", ["a/b/{}", "/{}", "../{}", ".hidden/{}", "{}/", "{}/short"])
def test_of_a_callback_secret_one_segment_stands_in_front_at_most(
    configure: Configure, form: str
) -> None:
    account = configure(f"wally: [{{token: t, callback_secret: wally-1/{VALUE}}}]").accounts[0]
    assert account.secret("callback_secret").reveal() == f"wally-1/{VALUE}"
    with pytest.raises(ConfigError, match="may stand in the path"):
        configure(f"wally: [{{token: t, callback_secret: {form.format(VALUE)}}}]")


def test_a_secret_that_was_not_given_is_no_secret(wally: AccountConfig) -> None:
    assert wally.find_secret("callback_secret") is None
    with pytest.raises(KeyError):
        wally.secret("callback_secret")


# --- no way out

WHOLE = f"""
homely: [{{username: user-{VALUE}, password: {VALUE}}}]
wally: [{{token: {VALUE}, callback_secret: {VALUE}}}]
"""


def test_no_text_of_a_configuration_shows_a_secret(configure: Configure) -> None:
    config = configure(WHOLE)
    for shown in (config, *config.accounts):
        assert VALUE not in f"{shown} {shown!r} {shown!s}"
    for account in config.accounts:
        assert VALUE not in account.model_dump_json()
        assert VALUE not in str(account.model_dump())
        assert VALUE not in json.dumps(account.model_dump(), default=str)


def test_no_text_of_a_secret_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(VALUE)
    logging.getLogger("test").warning("%s %r %s", secret, secret, [secret])
    shown = f"{secret} {secret!r} {[secret]} { ({'token': secret}) } {caplog.text}"
    assert VALUE not in shown
    assert shown.count("Secret(***)") == 7
    assert secret.reveal() == VALUE


def test_a_secret_equals_its_like_and_nothing_else() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_and_what_holds_one_cannot_be_pickled(configure: Configure, protocol: int) -> None:
    config = configure(WHOLE)
    for holder in (Secret(VALUE), config, *config.accounts):
        with pytest.raises(TypeError, match="not written down"):
            pickle.dumps(holder, protocol)


def test_a_secret_is_not_copied(configure: Configure) -> None:
    for holder in (Secret(VALUE), configure(WHOLE)):
        with pytest.raises(TypeError):
            copy.deepcopy(holder)


def test_no_trace_of_a_refused_configuration_shows_a_secret(configure: Configure) -> None:
    with pytest.raises(ConfigError) as caught:
        configure(f"{WHOLE}\nwally_: 1\nstate_dir: 7")
    trace = "".join(traceback.format_exception(caught.value))
    assert VALUE not in trace
    assert VALUE not in repr(caught.value)


def test_a_value_of_the_wrong_type_is_not_repeated(configure: Configure) -> None:
    with pytest.raises(ConfigError) as caught:
        configure("homely: [{username: [u], password: 86753098675309}]")
    assert "86753098675309" not in str(caught.value)


# --- nothing can be changed


def test_an_account_cannot_be_changed(homely: AccountConfig) -> None:
    for key in type(homely).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(homely, key, "other")


def test_a_configuration_cannot_be_changed(configure: Configure) -> None:
    config = configure(WHOLE)
    for key in ("accounts", "state_dir"):
        with pytest.raises(AttributeError):
            setattr(config, key, ())
    assert isinstance(config.accounts, tuple)
