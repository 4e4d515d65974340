"""The pins are those of pyproject.toml, of every hash, and say nothing of where from."""

import re
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
DIRECT = {
    "build": GROUPS["build"],
    "runtime": PROJECT["project"]["dependencies"],
    "ci": [
        *PROJECT["project"]["dependencies"],
        *(one for group in ("build", "docs", "lint", "test") for one in GROUPS[group]),
    ],
}
_PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n(?:    #.*\n)*"
)
files = pytest.mark.parametrize("name", DIRECT)


@dataclass(frozen=True)
class Pin:
    """One version of a package, and where it is installed."""

    name: str
    version: str
    marker: str | None


def pins(name: str) -> list[Pin]:
    """Return what a file pins; all of it has to be pins."""
    head, _, text = (ROOT / f"requirements/{name}.txt").read_text().partition("\n")
    assert head.startswith("# Written by `make pins`")
    assert _PIN.sub("", text) == ""
    return [Pin(one["name"], one["version"], one["marker"]) for one in _PIN.finditer(text)]


def here(name: str) -> dict[str, str]:
    """Return the version of each package that a file pins for this Python."""
    found = pins(name)
    return {
        one.name: one.version for one in found if not one.marker or Marker(one.marker).evaluate()
    }


@files
def test_every_dependency_is_pinned_within_its_bounds(name: str) -> None:
    """Else run `make pins`."""
    found = pins(name)
    for text in DIRECT[name]:
        wanted = Requirement(text)
        versions = [one.version for one in found if one.name == canonicalize_name(wanted.name)]
        assert versions, f"{wanted.name} is not pinned"
        for version in versions:
            assert wanted.specifier.contains(version), (text, version)


@files
def test_what_they_need_in_turn_is_pinned_too(name: str) -> None:
    """Of those whose metadata are at hand: the versions that are installed here."""
    found = here(name)
    looked_at = 0
    for package, version in found.items():
        try:
            installed = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            continue
        if installed.version != version:
            continue
        looked_at += 1
        for text in installed.requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                assert canonicalize_name(wanted.name) in found, f"{package} needs {text}"
    assert looked_at or name == "build"


def test_what_is_shipped_is_what_is_tested() -> None:
    assert here("runtime").items() <= here("ci").items()
    assert here("build").items() <= here("ci").items()


def test_the_backend_of_the_build_is_the_one_that_is_pinned() -> None:
    assert PROJECT["build-system"]["requires"] == GROUPS["build"]
