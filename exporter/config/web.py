"""The file of --web.config.file, in the format of Prometheus's exporter-toolkit."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationError

from exporter.config import yamltext
from exporter.config.account import Strict
from exporter.config.faults import validation_faults
from exporter.config.fields import expected
from exporter.errors import ConfigError
from exporter.secret import Secret

_FILE_LIMIT = 1024 * 1024
# The last character of the salt holds two bits: with others no password would ever match.
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
# Below, bcrypt has none; above, one check takes seconds on a small machine.
_LEAST_COST, _MOST_COST = 4, 14
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}

#: What tells one version of a file from the next; None where there is none.
Stamp = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Who is let in, and with which certificate; `stamps` are of the files that say so."""

    tls: ssl.SSLContext | None
    users: Mapping[str, Secret]
    stamps: Mapping[Path, Stamp]
    key_file: Path | None = None


def _bcrypt_hash(raw: str) -> str:
    match = _BCRYPT.fullmatch(raw)
    if match is None:
        raise expected("a bcrypt hash, such as `htpasswd -nBC 10 NAME` prints behind the colon")
    if not _LEAST_COST <= int(match[1]) <= _MOST_COST:
        raise expected(f"a bcrypt hash of a cost from {_LEAST_COST} to {_MOST_COST}")
    return raw


def _user(raw: str) -> str:
    if not raw or ":" in raw or not raw.isprintable():
        raise expected("a name that is printable and has no colon in it")
    return raw


class TlsSection(Strict):
    """How it is served over TLS."""

    not_supported: ClassVar[frozenset[str]] = frozenset(
        {
            *("cert", "key", "client_ca", "client_auth_type", "client_ca_file"),
            *("client_allowed_sans", "max_version", "cipher_suites"),
            *("prefer_server_cipher_suites", "curve_preferences"),
        }
    )

    cert_file: str = Field(
        min_length=1, description="The certificate and what comes between it and its root, as PEM."
    )
    key_file: str = Field(min_length=1, description="Its key as PEM, without a passphrase.")
    min_version: Literal["TLS12", "TLS13"] = Field(
        "TLS12", description="The lowest version of TLS."
    )


class WebFile(Strict):
    """What the whole file may hold."""

    not_supported: ClassVar[frozenset[str]] = frozenset({"http_server_config", "rate_limit"})

    tls_server_config: TlsSection | None = Field(None, description="Serve over TLS.")
    basic_auth_users: (
        dict[Annotated[str, AfterValidator(_user)], Annotated[str, AfterValidator(_bcrypt_hash)]]
        | None
    ) = Field(None, description="Users by name, each with the bcrypt hash of a password.")


def load_web(path: Path) -> WebConfig:
    """Return what a file says, its certificate loaded; raises ConfigError with every fault."""
    stamps = {path: stamp(path)}
    raw = yamltext.read(path)
    faults: list[str] = []
    try:
        parsed = WebFile.model_validate(raw)
    except ValidationError as error:
        faults += validation_faults(WebFile, error)
    written = raw.get("tls_server_config") if isinstance(raw, dict) else None
    pair = _Pair(path.parent, written if isinstance(written, dict) else {})
    stamps |= pair.stamps
    faults += [f"tls_server_config.{key}: {fault}" for key, fault in pair.faults.items()]
    if faults:
        raise ConfigError([f"{path}: {line}" for line in faults])
    if pair.context is not None and parsed.tls_server_config is not None:
        pair.context.minimum_version = _VERSIONS[parsed.tls_server_config.min_version]
    users = {name: Secret(value) for name, value in (parsed.basic_auth_users or {}).items()}
    return WebConfig(pair.context, users, stamps, pair.key_file)


def stamp(path: Path) -> Stamp:
    """Return what changes with a file, one behind a symbolic link included."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _Pair:
    """A certificate and its key as written: TLS with them, or what is wrong with each."""

    def __init__(self, folder: Path, written: Mapping[str, Any]) -> None:
        self.stamps: dict[Path, Stamp] = {}
        self.faults: dict[str, str] = {}
        self.context: ssl.SSLContext | None = None
        self._folder = folder
        certificate = self._file("cert_file", written, b"-----BEGIN CERTIFICATE-----")
        self.key_file = self._file("key_file", written, b"PRIVATE KEY-----")
        if certificate and self.key_file:
            self._load(certificate, self.key_file)

    def _file(self, name: str, written: Mapping[str, Any], mark: bytes) -> Path | None:
        given = written.get(name)
        if not isinstance(given, str) or not given:
            return None
        try:
            path = self._folder / Path(given).expanduser()
            self.stamps[path] = stamp(path)
            if path.exists() and not path.is_file():
                self.faults[name] = f"expected a file, {path} is something else"
                return None
            with path.open("rb") as file:
                text = file.read(_FILE_LIMIT)
        except OSError as error:
            self.faults[name] = f"expected a readable file: {path}: {error.strerror}"
        except (RuntimeError, ValueError):
            self.faults[name] = "expected a path that can exist"
        else:
            if mark in text:
                return path
            what = "certificate" if name == "cert_file" else "private key"
            self.faults[name] = f"expected a {what} in PEM: {path}"
        return None

    def _load(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        try:
            # With no passphrase, or OpenSSL would ask the terminal for one.
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None)
            self.faults["key_file"] = (
                "expected the key of the certificate in cert_file"
                if reason == "KEY_VALUES_MISMATCH"
                else "expected, with cert_file, a certificate and a key without a passphrase"
                + (f" ({reason})" if reason else "")
            )
        else:
            self.context = context
