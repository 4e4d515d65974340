"""What is built for an index holds the package, all of it and nothing else."""

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from exporter import __version__

ROOT = Path(__file__).parents[2]
STEM = f"home_exporter-{__version__}"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

pytestmark = pytest.mark.skipif(
    not (ROOT / "exporter").exists(), reason="the source is out of reach: the wheel is what runs"
)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with both, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert {path.name for path in folder.iterdir()} == {
        f"{STEM}-py3-none-any.whl",
        f"{STEM}.tar.gz",
    }
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(dist / f"{STEM}-py3-none-any.whl")


@pytest.fixture(scope="module")
def meta(wheel: zipfile.ZipFile) -> Message:
    return email.message_from_bytes(wheel.read(f"{STEM}.dist-info/METADATA"))


def package() -> set[str]:
    """Return every file of the package in this tree."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "exporter").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_no_more(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if not name.startswith(f"{STEM}.dist-info/")}
    assert held == package()
    assert {".py", ".html", ".css", ".js", ".svg"} <= {Path(name).suffix for name in held}
    assert {"exporter/py.typed", "exporter/__main__.py"} <= held


def test_its_metadata_are_those_of_the_project(meta: Message) -> None:
    assert (meta["Name"], meta["Version"]) == ("home-exporter", __version__)
    assert meta["License-Expression"] == "Apache-2.0"
    assert meta.get_all("License-File") == ["LICENSE"]
    assert meta["Requires-Python"] == PROJECT["requires-python"]
    told = {Requirement(text) for text in meta.get_all("Requires-Dist") or []}
    assert told == {Requirement(text) for text in PROJECT["dependencies"]}
    assert meta["Description-Content-Type"] == "text/markdown"
    assert str(meta.get_payload()).startswith("# home-exporter")


def test_it_brings_the_command(wheel: zipfile.ZipFile) -> None:
    entries = wheel.read(f"{STEM}.dist-info/entry_points.txt").decode()
    assert re.findall(r"^(\S+) = (\S+)$", entries, re.MULTILINE) == [
        ("home-exporter", "exporter.cli:main")
    ]


def test_the_sdist_is_enough_to_build_it_and_holds_no_lock_file(dist: Path) -> None:
    with tarfile.open(dist / f"{STEM}.tar.gz") as archive:
        held = {name.removeprefix(f"{STEM}/") for name in archive.getnames()}
    assert package() | {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= held
    assert not {name for name in held if name.endswith(("uv.lock", ".pyc"))}


def test_the_version_is_said_in_one_place() -> None:
    """Other files that name it are held to it by their own tests."""
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)
