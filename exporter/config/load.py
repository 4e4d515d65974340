"""Reads exporter.yml: all faults at once, each with file, key path and what was expected."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model

from exporter.config import yamltext
from exporter.config.account import AccountConfig, Strict
from exporter.config.faults import key_path, validation_faults
from exporter.config.fields import expected
from exporter.config.written import Ledger, Written
from exporter.errors import ConfigError
from exporter.shard import ALONE, Shard

_STATE_FOLDER = "home-exporter"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; accounts of all vendors, in the order of the file.

    `accounts` are those of this shard and have their secrets, `everyone` is in any of the shards.
    """

    accounts: tuple[AccountConfig, ...]
    everyone: tuple[AccountConfig, ...]
    state_dir: Path
    shard: Shard


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise expected("a folder of a known user") from None


def _model(vendors: Mapping[str, type[AccountConfig]]) -> type[BaseModel]:
    """Return the type of the whole file: a list of accounts under each vendor's name."""
    fields: dict[str, Any] = {
        vendor: (tuple[model, ...] | None, None)  # type: ignore[valid-type]  # known at run time
        for vendor, model in vendors.items()
    }
    fields["state_dir"] = (
        Annotated[Path, Field(strict=False), AfterValidator(_expanded)] | None,
        None,
    )
    return create_model("ExporterConfig", __base__=Strict, **fields)


def load(
    path: Path,
    vendors: Mapping[str, type[AccountConfig]],
    environ: Mapping[str, str] = os.environ,
    *,
    shard: Shard = ALONE,
    skip_secrets: bool = False,
) -> Config:
    """Return the configuration in a file; raises ConfigError with every fault in it.

    All of it is checked, but secrets in files and variables are read for the accounts of this
    shard alone, or for none.
    """
    model = _model(vendors)
    raw = _named(yamltext.read(path), vendors)
    faults: list[str] = []
    try:
        parsed = model.model_validate(raw)
    except ValidationError as error:
        faults += [f"{path}: {line}" for line in validation_faults(model, error)]
    ledger = Ledger(environ, lambda name: not skip_secrets and shard.owns(name))
    for written in _written(path, raw, vendors):
        faults += ledger.faults(written, vendors[written.vendor])
    if not faults and not len(ledger):
        faults.append(f"{path}: (top level): expected an account under {' or '.join(vendors)}")
    if faults:
        raise ConfigError(faults)
    everyone = tuple(account for vendor in vendors for account in getattr(parsed, vendor) or ())
    owned = tuple(account for account in everyone if shard.owns(account.name))
    for account in owned:
        account.hold_secrets(ledger.secrets(account))
    given: Path | None = parsed.state_dir  # type: ignore[attr-defined]  # a dynamic model
    try:
        state_dir = path.parent / given if given else _default_state_dir(environ)
    except RuntimeError:
        raise ConfigError([f"{path}: state_dir: expected a folder, as there is no home"]) from None
    return Config(owned, everyone, state_dir, shard)


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


def _written(path: Path, raw: Any, vendors: Mapping[str, type[AccountConfig]]) -> Iterator[Written]:
    for vendor in vendors:
        accounts = raw.get(vendor) if isinstance(raw, dict) else None
        if isinstance(accounts, tuple):
            for index, account in enumerate(accounts):
                if isinstance(account, dict):
                    yield Written(path, key_path((vendor, index)), vendor, account)


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
