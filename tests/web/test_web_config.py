"""The file of --web.config.file: what is taken, and what is said about what is not."""

from pathlib import Path

import bcrypt
import pytest
import trustme

from exporter.config.web import load_web
from exporter.errors import ConfigError
from tests.support.tls import certify

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    certify(authority, tmp_path)
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "folder").mkdir()
    return tmp_path


def faults(folder: Path, text: str) -> list[str]:
    """Return what is said about a file, without the folder it is in."""
    path = folder / "web.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_web(path)
    return [fault.replace(f"{folder}/", "") for fault in caught.value.faults]


@pytest.mark.parametrize("text", ["", "{}", "tls_server_config:\nbasic_auth_users:\n"])
def test_a_file_that_asks_for_nothing_is_valid_as_in_the_toolkit(folder: Path, text: str) -> None:
    (folder / "web.yml").write_text(text)
    config = load_web(folder / "web.yml")
    assert (config.tls, config.users) == (None, {})


def test_paths_are_relative_to_the_file_or_to_a_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(folder))
    (folder / "web.yml").write_text("tls_server_config: {cert_file: cert.pem, key_file: ~/key.pem}")
    config = load_web(folder / "web.yml")
    assert config.tls is not None
    assert set(config.stamps) == {folder / name for name in ("web.yml", "cert.pem", "key.pem")}


@pytest.mark.parametrize("prefix", ["2a", "2b", "2y"])
def test_hashes_of_every_tool_are_taken_and_not_shown(folder: Path, prefix: str) -> None:
    hashed = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode().replace("2b", prefix, 1)
    (folder / "web.yml").write_text(f"basic_auth_users: {{me: {hashed}}}")
    config = load_web(folder / "web.yml")
    assert config.users["me"].reveal() == hashed
    assert hashed not in repr(config)


UNSUPPORTED = {
    "tls_server_config": [
        *("cert", "key", "client_ca", "client_auth_type", "client_ca_file", "max_version"),
        *("client_allowed_sans", "cipher_suites", "prefer_server_cipher_suites"),
        "curve_preferences",
    ],
    "": ["http_server_config", "rate_limit"],
}


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, keys in UNSUPPORTED.items() for key in keys]
)
def test_every_other_key_of_the_format_is_refused_as_such(
    folder: Path, section: str, key: str
) -> None:
    if section:
        text = f"{section}: {{cert_file: cert.pem, key_file: key.pem, {key}: x}}"
        known = "cert_file, key_file, min_version"
    else:
        text, known = f"{key}: {{}}", "basic_auth_users, tls_server_config"
    path = f"{section}.{key}".strip(".")
    assert faults(folder, text) == [f"web.yml: {path}: not supported here, expected one of {known}"]


A_HASH = "expected a bcrypt hash, such as `htpasswd -nBC 10 NAME` prints behind the colon"
A_COST = "expected a bcrypt hash of a cost from 4 to 14"
NOT_IN_TLS = "not supported here, expected one of cert_file, key_file, min_version"
A_NAME = "expected a name that is printable and has no colon in it"
BAD = {
    "[1]": ["(top level): expected keys with values"],
    "tls_server_confg: {}": ["tls_server_confg: unknown key, did you mean tls_server_config?"],
    "tls_server_config: []": ["tls_server_config: expected keys with values"],
    "tls_server_config: {cert_file: cert.pem}": [
        "tls_server_config.key_file: expected a value, the key is missing"
    ],
    "tls_server_config: {cert_file: '', key_file: 5}": [
        "tls_server_config.cert_file: expected text that is not empty",
        "tls_server_config.key_file: expected text (put numbers in quotes)",
    ],
    "tls_server_config: {cert_file: a.pem, key_file: folder}": [
        "tls_server_config.cert_file: expected a readable file: a.pem: No such file or directory",
        "tls_server_config.key_file: expected a file, folder is something else",
    ],
    "tls_server_config: {cert_file: text, key_file: cert.pem}": [
        "tls_server_config.cert_file: expected a certificate in PEM: text",
        "tls_server_config.key_file: expected a private key in PEM: cert.pem",
    ],
    "tls_server_config: {cert_file: cert.pem, key_file: other.pem}": [
        "tls_server_config.key_file: expected the key of the certificate in cert_file"
    ],
    "tls_server_config: {cert_file: cert.pem, key_file: key.pem, min_version: TLS10}": [
        "tls_server_config.min_version: expected 'TLS12' or 'TLS13'"
    ],
    'tls_server_config: {cert_file: "~nobody-here/a.pem", key_file: "a\\0"}': [
        "tls_server_config.cert_file: expected a path that can exist",
        "tls_server_config.key_file: expected a path that can exist",
    ],
    "basic_auth_users: [me]": ["basic_auth_users: expected keys with values"],
    "basic_auth_users: {me: s3cr3t}": [f"basic_auth_users.me: {A_HASH}"],
    "basic_auth_users: {me: 5}": ["basic_auth_users.me: expected text (put numbers in quotes)"],
    f"basic_auth_users: {{me: {HASH}s3cr3t}}": [f"basic_auth_users.me: {A_HASH}"],
    f"basic_auth_users: {{me: {HASH.replace('10', '15')}}}": [f"basic_auth_users.me: {A_COST}"],
    f"basic_auth_users: {{me: {HASH.replace('10', '03')}}}": [f"basic_auth_users.me: {A_COST}"],
    f"basic_auth_users: {{me: {HASH.replace('zoub', 'zovb')}}}": [f"basic_auth_users.me: {A_HASH}"],
    f"basic_auth_users: {{'a:b': {HASH}}}": [f"basic_auth_users.a:b: {A_NAME}"],
    f"basic_auth_users: {{me: {HASH}, me: {HASH}}}": None,
    "rate_limit: {}\ntls_server_config: {cert_file: a.pem, key: x}\nbasic_auth_users: {me: x}": [
        "tls_server_config.key_file: expected a value, the key is missing",
        f"tls_server_config.key: {NOT_IN_TLS}",
        f"basic_auth_users.me: {A_HASH}",
        "rate_limit: not supported here, expected one of basic_auth_users, tls_server_config",
        "tls_server_config.cert_file: expected a readable file: a.pem: No such file or directory",
    ],
}


@pytest.mark.parametrize("text", BAD)
def test_each_mistake_is_told_in_its_own_words_and_all_at_once(folder: Path, text: str) -> None:
    expected = BAD[text]
    if expected is None:
        stands_twice = "web.yml:1: expected valid YAML: the key me stands twice"
        assert faults(folder, text) == [stands_twice]
    else:
        assert faults(folder, text) == [f"web.yml: {line}" for line in expected]
    assert "s3cr3t" not in "".join(faults(folder, text))


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization as pem  # noqa: PLC0415  # trustme's

    key = pem.load_pem_private_key((folder / "key.pem").read_bytes(), None)
    locked = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"x")
    )
    (folder / "key.pem").write_bytes(locked)
    said = faults(folder, "tls_server_config: {cert_file: cert.pem, key_file: key.pem}")
    assert len(said) == 1
    assert "a key without a passphrase" in said[0]
