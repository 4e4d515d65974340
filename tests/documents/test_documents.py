"""What the documents say is what the code does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import exporter
from exporter.config import load
from exporter.sources.vendors import MODELS

ROOT = Path(__file__).parents[2]
PACKAGE = Path(exporter.__file__).parent


SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("document_*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_generated_documents_are_in_step(script: str) -> None:
    command = [sys.executable, "-m", f"scripts.{script}", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_example_configuration_works_as_it_stands() -> None:
    environ = {"HOMELY_PASSWORD": "x", "WALLY_TOKEN": "y", "HOME": "/nonexistent"}
    config = load(ROOT / "exporter.yml", MODELS, environ)
    assert [account.name for account in config.accounts] == ["homely-1", "wally-1"]


def test_the_example_configuration_shows_every_key() -> None:
    text = (ROOT / "exporter.yml").read_text()
    shown = set(re.findall(r"\b(\w+):", text))
    for vendor, model in MODELS.items():
        for key in model.model_fields:
            given = any(
                key == f"{secret.name}{form}"
                for secret in model.secret_fields
                for form in ("", "_file", "_env")
            )
            assert given or key in shown, f"{vendor}: {key} is not shown"


def test_the_keys_that_are_commented_out_are_accepted(tmp_path: Path) -> None:
    text = (ROOT / "exporter.yml").read_text()
    whole = re.sub(r"^(\s*)# ((?:  )?\w+:)", r"\1\2", text, flags=re.MULTILINE)
    assert yaml.safe_load(whole)["homely"][0]["locations"]["include"] == ["*"]
    (tmp_path / "wally-callback").write_text("a-secret-of-sixteen-or-more")
    (tmp_path / "accounts").mkdir()
    (tmp_path / "exporter.yml").write_text(whole)
    config = load(tmp_path / "exporter.yml", MODELS, {"HOMELY_PASSWORD": "x", "WALLY_TOKEN": "y"})
    plain = load(ROOT / "exporter.yml", MODELS, {"HOMELY_PASSWORD": "x", "WALLY_TOKEN": "y"})
    for shown, default in zip(config.accounts, plain.accounts, strict=True):
        differing = {
            key for key in type(shown).model_fields if getattr(shown, key) != getattr(default, key)
        }
        assert differing <= {"callback_secret_file"}, "a default is told wrongly"


def test_the_map_names_every_room_and_nothing_that_is_not_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"`([\w/.]+(?:/|\.py))`", text))
    rooms = [path for path in PACKAGE.iterdir() if not path.name.startswith("_")]
    names = {f"{path.name}/" if path.is_dir() else path.name for path in rooms} - {"py.typed"}
    assert names <= named
    roots = (ROOT, PACKAGE, PACKAGE.parent)
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_every_requirement_says_the_lowest_version_that_works() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    command = [sys.executable, "scripts/lowest_bounds.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for line, requirement in zip(done.stdout.splitlines(), wanted, strict=True):
        assert requirement.startswith((line, line.replace("==", ">=")))


#: In two parts, so that this file does not hold what it looks for.
INDEX_ADDRESSES = [("index-", "url"), ("/sim", "ple/"), ("py", "pi.org"), ("python", "hosted.org")]


@pytest.mark.parametrize("parts", INDEX_ADDRESSES)
def test_no_address_of_a_package_index_is_in_the_tree(parts: tuple[str, str]) -> None:
    needle = "".join(parts)
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  # whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert Path(__file__) in paths
    # As a variable of the environment the option is in capitals, with other dashes.
    texts = {
        path: path.read_text(errors="replace").lower().replace("_", "-")
        for path in paths
        if path.is_file()
    }
    assert [str(path) for path, text in texts.items() if needle in text] == []


def test_the_picture_of_the_data_flow_names_rooms_that_are_there() -> None:
    shown = set(re.findall(r'class="t"[^>]*>([^<]+)<', (ROOT / "docs/data-flow.svg").read_text()))
    outside = {"Homely", "WallyHome", "Prometheus", "you"}
    assert outside < shown
    rooms = {name for name in shown - outside if list((ROOT / "exporter").glob(f"{name}*"))}
    assert rooms == shown - outside


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607  # whichever make there is
    shown = dict(re.findall(r"^([a-z-]+) +(\S.+)$", done.stdout, re.MULTILINE))
    assert sorted(shown) == sorted(phony[1].split())
    assert set(shown) == set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
