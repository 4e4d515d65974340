"""What is no fault of a configuration, and yet worth a word: who else can read or write what."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from exporter.config import AccountConfig, Config, SecretField
from exporter.config.permissions import user_name
from exporter.config.web import WebConfig

_OTHERS = stat.S_IROTH | stat.S_IWOTH
#: Where containers are given their secrets, readable for all that runs inside.
_CONTAINER_SECRETS = Path("/run/secrets")
#: So many files of a folder are named; of a fleet's thousands the first stands for all.
_FEW = 5


def given_by(account: AccountConfig, field: SecretField) -> str | None:
    """Return the key that a secret was given under, None for one that was not given."""
    return next((key for key in field.keys if getattr(account, key) is not None), None)


def hints(config: Config) -> Iterator[str]:
    """Yield what the owner of the configuration may want to change."""
    holding = {account.file for account in config.accounts if _is_written(account)}
    yield from _readable(sorted(holding), "holds a secret and ")
    yield from _readable(filter(_is_no_containers, dict.fromkeys(_secret_files(config))))
    yield from _state_folder(config.state_dir)


def web_hints(path: Path, web: WebConfig) -> Iterator[str]:
    """Yield what the owner of the web configuration in `path` may want to change."""
    if web.tls is None and not web.users:
        yield f"{path}: protects nothing: basic_auth_users and tls_server_config do"
    elif web.tls is None:
        yield f"{path}: without tls_server_config passwords travel in clear"
    if web.key_file is not None:
        yield from _readable(filter(_is_no_containers, [web.key_file]))


def _secret_files(config: Config) -> Iterator[Path]:
    for account in config.accounts:
        for field in account.secret_fields:
            key = given_by(account, field)
            if key is not None and key.endswith("_file"):
                yield account.file.parent / Path(getattr(account, key)).expanduser()


def _readable(files: Iterable[Path], what: str = "") -> Iterator[str]:
    """Yield what everybody can read: each file, or each folder of many."""
    folders: dict[Path, list[Path]] = {}
    for file in filter(_is_open, files):
        folders.setdefault(file.parent, []).append(file)
    for folder, found in folders.items():
        if len(found) > _FEW:
            yield (
                f"{folder}: {len(found)} files, {found[0].name} for one: {what}every user of the"
                " machine can read it: chmod 600 each"
            )
        else:
            for file in found:
                yield f"{file}: {what}every user of the machine can read it: chmod 600 {file}"


def _is_no_containers(path: Path) -> bool:
    return not path.is_relative_to(_CONTAINER_SECRETS)


def _state_folder(folder: Path) -> Iterator[str]:
    us = user_name(os.geteuid())
    if folder.exists() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield f"{folder}: {us} cannot write to it, so a restart would ask the clouds again"
    elif folder.exists() and not is_ours(folder):
        yield f"{folder}: is {user_name(folder.stat().st_uid)}'s, and this runs as {us}"


def is_ours(folder: Path) -> bool:
    """Return whether what is written there belongs to whom it should.

    What root leaves behind a service of another user could not replace, so root makes no folder.
    """
    try:
        return folder.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return os.geteuid() != 0
    except OSError:
        return False


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _is_written(account: AccountConfig) -> bool:
    """Return whether a secret of the account stands in the configuration itself."""
    return any(getattr(account, field.name) is not None for field in account.secret_fields)
