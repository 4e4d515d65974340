"""Imports flow one way: a room may use the rooms below it, and no others."""

import ast
import re
from pathlib import Path

import pytest

import exporter

# Wherever it is installed: the wheel is held to this too.
ROOT = Path(exporter.__file__).parent

#: From the bottom up. A room imports its own modules and rooms on earlier lines.
LAYERS = [
    {"__init__"},
    {"clock", "secret", "address", "errors", "jsontext", "logs", "catalog", "backoff", "shard"},
    {"series", "text", "watched"},
    {"meter"},
    {"model", "budget", "config", "rest", "tasks", "schedule", "telemetry", "garbage"},
    {"store"},
    {"exposition"},
    {"sources"},
    {"state"},
    {"accounts", "reload"},
    {"web"},
    {"app"},
    {"redact"},
    {"simulator"},
    {"demo"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        relative = path.relative_to(ROOT)
        here = relative.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("exporter"):
                targets = [node.module or ""]
                if node.module == "exporter":
                    targets = [f"exporter.{alias.name}" for alias in node.names]
                found += [
                    (str(relative), here, room(one))
                    for one in targets
                    if not one.startswith("exporter.__")
                ]
    return found


def test_every_room_has_its_place() -> None:
    rooms = {path.name.removesuffix(".py") for path in ROOT.iterdir()} - {"__pycache__", "py.typed"}
    assert rooms == set(LEVEL)


def test_imports_flow_one_way() -> None:
    upward = [
        f"{path} imports {there}"
        for path, here, there in imports()
        if here != there and LEVEL[there] >= LEVEL[here]
    ]
    assert not upward


def test_the_simulator_knows_nothing_of_the_exporter() -> None:
    used = {there for path, here, there in imports() if here == "simulator"}
    assert used <= {"simulator", "clock"}


@pytest.mark.parametrize(("vendor", "other"), [("homely", "wally"), ("wally", "homely")])
def test_the_vendors_know_nothing_of_each_other(vendor: str, other: str) -> None:
    modules = list((ROOT / "sources" / vendor).glob("*.py"))
    assert modules
    assert not [path.name for path in modules if f"sources.{other}" in path.read_text()]


def test_mappings_know_nothing_of_metrics_text_or_state() -> None:
    used = {there for path, _, there in imports() if "mapping" in path or "states" in path}
    assert used.isdisjoint({"exposition", "store", "web", "telemetry"})


def test_only_their_registration_and_the_redactor_know_the_vendors() -> None:
    vendors = re.compile(r"exporter\.sources\.(homely|wally)\b")
    knowing = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if vendors.search(path.read_text()) and path.parent.name not in ("homely", "wally")
    }
    assert knowing == {"sources/vendors.py", "redact/vocabulary.py"}


#: Within sources/, from the bottom up: what the vendors share. `vendors` and `clouds` know them.
SHARED = ["findings", "values", "record", "gate", "base", "bearer"]


def test_what_the_vendors_share_knows_none_of_them() -> None:
    names = {path.stem for path in (ROOT / "sources").glob("*.py")} - {
        "__init__",
        "vendors",
        "clouds",
    }
    assert names == set(SHARED)
    for name in SHARED:
        text = (ROOT / f"sources/{name}.py").read_text()
        used = set(re.findall(r"from exporter\.sources\.(\w+)", text))
        assert used <= set(SHARED[: SHARED.index(name)])
