"""The service of systemd: what systemd itself says of it, and that what it names is there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from exporter.commands.codes import Code
from exporter.commands.flags import parse
from exporter.config import load
from exporter.sources.vendors import MODELS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/systemd/home-exporter.service"
TEXT = UNIT.read_text()
INSTALL = (ROOT / "docs/install.md").read_text()
COMMAND = "/usr/local/bin/home-exporter"
CREDENTIALS = "/run/credentials/home-exporter.service"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def setting(key: str) -> list[str]:
    """Return every value of a key."""
    return re.findall(rf"^{key}=(.*)$", TEXT, re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the unit as on a machine that has the command."""
    command = tmp_path / "home-exporter"
    command.symlink_to("/bin/true")
    assert TEXT.count(COMMAND) == 1
    path = tmp_path / UNIT.name
    path.write_text(TEXT.replace(COMMAND, str(command)))
    return path


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_has_nothing_to_say_against_it(installed: Path) -> None:
    done = analyze("verify", "--man=no", str(installed))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_a_key_that_systemd_does_not_know_would_be_told(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("ProtectHome=", "ProtectHoem="))
    assert "ProtectHoem" in analyze("verify", "--man=no", str(installed)).stderr


@needs_systemd
def test_its_exposure_is_under_2() -> None:
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", str(UNIT))
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_more_exposure_would_be_told(installed: Path) -> None:
    installed.write_text(re.sub(r"^Protect.*\n", "", installed.read_text(), flags=re.MULTILINE))
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", str(installed))
    assert done.returncode != 0


def test_it_starts_what_there_is() -> None:
    (start,) = setting("ExecStart")
    command, *flags = shlex.split(start)
    assert command == COMMAND
    options = parse(flags)
    assert options.command == "serve"
    assert str(options.config_file) == "/etc/home-exporter/exporter.yml"
    assert setting("StateDirectory") == ["home-exporter"]
    assert setting("RestartPreventExitStatus") == [str(Code.USAGE.value)]
    assert setting("DynamicUser") == ["yes"]
    assert setting("CapabilityBoundingSet") == setting("AmbientCapabilities") == [""]


def test_the_documented_configuration_finds_the_secrets_that_it_is_given(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", INSTALL, re.DOTALL)
    given = dict(one.split(":", 1) for one in setting("LoadCredential"))
    for name, path in given.items():
        assert path == f"/etc/home-exporter/{name}"
        assert path in INSTALL
        (tmp_path / name).write_text("a-secret-of-sixteen-or-more")
    assert {Path(one).name for one in re.findall(rf"{CREDENTIALS}/\S+", block)} == set(given)
    (tmp_path / "exporter.yml").write_text(block.replace(CREDENTIALS, str(tmp_path)))
    config = load(tmp_path / "exporter.yml", MODELS)
    assert [account.vendor for account in config.accounts] == list(yaml.safe_load(block))


def test_what_is_documented_names_the_unit_as_it_is() -> None:
    assert str(UNIT.relative_to(ROOT)) in INSTALL
    assert {f"{name}=/usr/local/bin" for name in ("PIPX_BIN_DIR", "UV_TOOL_BIN_DIR")} <= set(
        INSTALL.split()
    )
