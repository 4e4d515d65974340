"""The image as people run it: by podman, read-only, without a capability. `make image-test`."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import exporter
from exporter.clock import SystemClock
from exporter.simulator import Simulator
from tests.cli.command import config_for, free_port, get, until_served

pytestmark = pytest.mark.image

IMAGE = os.environ.get("HOME_EXPORTER_IMAGE", "home-exporter:test")
USER = 65532
GRACE = 10
# Neither systemd nor cgroups of one's own are needed; the tests' servers are on loopback.
PODMAN = ["podman", "--cgroup-manager=cgroupfs"] + (
    ["--runtime", "runc"] if shutil.which("runc") else []
)
LIMITS = ["--ulimit=nofile=20000:20000", "--ulimit=nproc=1000:1000", "--health-interval=disable"]
LIMITS += ["--log-driver=k8s-file"]  # readable without a journal
HARDENED = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all"]
HARDENED += ["--security-opt=no-new-privileges", "--network=host"]


def podman(*arguments: str, code: int = 0) -> str:
    """Run podman, which has to end with a code, and return what it says."""
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout.strip()


class Container:
    """One that runs."""

    def __init__(self, port: int, options: list[str], arguments: list[str]) -> None:
        self.base = f"http://127.0.0.1:{port}"
        address = f"--env=HOME_EXPORTER_LISTEN_ADDRESS=127.0.0.1:{port}"
        options = [*LIMITS, *HARDENED, address, *options]
        self.id = podman("run", "--detach", *options, IMAGE, *arguments)

    def inspect(self) -> dict[str, Any]:
        """Return what podman knows of it."""
        found: dict[str, Any] = json.loads(podman("inspect", self.id))[0]
        return found

    def status(self) -> dict[str, str]:
        """Return what the kernel knows of its process."""
        text = Path(f"/proc/{self.inspect()['State']['Pid']}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def is_healthy(self) -> bool:
        """Run its health check, and return what it says."""
        command = [*PODMAN, "healthcheck", "run", self.id]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


Run = Callable[..., Container]


@pytest.fixture
def run() -> Iterator[Run]:
    """Return what starts a container; it is removed with its volumes in the end."""
    started: list[Container] = []

    def start(*arguments: str, options: list[str] | None = None) -> Container:
        started.append(Container(free_port(), options or [], list(arguments)))
        return started[-1]

    yield start
    for container in started:
        subprocess.run([*PODMAN, "logs", container.id], check=False)
        podman("rm", "--force", "--volumes", "--time=0", container.id)


@pytest.fixture
async def demo(run: Run) -> Container:
    """Return the demo, which wants a place for files that are gone with it."""
    container = run("demo", options=["--tmpfs=/tmp"])
    await until_served(f"{container.base}/-/ready")
    return container


def test_it_says_what_it_is_and_how_it_wants_to_run() -> None:
    found: dict[str, Any] = json.loads(podman("image", "inspect", IMAGE))[0]
    said = found["Config"]
    assert said["User"] == f"{USER}:{USER}"
    assert said["Entrypoint"] == ["/opt/home-exporter/bin/home-exporter"]
    assert found["Healthcheck"]["Test"] == ["CMD", *said["Entrypoint"], "healthcheck"]
    assert set(said["ExposedPorts"]) == {"10874/tcp"}
    assert set(said["Volumes"]) == {"/var/lib/home-exporter"}
    assert "HOME_EXPORTER_LISTEN_ADDRESS=:10874" in said["Env"]
    labels = {name.removeprefix("org.opencontainers.image.") for name in said["Labels"]}
    assert {"title", "description", "licenses", "base.name"} <= labels


def test_it_is_the_version_of_this_tree() -> None:
    told = podman("run", "--rm", *LIMITS, *HARDENED, IMAGE, "--version")
    assert told == f"home-exporter {exporter.__version__}"


def test_it_holds_what_it_runs_and_no_more() -> None:
    """No tools of the build, no tests, nothing that could be a secret of the folder."""
    looks = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    python = ["--entrypoint=/opt/home-exporter/bin/python", IMAGE, "-c"]
    held = set(podman("run", "--rm", *LIMITS, *HARDENED, *python, looks).split())
    assert "home-exporter" in held
    assert held.isdisjoint({"pip", "setuptools", "hatchling", "pytest"})
    files = "import pathlib as p; print(*p.Path('/opt').iterdir(), *p.Path('/src').glob('*'))"
    assert podman("run", "--rm", *LIMITS, *HARDENED, *python, files) == "/opt/home-exporter"


async def test_the_demo_answers_and_is_nobody(demo: Container) -> None:
    page = await get(f"{demo.base}/metrics")
    assert 'home_up{vendor="homely"' in page
    assert 'home_up{vendor="wally"' in page
    status = demo.status()
    assert status["Uid"].split() == [str(USER)] * 4
    assert status["Gid"].split() == [str(USER)] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert demo.inspect()["HostConfig"]["ReadonlyRootfs"] is True


async def test_its_health_is_told_both_ways(demo: Container) -> None:
    assert demo.is_healthy()
    podman("kill", "--signal=STOP", demo.id)
    assert not demo.is_healthy(), "the server hangs"
    podman("kill", "--signal=CONT", demo.id)
    await until_served(f"{demo.base}/-/healthy")
    assert demo.is_healthy()


async def test_it_is_not_healthy_where_no_server_is(run: Run) -> None:
    container = run(
        "demo", f"--web.listen-address=127.0.0.1:{free_port()}", options=["--tmpfs=/tmp"]
    )
    assert not container.is_healthy()


async def test_sigterm_ends_it_with_0_in_the_grace_time(demo: Container) -> None:
    began = time.monotonic()
    podman("stop", f"--time={GRACE}", demo.id)
    assert time.monotonic() - began < GRACE
    state = demo.inspect()["State"]
    assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)


@pytest.fixture
def clock() -> SystemClock:
    """Return real time, which other processes go by."""
    return SystemClock()


async def test_it_serves_a_configuration_and_keeps_state_on_its_volume(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    path = config_for(sim, tmp_path)
    path.write_text(path.read_text().replace("state_dir: state\n", ""))
    path.chmod(0o644)
    container = run(options=[f"--volume={path}:/etc/home-exporter/exporter.yml:ro"])
    page = await until_served(f"{container.base}/-/ready") and await get(
        f"{container.base}/metrics"
    )
    assert "home_leak_detected{" in page
    assert "home_exporter_state_file_errors_total 0" in page
    assert container.is_healthy()
    podman("stop", f"--time={GRACE}", container.id)
    assert container.inspect()["State"]["ExitCode"] == 0
    (volume,) = (one for one in container.inspect()["Mounts"] if one["Type"] == "volume")
    assert volume["Destination"] == "/var/lib/home-exporter"
    kept = list(Path(volume["Source"]).rglob("*.json"))
    assert kept
    assert {one.stat().st_uid for one in kept} == {USER}
