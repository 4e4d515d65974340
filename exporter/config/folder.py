"""accounts_dir: a folder of files with one account each, read as of one moment."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from exporter.config import yamltext
from exporter.config.permissions import closed_to
from exporter.config.written import Written
from exporter.errors import ConfigError

_ENDINGS = (".yml", ".yaml")
#: Kubernetes swaps all files of a folder at once, by what this link in it points to.
_SWAPPED = "..data"
_TRIES = 5

_Found = TypeVar("_Found")


class Version(NamedTuple):
    """A folder as it is at one moment: where its files are, and when the last came or went."""

    files: Path
    changed: int = 0


class AccountsFolder:
    """The files of a folder; `key` is where the configuration names it, for what is wrong."""

    def __init__(self, folder: Path, key: str, vendors: tuple[str, ...]) -> None:
        self._folder = folder
        self._key = key
        self._vendors = vendors

    def settled(self, read: Callable[[Version], _Found]) -> _Found:
        """Return what `read` makes of a version; again, where the folder changed meanwhile."""
        for _ in range(_TRIES):
            version = self._version()
            found = read(version)
            if self._version() == version:
                break
        return found

    def accounts(self, version: Version) -> Iterator[Written | ConfigError]:
        """Yield the account of each file in the order of their names, or what is wrong with it."""
        try:
            names = sorted(path.name for path in version.files.iterdir())
        except OSError as error:
            why = f"{self._folder}: {error.strerror}{closed_to(self._folder, error)}"
            yield ConfigError([f"{self._key}: expected a readable folder: {why}"])
        except ValueError:
            yield ConfigError([f"{self._key}: expected a path that can exist"])
        else:
            for name in names:
                if name.endswith(_ENDINGS) and not name.startswith("."):
                    try:
                        yield self._account(version.files, name)
                    except ConfigError as error:
                        yield error

    def _version(self) -> Version:
        files = self._folder
        # What is wrong with the folder is told where it is read.
        with suppress(OSError, ValueError):
            if (files / _SWAPPED).is_dir():
                files = (files / _SWAPPED).resolve()
            return Version(files, files.stat().st_mtime_ns)
        return Version(files)

    def _account(self, files: Path, name: str) -> Written:
        if not name.isprintable():
            raise ConfigError([f"{self._folder}: {name!a}: expected a name that is printable"])
        path = self._folder / name
        raw = self._read(files / name, path)
        if not isinstance(raw, dict):
            raise ConfigError([f"{path}: (top level): expected keys with values"])
        said = dict(raw)
        vendor = said.pop("vendor", None)
        if vendor not in self._vendors:
            known = " or ".join(map(repr, self._vendors))
            raise ConfigError([f"{path}: vendor: expected {known}"])
        return Written(path, (), vendor, {"name": path.stem, **said}, files)

    def _read(self, where: Path, shown: Path) -> Any:
        if where.exists() and not where.is_file():
            raise ConfigError([f"{shown}: expected a file"])
        try:
            return yamltext.read(where)
        except ConfigError as error:
            # People know the file by its place in the folder, not by that of the version.
            told = [f"{shown}{fault.removeprefix(str(where))}" for fault in error.faults]
            raise ConfigError(told) from None
