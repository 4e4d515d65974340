"""Redacts whole JSON documents: what is not a vendor's word, time or reading is replaced.

A document is read twice. First every text that will be replaced is noted; then what is kept must
not hold any of them: who called a sensor after a person has told us the person's name.
"""

from collections.abc import Iterator
from typing import Any

from exporter.jsontext import is_number
from exporter.redact import vocabulary as words
from exporter.redact.pseudonyms import Pseudonyms
from exporter.redact.vocabulary import Path, matches

#: Shorter texts stand in too many words by chance.
_SHORTEST = 4
_DEPTH = 60
_TOO_DEEP = "text-too-deep"


class Redactor:
    """Redacts the documents of one dump; what is the same in two of them stays the same."""

    def __init__(self, key: bytes | None = None) -> None:
        self._names = Pseudonyms(key)
        self._personal: set[str] = set()
        self._parts: set[str] = set()

    def note(self, document: Any) -> None:
        """Read a document before any is redacted: what it says of people must stand nowhere."""
        for text, path in _replaced(document, ()):
            if path not in words.MODEL_NAMES:
                self.note_text(text, is_noun=matches(path, words.NOUNS))

    def note_text(self, text: str, *, is_noun: bool = False) -> None:
        """Take a text that must stand nowhere; nor may a word of it, unless it `is_noun`."""
        folded = text.strip().casefold()
        parts = {folded} if is_noun else {folded, *folded.split()}
        self._parts |= {part for part in parts if len(part) >= _SHORTEST}
        if len(folded) >= _SHORTEST:
            self._personal.add(folded)

    def redact(self, document: Any) -> Any:
        """Return the document with everything replaced that is not known to be harmless."""
        return self._value(document, ())

    def path(self, path: str) -> tuple[str, list[str]]:
        """Return the path of a URL as a template, and stand-ins for what was in its gaps."""
        gaps = []
        parts = path.split("/")
        for place, part in enumerate(parts):
            if part and part not in words.SEGMENTS:
                gaps.append(self._names.text(part))
                parts[place] = "{id}"
        return "/".join(parts), gaps

    def _value(self, value: Any, path: Path, depth: int = 0) -> Any:
        if depth > _DEPTH:
            return _TOO_DEEP
        if isinstance(value, dict):
            return {
                self._key(key, held, path): self._value(held, (*path, key), depth + 1)
                for key, held in value.items()
            }
        if isinstance(value, list):
            return [self._value(one, path, depth + 1) for one in value]
        if isinstance(value, str):
            return self._text(value, path)
        if is_number(value) and not _is_plain_number(value, path):
            return self._names.number(value)
        return value

    def _key(self, key: str, held: Any, path: Path) -> str:
        if key in words.KEYS:
            return key
        is_kept = _is_state(key, held, path) and not _holds(key, self._personal)
        return key if is_kept else self._names.key_name(key)

    def _text(self, text: str, path: Path) -> str:
        is_known = text in words.KNOWN_WORDS
        if _is_plain(text, path) and (is_known or not _holds(text, self._parts)):
            return text
        floor = words.FLOOR.match(text) if matches(path, words.ROOMS) else None
        if floor is not None:
            return floor[0] + self._names.text(text[floor.end() :])
        return self._names.text(text)


def _holds(text: str, personal: set[str]) -> bool:
    folded = text.casefold()
    return any(one in folded for one in personal)


def _replaced(value: Any, path: Path, depth: int = 0) -> Iterator[tuple[str, Path]]:
    """Yield the texts of a document that are replaced, and so stand nowhere, with their paths."""
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        for key, held in value.items():
            if key not in words.KEYS and not _is_state(key, held, path):
                yield key, path
            yield from _replaced(held, (*path, key), depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _replaced(one, path, depth + 1)
    elif isinstance(value, str) and not _is_plain(value, path):
        floor = words.FLOOR.match(value) if matches(path, words.ROOMS) else None
        yield (value[floor.end() :] if floor else value), path


def _is_state(key: str, held: Any, path: Path) -> bool:
    if not matches((*path, key), words.STATE_KEYS) or not words.STATE_NAME.fullmatch(key):
        return False
    if path == ("hardware",):
        return is_number(held) or isinstance(held, bool) or held is None
    return held in ({}, None) or (
        isinstance(held, dict) and any(held.keys() <= form for form in words.STATE_FORMS)
    )


def _is_plain(text: str, path: Path) -> bool:
    """Return whether a text is a vendor's word, error or time, where one belongs."""
    if not text.strip():
        return True
    if matches(path, words.WORDS):
        return words.WORD.fullmatch(text) is not None
    if matches(path, words.MESSAGE_PATHS):
        return text in words.MESSAGES
    return matches(path, words.TIMES) and words.TIME.fullmatch(text) is not None


def _is_plain_number(value: float, path: Path) -> bool:
    if matches(path, words.NUMBERS):
        return True
    is_rough = abs(value) < words.UNKNOWN_LIMIT and round(value, words.UNKNOWN_PLACES) == value
    return is_rough and matches(path, words.UNKNOWN_NUMBERS)
