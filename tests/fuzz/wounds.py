"""Payloads gone wrong, by a seed and quickly: wounds first, then what must never come out."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.mapping.mutations import _spots

_NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 14, 15, 16, 100, 101, 55_546, 65_535, -32_768, -327.68, 655.35, -8_388_608, -0.0),
    *(float("nan"), float("inf"), float("-inf"), 1.7e308, 5e-324, 10**17, 10**400, 21.5, 0.1),
)
_TEXTS = (
    *("", " ", "open", "resolved", "alarm", "DISARMED", "Motion", "None", "NaN", "+Inf"),
    *("2025-10-09T08:53:20Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "20251009"),
    *("2025-10-09T08:53:20.123456789Z", "2025-W41-4", "-0001-01-01", "x" * 129, "x" * 5000),
    *('"\\\n', "\ud800\x00\x85", "a\r\nb", "}", "# EOF", " # {} 1", 'a="b"', "\u2028", "é\u0301"),
    *("..", "/", "dev-motion", "sn-water", "home-1", "\N{RIGHT-TO-LEFT OVERRIDE}x", "\ufeff"),
)
_NAMES = (
    *("alarm", "flood", "fire", "tamper", "temperature", "battery", "voltage", "lock", "state"),
    *("value", "lastUpdated", "at", "thermostat", "mf409", "mf415", "report", "locked", "Broken"),
    *("TEMP", "RH", "LEAK", "COND", "SENSOR", "humidity", "metering", "demand", "activities"),
)

#: About people and their secrets: no page and no log may hold any of it.
SECRETS = {
    "userName": "Kari Planted-Eksempel",
    "email": "kari.planted@example.com",
    "note": "PIN 4711-planted of the cleaner",
    "fullAddress": {"line1": "Plantegata 17B", "city": "Plantedby"},
    "address": "Plantegata 17B, 0001 Plantedby",
    "token": "eyJ-planted-token-a1b2c3",
    "phone": "+47 900 17 171",
    "userId": "00000000-planted-user",
}
MARKERS = (
    *("Planted-Eksempel", "kari.planted", "4711-planted", "Plantegata", "Plantedby"),
    *("planted-token", "900 17 171", "planted-user"),
)

_Way = Callable[[random.Random, Any, Any], None]


def _junk(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(8 if depth < 2 else 6)
    if kind < 2:
        return dice.choice(_NUMBERS)
    if kind == 2:
        return dice.choice((None, True, False))
    if kind == 3:
        return dice.uniform(-1e6, 1e6)
    if kind < 6:
        return _text(dice)
    if kind == 6:
        return [_junk(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {_text(dice): _junk(dice, depth + 1) for _ in range(dice.randrange(4))}


def _text(dice: random.Random) -> str:
    if dice.random() < 0.3:
        return dice.choice(_NAMES)
    if dice.random() < 0.6:
        return dice.choice(_TEXTS)
    return "".join(
        chr(dice.choice((dice.randrange(0x110000), dice.randrange(128)))) for _ in "1234"
    )


def _replace(dice: random.Random, holder: Any, key: Any) -> None:
    holder[key] = _junk(dice)


def _remove(_: random.Random, holder: Any, key: Any) -> None:
    del holder[key]


def _nest(dice: random.Random, holder: Any, key: Any) -> None:
    holder[key] = dice.choice(([holder[key]], {"value": holder[key]}, [[holder[key]]]))


def _repeat(dice: random.Random, holder: Any, key: Any) -> None:
    again = copy.deepcopy(holder[key])
    if isinstance(holder, list):
        holder.append(again)
    else:
        holder[_text(dice)] = again


def _swap(dice: random.Random, holder: Any, key: Any) -> None:
    other = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[key], holder[other] = holder[other], holder[key]


_WAYS: tuple[_Way, ...] = (_replace, _replace, _replace, _remove, _nest, _repeat, _swap)


def wound(payload: Any, dice: random.Random) -> Any:
    """Return a copy of the payload with up to eight of its nodes gone wrong."""
    root: Any = [copy.deepcopy(payload)]
    for _ in range(min(8, int(0.7 + dice.expovariate(0.6)))):
        spots = list(_spots(root))
        if not spots:
            break
        dice.choice(_WAYS)(dice, *dice.choice(spots))
    return root[0] if root else None


def plant(node: Any, dice: random.Random) -> None:
    """Add to every object some of what is about people, where a cloud has it or might."""
    if isinstance(node, dict):
        for child in node.values():
            plant(child, dice)
        for name in dice.sample(sorted(SECRETS), 3):
            node[name] = copy.deepcopy(SECRETS[name])
    elif isinstance(node, list):
        for child in node:
            plant(child, dice)


def body(payload: Any, dice: random.Random) -> bytes:
    """Return the payload as the bytes of an answer, now and then with some of them broken."""
    raw = bytearray(
        json.dumps(payload, ensure_ascii=dice.random() < 0.9).encode("utf-8", "replace")
    )
    if dice.random() < 0.05:
        for _ in range(dice.randrange(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
    return bytes(raw[: dice.randrange(len(raw))]) if dice.random() < 0.01 else bytes(raw)
