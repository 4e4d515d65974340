"""Reads exporter.yml: all faults at once, each with file, key path and what was expected."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model

from exporter.config import yamltext
from exporter.config.account import AccountConfig, SecretField, Strict
from exporter.config.faults import key_path, validation_faults
from exporter.config.fields import FileName, expected
from exporter.config.secrets import resolve
from exporter.errors import ConfigError
from exporter.secret import Secret

_STATE_FOLDER = "home-exporter"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; accounts of all vendors, in the order of the file."""

    accounts: tuple[AccountConfig, ...]
    state_dir: Path


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise expected("a folder of a known user") from None


def file_model(vendors: Mapping[str, type[AccountConfig]]) -> type[BaseModel]:
    """Return the type of the whole file: a list of accounts under each vendor's name."""
    fields: dict[str, Any] = {
        vendor: (
            tuple[model, ...] | None,  # type: ignore[valid-type]  # known at run time
            Field(None, description=model.__doc__),
        )
        for vendor, model in vendors.items()
    }
    fields["state_dir"] = (
        Annotated[FileName, AfterValidator(_expanded)] | None,
        Field(
            None,
            description="Where the exporter keeps what a restart needs. By default"
            " `$STATE_DIRECTORY`, which systemd sets, else `$XDG_STATE_HOME/home-exporter`, else"
            " `~/.local/state/home-exporter`.",
        ),
    )
    return create_model("ExporterConfig", __base__=Strict, **fields)


def load(
    path: Path,
    vendors: Mapping[str, type[AccountConfig]],
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Return the configuration in a file; raises ConfigError with every fault in it."""
    model = file_model(vendors)
    raw = _named(yamltext.read(path), vendors)
    faults: list[str] = []
    try:
        parsed = model.model_validate(raw)
    except ValidationError as error:
        faults += validation_faults(model, error)
    secrets = _Accounts(path.parent, environ)
    for vendor, accounts in _written(raw, vendors):
        faults += secrets.faults(vendor, vendors[vendor], accounts)
    if not faults and not secrets.found:
        faults.append(f"(top level): expected an account under {' or '.join(vendors)}")
    if faults:
        raise ConfigError([f"{path}: {line}" for line in faults])
    accounts = [account for vendor in vendors for account in getattr(parsed, vendor) or ()]
    for account in accounts:
        account.hold_secrets(secrets.found[account.vendor, account.name])
    given: Path | None = parsed.state_dir  # type: ignore[attr-defined]  # a dynamic model
    try:
        state_dir = path.parent / given if given else _default_state_dir(environ)
    except RuntimeError:
        raise ConfigError([f"{path}: state_dir: expected a folder, as there is no home"]) from None
    return Config(tuple(accounts), state_dir)


def _named(raw: Any, vendors: Mapping[str, type[AccountConfig]]) -> Any:
    """Give accounts without a name their default: homely-1, homely-2, ..."""
    if not isinstance(raw, dict):
        return raw
    named = dict(raw)
    for vendor in vendors:
        accounts = raw.get(vendor)
        if isinstance(accounts, list):
            named[vendor] = tuple(
                {"name": f"{vendor}-{number}", **account} if isinstance(account, dict) else account
                for number, account in enumerate(accounts, start=1)
            )
    return named


def _written(
    raw: Any, vendors: Mapping[str, type[AccountConfig]]
) -> Iterator[tuple[str, Sequence[Any]]]:
    for vendor in vendors:
        accounts = raw.get(vendor) if isinstance(raw, dict) else None
        if isinstance(accounts, tuple):
            yield vendor, accounts


class _Accounts:
    """Checks accounts as they are written, so that no fault hides another."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ
        self._unique: dict[str, str] = {}
        self.found: dict[tuple[str, str], dict[str, Secret]] = {}

    def faults(
        self, vendor: str, model: type[AccountConfig], accounts: Sequence[Any]
    ) -> Iterator[str]:
        """Yield the faults between the keys of each account, and between the accounts."""
        for index, raw in enumerate(accounts):
            if isinstance(raw, dict):
                path = key_path((vendor, index))
                for key, fault in model.faults_across(raw):
                    yield f"{path}.{key}: {fault}"
                secrets, faults = resolve(model.secret_fields, raw, self._folder, self._environ)
                for key, fault in faults.items():
                    yield f"{path}.{key}: {fault}"
                yield from self._names(path, (vendor, str(raw["name"])), secrets)
                yield from self._shared(path, model.secret_fields, raw, secrets)

    def _names(
        self, path: str, account: tuple[str, str], secrets: dict[str, Secret]
    ) -> Iterator[str]:
        if account in self.found:
            yield f"{path}.name: expected a name of its own, another account has it"
        self.found[account] = secrets

    def _shared(
        self,
        path: str,
        fields: Iterable[SecretField],
        raw: Mapping[str, Any],
        secrets: dict[str, Secret],
    ) -> Iterator[str]:
        for field in fields:
            secret = secrets.get(field.name)
            if field.unique and secret is not None:
                first = self._unique.setdefault(secret.reveal(), path)
                if first != path:
                    key = next(key for key in field.keys if raw.get(key) is not None)
                    yield f"{path}.{key}: expected a secret of its own, {first} has the same"


def _default_state_dir(environ: Mapping[str, str]) -> Path:
    """Return systemd's folder, else XDG's, else the one in the home folder."""
    # systemd may name several folders, with colons between them; the first is ours.
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    base = (
        environ.get("XDG_STATE_HOME")
        or Path(environ.get("HOME", "~")).expanduser() / ".local/state"
    )
    return Path(base) / _STATE_FOLDER
