"""The stack of containers: what Docker would make of it, without Docker."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import exporter

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROFILES = {
    "demo": {"exporter-demo", "prometheus-demo", "alertmanager", "grafana-demo"},
    "real": {"exporter", "prometheus", "alertmanager", "grafana"},
}
profiles = pytest.mark.parametrize("profile", PROFILES)


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run docker-compose, which the test group installs beside Python."""
    binary = Path(sys.executable).parent / "docker-compose"
    command = [str(binary), "--file", str(DEPLOY / "compose.yaml"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def services(profile: str) -> dict[str, Any]:
    """Return the services of a profile as Docker would start them."""
    done = compose("--profile", profile, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


@profiles
def test_it_is_valid(profile: str) -> None:
    done = compose("--profile", profile, "config", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(services(profile)) == PROFILES[profile]


def test_a_fault_would_be_found(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text("services: {one: {image: x, prots: []}}\n")
    binary = Path(sys.executable).parent / "docker-compose"
    done = subprocess.run(
        [str(binary), "--file", str(broken), "config", "-q"], capture_output=True, check=False
    )
    assert done.returncode != 0


@profiles
def test_nothing_is_published_beyond_loopback(profile: str) -> None:
    for name, service in services(profile).items():
        assert service["ports"], name
        assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}, name


@profiles
def test_images_are_pinned_and_services_watched_and_bound(profile: str) -> None:
    for name, service in services(profile).items():
        tag = service["image"].rpartition(":")[2]
        assert tag.removeprefix("v").count(".") == 2, name
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name


@profiles
def test_the_exporter_is_that_of_this_tree(profile: str) -> None:
    found = next(one for name, one in services(profile).items() if name.startswith("exporter"))
    assert found["image"] == f"home-exporter:{exporter.__version__}"
    assert found["build"]["context"] == str(ROOT)
    assert found["networks"]["home"]["aliases"] == ["exporter"]


@profiles
def test_what_is_mounted_of_this_tree_is_there_and_read_only(profile: str) -> None:
    for name, service in services(profile).items():
        for volume in service.get("volumes", []):
            if volume["type"] != "bind":
                continue
            assert volume["read_only"], name
            source = Path(volume["source"])
            # The owner writes their own configuration.
            assert source.exists() or source == DEPLOY / "exporter.yml"


def test_secrets_are_files_and_the_demo_has_none() -> None:
    for service in services("demo").values():
        assert not service.get("secrets")
    real = services("real")
    held = {one["source"] for service in real.values() for one in service.get("secrets", [])}
    assert held == {"homely-password", "wally-token", "grafana-admin"}
    for service in (*real.values(), *services("demo").values()):
        for key, value in (service.get("environment") or {}).items():
            assert key.endswith("__FILE") or "PASSWORD" not in key, (key, value)
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"deploy/secrets/", "deploy/exporter.yml"} <= set(ignored)


def test_grafana_finds_its_data_source_and_dashboards() -> None:
    provisioning = DEPLOY / "grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert source["datasources"][0]["isDefault"]
    provider = yaml.safe_load((provisioning / "dashboards/home.yml").read_text())["providers"][0]
    assert provider["folder"] == "Home"
    assert provider["allowUiUpdates"] is False
    for profile in PROFILES:
        found = services(profile)
        grafana = next(one for name, one in found.items() if name.startswith("grafana"))
        mounts = {volume["target"]: volume["source"] for volume in grafana["volumes"]}
        assert mounts[provider["options"]["path"]] == str(ROOT / "dashboards")
        assert mounts["/etc/grafana/provisioning"] == str(provisioning)
        first = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        assert (ROOT / "dashboards" / Path(first).name).exists()


def test_prometheus_reads_the_same_as_without_containers() -> None:
    there = DEPLOY / "prometheus/prometheus-compose.yml"
    plain = DEPLOY / "prometheus/prometheus.yml"
    addresses = there.read_text().replace("alertmanager:9093", "127.0.0.1:9093")
    addresses = addresses.replace("exporter:10874", "127.0.0.1:10874")
    assert yaml.safe_load(addresses) == yaml.safe_load(plain.read_text())


def test_prometheus_accepts_it() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("prometheus is not installed")
    path = str(DEPLOY / "prometheus/prometheus-compose.yml")
    command = [promtool, "check", "config", "--syntax-only", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
