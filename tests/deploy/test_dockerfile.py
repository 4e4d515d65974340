"""The Dockerfile as it stands; `make image-test` builds it and runs what comes out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from exporter.commands.flags import parse

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
#: Each instruction on one line, without comments.
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
STAGES = "\n".join(LINES).split("\nFROM ")
SHIPPED = STAGES[-1].splitlines()


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    """Run hadolint, which the test group installs beside Python."""
    binary = Path(sys.executable).parent / "hadolint"
    return subprocess.run(
        [str(binary), "--failure-threshold=style", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


def last(instruction: str) -> str:
    """Return what the last such instruction of the shipped stage says."""
    return [line for line in SHIPPED if line.startswith(f"{instruction} ")][-1].split(" ", 1)[1]


def test_the_linter_finds_nothing() -> None:
    done = lint(ROOT / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && sudo ls\n")
    assert lint(tmp_path / "Dockerfile").returncode != 0


def test_the_base_is_one_version_in_one_place() -> None:
    (base,) = re.findall(r"^ARG BASE=(.+)$", TEXT, re.MULTILINE)
    assert re.fullmatch(
        r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base
    )
    assert re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) == ["${BASE}", "${BASE}"]


def test_all_that_is_installed_is_pinned_by_hash_or_made_here() -> None:
    installs = [part for line in LINES for part in line.split("&&") if "pip" in part.split()]
    installs = [part for part in installs if "install" in part.split()]
    assert len(installs) == 3
    for one in installs:
        assert "--require-hashes" in one or "--no-index --no-deps" in one, one
        assert "--only-binary=:all:" in one or "--no-index" in one, one


def test_what_is_shipped_runs_nothing_while_it_is_built_and_needs_no_shell() -> None:
    assert not [line for line in SHIPPED if line.startswith(("RUN", "SHELL", "CMD", "ADD"))]
    assert re.fullmatch(r"(\d+):\1", last("USER"))
    assert last("USER").split(":")[0] != "0"
    entry = json.loads(last("ENTRYPOINT"))
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert entry == check[:1]
    assert parse(check[1:]).command == "healthcheck"


@pytest.mark.parametrize("name", ["exporter", "exporter-demo"])
def test_the_stack_asks_for_health_as_the_image_does(name: str) -> None:
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert services[name]["healthcheck"]["test"] == ["CMD", *check]


def test_the_build_sees_only_what_it_takes() -> None:
    """A secret that lies in this folder must get into no layer and to no builder."""
    first, *rules = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"
    ]
    assert first == "*"
    seen = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source.split("/")[0].rstrip("/")
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert seen == copied
