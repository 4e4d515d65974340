"""Reads exporter.yml: all faults at once, each with file, key path and what was expected."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model

from exporter.config import yamltext
from exporter.config.account import AccountConfig, Strict
from exporter.config.faults import validation_faults
from exporter.config.fields import FileName, expected
from exporter.config.folder import AccountsFolder, Version
from exporter.config.written import Ledger, Written
from exporter.errors import ConfigError
from exporter.shard import ALONE, Shard

_STATE_FOLDER = "home-exporter"
#: The accounts of a vendor as the file has them; each is told of on its own.
_WRITTEN = tuple[dict[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; this shard's accounts of all vendors, in the order of the files."""

    accounts: tuple[AccountConfig, ...]
    state_dir: Path
    shard: Shard


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise expected("a folder of a known user") from None


_Folder = Annotated[FileName, AfterValidator(_expanded)]


def file_model(accounts: Mapping[str, Any]) -> type[BaseModel]:
    """Return the type of the file around its accounts, whose types these are by vendor."""
    fields: dict[str, Any] = {
        vendor: (of | None, Field(None, description=f"The {vendor} accounts."))
        for vendor, of in accounts.items()
    }
    fields["accounts_dir"] = (
        _Folder | None,
        Field(
            None,
            description="A folder whose `*.yml` and `*.yaml` hold one account each: its keys, and"
            " `vendor`, which is the name of its list here.",
        ),
    )
    fields["state_dir"] = (
        _Folder | None,
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
    *,
    shard: Shard = ALONE,
    skip_secrets: bool = False,
) -> Config:
    """Return the configuration in a file and its accounts_dir; raises ConfigError with all faults.

    All of it is checked, but secrets in files and variables are read for the accounts of this
    shard alone, or for none.
    """
    model = file_model(dict.fromkeys(vendors, _WRITTEN))
    raw = _named(yamltext.read(path), vendors)
    faults: list[str] = []
    try:
        parsed = model.model_validate(raw)
    except ValidationError as error:
        faults += [f"{path}: {line}" for line in validation_faults(model, error)]
    folder = _accounts_dir(path, raw, vendors)

    def read(version: Version | None) -> Ledger:
        ledger = Ledger(shard, environ, skip_secrets=skip_secrets)
        beside = folder.accounts(version) if folder and version else ()
        for written in (*_written(path, raw, vendors), *beside):
            if isinstance(written, ConfigError):
                ledger.faults += written.faults
            else:
                ledger.take(written, vendors[written.vendor])
        return ledger

    ledger = folder.settled(read) if folder else read(None)
    faults += ledger.faults
    if not faults and not len(ledger):
        faults.append(f"{path}: {_no_account(raw, vendors)}")
    if faults:
        raise ConfigError(faults)
    given: Path | None = parsed.state_dir  # type: ignore[attr-defined]  # a dynamic model
    try:
        state_dir = path.parent / given if given else _default_state_dir(environ)
    except RuntimeError:
        raise ConfigError([f"{path}: state_dir: expected a folder, as there is no home"]) from None
    return Config(tuple(ledger.accounts), state_dir, shard)


def _accounts_dir(path: Path, raw: Any, vendors: Iterable[str]) -> AccountsFolder | None:
    """Return the folder that the file names, None where it names none that could be."""
    given = raw.get("accounts_dir") if isinstance(raw, dict) else None
    if not isinstance(given, str):
        return None
    try:
        folder = path.parent / Path(given).expanduser()
    except RuntimeError:
        return None
    return AccountsFolder(folder, f"{path}: accounts_dir", tuple(vendors))


def _no_account(raw: Any, vendors: Iterable[str]) -> str:
    where = f"under {' or '.join(vendors)}"
    if isinstance(raw, dict) and raw.get("accounts_dir") is not None:
        return f"accounts_dir: expected a file with an account there, or one {where}"
    return f"(top level): expected an account {where}, or accounts_dir"


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
                    yield Written(path, (vendor, index), vendor, account, path.parent)


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
