"""YAML as exporter.yml has it: keys once each, and complaints that repeat nothing of the file."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from exporter.config.permissions import closed_to
from exporter.errors import ConfigError

_FILE_LIMIT = 4 * 1024 * 1024
_DEPTH_LIMIT = 100
_FAST_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    """Return what a file holds, {} for nothing; raises ConfigError where it is no YAML of ours."""
    try:
        with open(path, "rb", opener=_at_once) as file:  # Path.open has no opener
            text = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        why = f"{error.strerror}{closed_to(path, error)}"
        raise ConfigError([f"{path}: expected a readable file: {why}"]) from None
    if len(text) > _FILE_LIMIT:
        raise ConfigError([f"{path}: expected a file under {_FILE_LIMIT} bytes"])
    if _is_shallow(text):
        # Seven times as fast; what it does not take the other reads for the words of its fault.
        with suppress(yaml.YAMLError, ValueError):
            return yaml.load(text, _FastLoader) or {}  # noqa: S506  # a SafeLoader
    try:
        return yaml.load(text, _CarefulLoader) or {}  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        # The parser's own words may quote what stands there, a password for one.
        own = isinstance(error, _RepeatedKeyError | _ImpossibleError)
        what = error.problem if own else _yaml_fault(error)
        raise ConfigError([f"{path}{line}: expected valid YAML: {what}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError([f"{path}: expected valid YAML in UTF-8"]) from None


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that nobody writes to would hold every later reload too."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def _is_shallow(text: bytes) -> bool:
    """Return whether the parser in C, which has no bound of its own, is safe from its stack's end.

    Whatever nests does so behind one of a few characters.
    """
    if sum(map(text.count, b"[{-?:")) <= _DEPTH_LIMIT:
        return True
    depth = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, _FastLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH_LIMIT:
                return False
    return True


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
    if error.problem and r"'\t'" in error.problem:
        return "blanks, where there is a tab"
    return (
        "the line cannot be read; look how far it is indented, and put text with special characters"
        " in quotes"
    )


class _UniqueKeys(yaml.constructor.SafeConstructor):
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


class _CarefulLoader(_UniqueKeys, yaml.SafeLoader):
    """Says best what is wrong, and stops at its own bound where a text nests deeply."""


class _FastLoader(_UniqueKeys, _FAST_BASE):  # type: ignore[misc]  # known at run time
    """Reads as the careful one does, with libyaml where PyYAML has it."""
