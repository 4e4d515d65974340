"""Reads exporter.yml: all faults at once, each with file, key path and what was expected."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, create_model

from exporter.config.account import AccountConfig, Strict
from exporter.config.faults import key_path, validation_faults
from exporter.config.fields import expected
from exporter.config.secrets import resolve
from exporter.errors import ConfigError
from exporter.secret import Secret

_FILE_LIMIT = 4 * 1024 * 1024
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


def config_model(vendors: Mapping[str, type[AccountConfig]]) -> type[BaseModel]:
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
) -> Config:
    """Return the configuration in a file; raises ConfigError with every fault in it."""
    model = config_model(vendors)
    raw = _named(_parse(path), vendors)
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


def _parse(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise ConfigError([f"{path}: expected a readable file: {error.strerror}"]) from None
    if len(text) > _FILE_LIMIT:
        raise ConfigError([f"{path}: expected a file under {_FILE_LIMIT} bytes"])
    try:
        return yaml.load(text, _UniqueKeyLoader) or {}  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        # The parser's own words may quote what stands there, a password for one.
        own = isinstance(error, _RepeatedKeyError | _ImpossibleError)
        what = error.problem if own else _yaml_fault(error)
        raise ConfigError([f"{path}{line}: expected valid YAML: {what}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError([f"{path}: expected valid YAML in UTF-8"]) from None


class _ImpossibleError(yaml.constructor.ConstructorError):
    """A value is not what its tag or its shape says."""


class _RepeatedKeyError(yaml.constructor.ConstructorError):
    """A key stands twice in one mapping."""


def _yaml_fault(error: yaml.MarkedYAMLError) -> str:
    if isinstance(error, yaml.composer.ComposerError):
        if error.context and "single document" in error.context:
            return "one document, without a line of --- in it"
        return "an alias (*) without its anchor (&); put text that begins with * in quotes"
    if isinstance(error, yaml.constructor.ConstructorError):
        if error.problem and "unhashable" in error.problem:
            return "keys that are plain text"
        return "a tag (!) that is not known; put text that begins with ! in quotes"
    return "the line cannot be read; put text with special characters in quotes"


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that stands twice; YAML would let the last one win in silence."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # yaml's signature
        try:
            return super().construct_object(node, deep)
        except (AttributeError, LookupError, ValueError):
            # PyYAML trusts a value to be what its tag or its shape says.
            problem = "what looks like a number or a date and is none in quotes"
            raise _ImpossibleError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # yaml's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"the key {key.value} stands twice"
                    raise _RepeatedKeyError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


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
        self._callback_secrets: dict[str, str] = {}
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
                yield from self._callbacks(path, raw, secrets)

    def _names(
        self, path: str, account: tuple[str, str], secrets: dict[str, Secret]
    ) -> Iterator[str]:
        if account in self.found:
            yield f"{path}.name: expected a name of its own, another account has it"
        self.found[account] = secrets

    def _callbacks(
        self, path: str, raw: Mapping[str, Any], secrets: dict[str, Secret]
    ) -> Iterator[str]:
        secret = secrets.get("callback_secret")
        if secret is not None:
            first = self._callback_secrets.setdefault(secret.reveal(), path)
            if first != path:
                key = next(key for key in raw if key.startswith("callback_secret"))
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
