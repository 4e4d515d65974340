"""The workflows: nothing in them moves by itself, and none may do more than its work."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import __version__
from scripts.release import notes

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
#: What a job may write, and why it must; all others read the tree at most.
MAY = {
    ("release.yml", "package"): {"id-token": "write"},
    ("release.yml", "image"): {
        "contents": "read",
        "packages": "write",
        "id-token": "write",
        "attestations": "write",
    },
    ("release.yml", "notes"): {"contents": "write"},
}
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML reads its key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    found["on"] = found.pop(True)
    return found


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every step of every job."""
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def test_there_are_some() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]


@each
def test_every_action_is_pinned_by_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: (?!\./)(.+)", path.read_text())
    assert used
    for one in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_an_action_has_the_same_version_everywhere() -> None:
    text = "".join(path.read_text() for path in WORKFLOWS)
    pins = set(re.findall(r"uses: ([\w.-]+/[\w.-]+)@(.+)", text))
    assert len(pins) == len({name for name, _ in pins})


@each
def test_no_job_may_do_more_than_its_work(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        wanted = MAY.get((path.name, name), {"contents": "read"})
        assert job["permissions"] == wanted, name


@each
def test_no_step_is_given_what_it_does_not_need(path: Path) -> None:
    workflow = read(path)
    text = path.read_text()
    assert "pull_request_target" not in text
    # Trusted publishing and the workflow's own token: there is no secret to keep.
    assert "secrets." not in text
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert "${{" not in step.get("run", ""), "a value becomes part of a script"


@each
def test_every_job_ends_by_itself(path: Path) -> None:
    for name, job in read(path)["jobs"].items():
        assert "uses" in job or job["timeout-minutes"] <= 60, name


@each
def test_what_they_run_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    ran = "\n".join(step["run"] for step in steps(read(path)) if "run" in step)
    assert set(re.findall(r"\bmake ([a-z-]+)", ran)) <= targets
    for script in re.findall(r"(?:^|\s)(scripts/[\w-]+)", ran):
        assert (ROOT / script).stat().st_mode & 0o111, script
    for module in re.findall(r"-m (scripts\.\w+)", ran):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()


def debian_packages(command: str) -> set[str]:
    """Return the packages that a command of some lines installs."""
    (found,) = re.findall(r"scripts/debian-packages ((?:.*\\\n)*.*)", command)
    return set(found.replace("\\\n", " ").split())


def test_ci_runs_every_test_that_make_test_runs() -> None:
    recipe = (ROOT / "Makefile").read_text().split("\ntest: ")[1].split("\n\n")[0]
    jobs = read(GITHUB / "workflows/ci.yml")["jobs"]
    ran = "\n".join(step.get("run", "") for step in jobs["test"]["steps"])
    assert "prometheus" in debian_packages(recipe) <= debian_packages(ran)


def test_the_tests_run_on_every_python_that_is_promised() -> None:
    matrix = read(GITHUB / "workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    promised = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert matrix == promised


def test_a_release_ships_what_was_tested_and_only_then() -> None:
    jobs = read(GITHUB / "workflows/release.yml")["jobs"]
    assert jobs["ci"]["needs"] == "version"
    for name in ("package", "image"):
        assert jobs[name]["needs"] == "ci"
        assert jobs[name]["environment"], "a maintainer can ask to be asked"
    build = next(step for step in jobs["image"]["steps"] if step.get("id") == "build")["with"]
    assert build["platforms"] == "linux/amd64,linux/arm64"
    assert build["sbom"] is True


def test_zizmor_finds_nothing() -> None:
    binary = Path(sys.executable).parent / "zizmor"
    command = [str(binary), "--offline", "--quiet", str(GITHUB)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(
        "on: pull_request_target\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n"
        '      - run: echo "${{ github.event.pull_request.title }}"\n'
    )
    binary = Path(sys.executable).parent / "zizmor"
    command = [str(binary), "--offline", "--quiet", str(tmp_path / "bad.yml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


CHANGES = "# C\n\n## [Unreleased]\n\n- new\n\n## [1.2.3] - 2026-01-02\n\n- a\n\n## [1.2.2]\n\n- b\n"


def test_a_release_is_told_by_its_part_of_the_changelog() -> None:
    assert notes("v1.2.3", "1.2.3", CHANGES) == "- a"
    assert notes("v1.2.2", "1.2.2", CHANGES) == "- b"


@pytest.mark.parametrize(
    ("tag", "version", "why"),
    [
        ("v1.2.4", "1.2.3", "the tag is v1.2.4, and exporter/__init__.py says 1.2.3"),
        ("1.2.3", "1.2.3", "the tag is 1.2.3"),
        ("v1.2.5", "1.2.5", r"says nothing of \[1.2.5\]"),
    ],
)
def test_a_tag_that_is_no_release_is_refused(tag: str, version: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        notes(tag, version, CHANGES)


def test_the_command_refuses_with_a_line() -> None:
    command = [sys.executable, "-m", "scripts.release", f"v{__version__}.post1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("no release: the tag is")


def test_a_bug_report_asks_for_what_tells_without_people() -> None:
    (form,) = (
        yaml.safe_load(path.read_text()) for path in (GITHUB / "ISSUE_TEMPLATE").glob("bug*")
    )
    text = str(form)
    for command in ("home-exporter check", "home-exporter dump --redact", "--version"):
        assert command in text
    assert "security" in text.lower()
    for path in (GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml"):
        shape = yaml.safe_load(path.read_text())
        assert {"name", "description", "body"} <= set(shape), path.name
        ids = [part["id"] for part in shape["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids)) > 0


def test_the_hooks_are_the_linters_of_this_tree() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    entries = " ".join(hook["entry"] for hook in config["repos"][0]["hooks"])
    for tool in ("ruff check", "ruff format", "mypy", "hadolint", "zizmor"):
        assert tool in entries
