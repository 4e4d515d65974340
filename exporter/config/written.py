"""Accounts as they are written: taken one after the other, so that no fault hides another."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporter.config.account import AccountConfig
from exporter.config.faults import key_path, validation_faults
from exporter.config.secrets import resolve
from exporter.secret import Secret
from exporter.shard import Shard


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says of an account; `key` is where in the file, () for all of it.

    `beside` is the folder of the files that belong to this version of it.
    """

    file: Path
    key: tuple[str | int, ...]
    vendor: str
    raw: Mapping[str, Any]
    beside: Path

    @property
    def name(self) -> str:
        """The account's name, such as it is."""
        return str(self.raw["name"])

    def fault(self, key: str, text: str) -> str:
        """Return the line that tells what is wrong with a key."""
        return f"{self.file}: {key_path((*self.key, key))}: {text}"

    def seen_from(self, file: Path) -> str:
        """Return where this is, in words for another account of that file."""
        key = key_path(self.key)
        if file == self.file:
            return key
        return f"{self.file}: {key}" if key else str(self.file)

    def path(self, given: str) -> Path:
        """Return a path that the file names, relative to its folder."""
        path = Path(given).expanduser()
        of_version = self.beside / path
        return of_version if of_version.exists() else self.file.parent / path


class Ledger:
    """Takes accounts; `faults` is what is wrong with them and between them.

    `accounts` are those of the shard, whose secrets in files and variables alone are read, if any.
    """

    def __init__(
        self, shard: Shard, environ: Mapping[str, str], *, skip_secrets: bool = False
    ) -> None:
        self._shard = shard
        self._environ = environ
        self._skip_secrets = skip_secrets
        self._names: dict[tuple[str, str], Written] = {}
        self._unique: dict[Secret, Written] = {}
        self.accounts: list[AccountConfig] = []
        self.faults: list[str] = []

    def __len__(self) -> int:
        """Return how many accounts there are, of whichever shard."""
        return len(self._names)

    def take(self, written: Written, model: type[AccountConfig]) -> None:
        """Take an account, or its faults."""
        is_owned = self._shard.owns(written.name)
        secrets, unresolved = resolve(
            model.secret_fields,
            written.raw,
            written.path,
            self._environ,
            only_values=self._skip_secrets or not is_owned,
        )
        try:
            account = model.model_validate(written.raw)
        except ValidationError as error:
            lines = validation_faults(model, error, written.key)
            self.faults += [f"{written.file}: {line}" for line in lines]
        else:
            account.settle(written.file, secrets)
            if is_owned:
                self.accounts.append(account)
        faults = (*model.faults_across(written.raw), *unresolved.items())
        self.faults += [written.fault(key, text) for key, text in faults]
        self._compare(written, model, secrets)

    def _compare(
        self, written: Written, model: type[AccountConfig], secrets: Mapping[str, Secret]
    ) -> None:
        """Look whether the account has what another one has."""
        first = self._names.setdefault((written.vendor, written.name), written)
        if first is not written:
            where = first.seen_from(written.file)
            self.faults.append(written.fault("name", f"expected a name of its own, {where} has it"))
        for field in model.secret_fields:
            secret = secrets.get(field.name)
            if not field.unique or secret is None:
                continue
            first = self._unique.setdefault(secret, written)
            if first is not written:
                key = next(key for key in field.keys if written.raw.get(key) is not None)
                where = first.seen_from(written.file)
                fault = f"expected a secret of its own, {where} has the same"
                self.faults.append(written.fault(key, fault))
