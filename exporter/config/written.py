"""Accounts as they are written: what is wrong between their keys, and between each other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.config.account import AccountConfig
from exporter.config.secrets import resolve
from exporter.secret import Secret


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says of an account; `key` is where in the file, "" for all of it."""

    file: Path
    key: str
    vendor: str
    raw: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The account's name, such as it is."""
        return str(self.raw["name"])

    def fault(self, key: str, text: str) -> str:
        """Return the line that tells what is wrong with a key."""
        return f"{self.file}: {self.key}{'.' if self.key else ''}{key}: {text}"

    def seen_from(self, file: Path) -> str:
        """Return where this is, in words for another account of that file."""
        if file == self.file:
            return self.key
        return f"{self.file}: {self.key}" if self.key else str(self.file)


class Ledger:
    """Checks accounts as they are written, one after the other, so that no fault hides another.

    Secrets in files and variables are read of the names that are `read_for` only.
    """

    def __init__(self, environ: Mapping[str, str], read_for: Callable[[str], bool]) -> None:
        self._environ = environ
        self._read_for = read_for
        self._names: dict[tuple[str, str], Written] = {}
        self._unique: dict[Secret, Written] = {}
        self._secrets: dict[tuple[str, str], dict[str, Secret]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def secrets(self, account: AccountConfig) -> dict[str, Secret]:
        """Return the secrets of an account that has been checked."""
        return self._secrets[account.vendor, account.name]

    def faults(self, written: Written, model: type[AccountConfig]) -> Iterator[str]:
        """Yield the faults between the keys of an account, and between it and those before."""
        for key, fault in model.faults_across(written.raw):
            yield written.fault(key, fault)
        secrets, unresolved = resolve(
            model.secret_fields,
            written.raw,
            written.file.parent,
            self._environ,
            only_values=not self._read_for(written.name),
        )
        for key, fault in unresolved.items():
            yield written.fault(key, fault)
        place = (written.vendor, written.name)
        first = self._names.setdefault(place, written)
        if first is not written:
            where = first.seen_from(written.file)
            yield written.fault("name", f"expected a name of its own, {where} has it")
        self._secrets[place] = secrets
        yield from self._shared(written, model, secrets)

    def _shared(
        self, written: Written, model: type[AccountConfig], secrets: Mapping[str, Secret]
    ) -> Iterator[str]:
        for field in model.secret_fields:
            secret = secrets.get(field.name)
            if field.unique and secret is not None:
                first = self._unique.setdefault(secret, written)
                if first is not written:
                    key = next(key for key in field.keys if written.raw.get(key) is not None)
                    where = first.seen_from(written.file)
                    yield written.fault(key, f"expected a secret of its own, {where} has the same")
