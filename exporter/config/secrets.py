"""Where a secret of an account really is: in the file, in another file, in the environment."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from exporter.config.account import SecretField
from exporter.config.permissions import closed_to
from exporter.errors import ExporterError
from exporter.secret import Secret

_FILE_LIMIT = 64 * 1024


class UnresolvedError(ExporterError):
    """A secret could not be had; the message says what was expected, never the value."""


def resolve(
    fields: Iterable[SecretField],
    raw: Mapping[str, Any],
    path_of: Callable[[str], Path],
    environ: Mapping[str, str],
    *,
    only_values: bool = False,
) -> tuple[dict[str, Secret], dict[str, str]]:
    """Return the secrets of an account as written, and the faults by key.

    `path_of` tells where a file is; a value of the wrong type is left to the validation. With
    `only_values` no file and no variable is looked at.
    """
    secrets: dict[str, Secret] = {}
    faults: dict[str, str] = {}
    for field in fields:
        for key in field.keys:
            given = raw.get(key)
            if not isinstance(given, str) or (only_values and key != field.name):
                continue
            try:
                secrets[field.name] = Secret(_checked(field, _read(key, given, path_of, environ)))
            except UnresolvedError as error:
                faults[key] = str(error)
    return secrets, faults


def _read(key: str, given: str, path_of: Callable[[str], Path], environ: Mapping[str, str]) -> str:
    if key.endswith("_file"):
        return _read_file(given, path_of)
    if not key.endswith("_env"):
        return given
    if not given.isprintable() or given not in environ:
        # Not its name: it may be the secret itself, written to the wrong key.
        raise UnresolvedError("expected the name of an environment variable that is set")
    return environ[given]


def _read_file(given: str, path_of: Callable[[str], Path]) -> str:
    try:
        path = path_of(given)
        if path.exists() and not path.is_file():
            raise UnresolvedError(f"expected a file, {path} is something else")
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
        if len(data) > _FILE_LIMIT:
            raise UnresolvedError(f"expected a small file, {path} is too large for a secret")
        # Editors on Windows begin a file with a mark that is no part of the secret.
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnresolvedError(f"expected UTF-8 text in {path}") from None
    except OSError as error:
        why = f"{error.strerror}{closed_to(path, error)}"
        raise UnresolvedError(f"expected a readable file: {path}: {why}") from None
    except (RuntimeError, ValueError):
        raise UnresolvedError("expected a path that can exist") from None


def _checked(field: SecretField, value: str) -> str:
    if not value.strip():
        raise UnresolvedError("expected a value, found it empty")
    if not field.form.fullmatch(value):
        raise UnresolvedError(f"expected {field.expectation}")
    return value
