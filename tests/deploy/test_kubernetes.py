"""The manifests for Kubernetes, as kubectl renders them: valid, safe, and about this exporter."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import exporter
from exporter.config import load
from exporter.shard import Shard, owner, parse_ordinal
from exporter.sources.vendors import MODELS
from scripts.callback_routes import called, routes
from tests.support.running import Running

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
HERE = DEPLOY / "kubernetes"
ACCOUNTS = HERE / "sharded/accounts"
VERSIONS = ("1.28", kubernetes_validate.latest_version())
WORKLOADS = ("Deployment", "StatefulSet")
#: What the API server knows only where somebody has told it.
FOREIGN = {"ServiceMonitor"}
#: An overlay as a user would write it.
WITH_AGENTS = {"resources": ["kubernetes/fleet"], "components": ["kubernetes/agents"]}

Document = dict[str, Any]
overlays = pytest.mark.parametrize("overlay", ["base", "sharded", "fleet", "with-agents"])
many = pytest.mark.parametrize("overlay", ["sharded", "fleet", "with-agents"])


def kustomize(folder: Path) -> list[Document]:
    """Render a folder as kubectl does."""
    binary = shutil.which("kubectl")
    if binary is None:
        pytest.skip("kubectl is not installed")
    command = [binary, "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "a deprecated field, most likely"
    return list(yaml.safe_load_all(done.stdout))


@cache
def _shipped(overlay: str) -> list[Document]:
    return kustomize(HERE / overlay)


@pytest.fixture
def rendered(overlay: str, tmp_path: Path) -> list[Document]:
    """Render an overlay; that with agents is no folder of the tree."""
    if overlay != "with-agents":
        return _shipped(overlay)
    shutil.copytree(DEPLOY, tmp_path, dirs_exist_ok=True)
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(WITH_AGENTS))
    return kustomize(tmp_path)


def find(documents: list[Document], kind: str, name: str = "home-exporter") -> Document:
    """Return the one document of a kind whose name is this, or this and a hash."""
    (found,) = (
        one
        for one in documents
        if one["kind"] == kind
        and re.fullmatch(rf"{name}(-[a-z0-9]{{10}})?", one["metadata"]["name"])
    )
    return found


def pods(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    """Yield name and pod of each workload."""
    for one in documents:
        if one["kind"] in WORKLOADS:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def container(documents: list[Document]) -> Document:
    """Return the exporter's container."""
    ((_, pod),) = ((n, p) for n, p in pods(documents) if n == "home-exporter")
    (found,) = pod["containers"]
    assert isinstance(found, dict)
    return found


@overlays
@pytest.mark.parametrize("version", VERSIONS)
def test_the_api_server_would_take_each(rendered: list[Document], version: str) -> None:
    for one in rendered:
        if one["kind"] not in FOREIGN:
            kubernetes_validate.validate(one, version, strict=True)


def test_a_fault_would_be_found() -> None:
    broken = yaml.safe_load((HERE / "base/service.yaml").read_text())
    broken["spec"]["prots"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


@overlays
def test_every_pod_may_do_as_little_as_it_can(rendered: list[Document]) -> None:
    found = dict(pods(rendered))
    assert "home-exporter" in found
    for name, pod in found.items():
        assert pod["automountServiceAccountToken"] is False, name
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] >= 10000, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        for each in (*pod["containers"], *pod.get("initContainers", [])):
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }, name
            assert {"cpu", "memory"} <= each["resources"]["requests"].keys(), name
            assert "memory" in each["resources"]["limits"], name
            assert "ports" not in each or {"livenessProbe", "readinessProbe"} <= each.keys(), name


@overlays
def test_every_volume_is_mounted_and_every_mount_has_its_volume(rendered: list[Document]) -> None:
    for one in rendered:
        if one["kind"] not in WORKLOADS:
            continue
        pod = one["spec"]["template"]["spec"]
        claims = [
            claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])
        ]
        volumes = [volume["name"] for volume in pod["volumes"]] + claims
        mounts = [
            mount
            for each in (*pod["containers"], *pod.get("initContainers", []))
            for mount in each["volumeMounts"]
        ]
        assert sorted(set(volumes)) == sorted(volumes)
        assert {mount["name"] for mount in mounts} == set(volumes)


@overlays
def test_images_are_pinned_and_the_exporter_is_that_of_this_tree(rendered: list[Document]) -> None:
    for name, pod in pods(rendered):
        for each in (*pod["containers"], *pod.get("initContainers", [])):
            tag = each["image"].rpartition(":")[2]
            assert tag.removeprefix("v").count(".") == 2, name
    assert container(rendered)["image"] == f"home-exporter:{exporter.__version__}"
    compose = (DEPLOY / "compose.yaml").read_text()
    for name, pod in pods(rendered):
        if name == "home-prometheus":
            assert f"image: {pod['containers'][0]['image']}\n" in compose


@overlays
def test_user_port_and_folders_are_those_of_the_image(rendered: list[Document]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    statefulset = find(rendered, "StatefulSet")
    security = statefulset["spec"]["template"]["spec"]["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}\n" in dockerfile
    assert security["fsGroup"] == security["runAsGroup"]
    (port,) = container(rendered)["ports"]
    assert f"EXPOSE {port['containerPort']}\n" in dockerfile
    assert f"HOME_EXPORTER_LISTEN_ADDRESS=:{port['containerPort']} " in dockerfile
    mounts = {one["name"]: one["mountPath"] for one in container(rendered)["volumeMounts"]}
    assert f"STATE_DIRECTORY={mounts['state']}\n" in dockerfile
    assert f"HOME_EXPORTER_CONFIG_FILE={mounts['config']}/exporter.yml " in dockerfile
    assert statefulset["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] == "state"
    for one in rendered:
        if one["kind"] == "Service" and one["metadata"]["name"].startswith("home-exporter"):
            assert one["spec"]["ports"][0]["port"] == port["containerPort"]
            assert one["spec"]["ports"][0]["targetPort"] == port["name"]


async def test_the_probes_ask_for_pages_that_there_are(running: Running) -> None:
    found = container(_shipped("base"))
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = found[probe]["httpGet"]
        assert asked["port"] == found["ports"][0]["name"]
        async with running.http.get(f"{running.url}{asked['path']}") as answer:
            assert answer.status == 200


@overlays
def test_secrets_are_files(rendered: list[Document]) -> None:
    assert not [one for one in rendered if one["kind"] == "Secret"], "none belongs into this tree"
    for _, pod in pods(rendered):
        for each in pod["containers"]:
            for variable in each.get("env", []):
                assert "secretKeyRef" not in variable.get("valueFrom", {})
    pod = find(rendered, "StatefulSet")["spec"]["template"]["spec"]
    (secrets,) = (volume for volume in pod["volumes"] if volume["name"] == "secrets")
    held = secrets.get("secret") or secrets["projected"]
    assert held["defaultMode"] == 0o440
    (mount,) = (m for m in container(rendered)["volumeMounts"] if m["name"] == "secrets")
    config = yaml.safe_load(find(rendered, "ConfigMap")["data"]["exporter.yml"])
    if "accounts_dir" in config:
        files = [config["accounts_dir"]]
    else:
        files = [config["homely"][0]["password_file"], config["wally"][0]["token_file"]]
    assert mount["readOnly"]
    for path in files:
        assert f"{path}/".startswith(f"{mount['mountPath']}/")


def test_the_exporter_takes_its_configuration(tmp_path: Path) -> None:
    for overlay, names in {"base": ["homely-1", "wally-1"], "sharded": ["wally-2"]}.items():
        (folder := tmp_path / overlay).mkdir()
        for path in ACCOUNTS.iterdir():
            (folder / path.name).write_text(path.read_text())
            for secret in ("password", "token", "callback"):
                (folder / f"{path.stem}.{secret}").write_text(f"{path.stem}/0123456789abcdef")
        (folder / "homely-password").write_text("password")
        (folder / "wally-token").write_text("token")
        text = find(_shipped(overlay), "ConfigMap")["data"]["exporter.yml"]
        written = tmp_path / f"{overlay}.yml"
        written.write_text(text.replace("/run/secrets/home-exporter", str(folder)))
        shard = Shard(1, 4) if overlay == "sharded" else Shard()
        config = load(written, MODELS, {"HOME": str(tmp_path)}, shard=shard)
        assert [account.name for account in config.accounts] == names


def test_one_exporter_alone_is_no_shard() -> None:
    assert find(_shipped("base"), "StatefulSet")["spec"]["replicas"] == 1
    assert "env" not in container(_shipped("base"))


@many
def test_every_pod_knows_its_number_and_how_many_there_are(rendered: list[Document]) -> None:
    spec = find(rendered, "StatefulSet")["spec"]
    env = {one["name"]: one for one in container(rendered)["env"]}
    assert env["HOME_EXPORTER_SHARD"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert env["HOME_EXPORTER_TOTAL_SHARDS"]["value"] == str(spec["replicas"])
    assert spec["replicas"] > 1
    assert spec["podManagementPolicy"] == "Parallel"
    assert parse_ordinal("home-exporter-3") == 3
    if any(name == "home-prometheus" for name, _ in pods(rendered)):
        prometheus = find(rendered, "StatefulSet", "home-prometheus")["spec"]
        assert prometheus["replicas"] == spec["replicas"]


def test_another_number_of_shards_is_written_in_one_place(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "kubernetes/sharded/kustomization.yaml"
    path.write_text(path.read_text().replace("count: 4 ", "count: 50 "))
    found = kustomize(tmp_path / "kubernetes/fleet")
    (total,) = (e["value"] for e in container(found)["env"] if "value" in e)
    assert total == "50"
    for name in ("home-exporter", "home-prometheus"):
        assert find(found, "StatefulSet", name)["spec"]["replicas"] == 50


@many
def test_nodes_are_drained_one_shard_at_a_time(rendered: list[Document]) -> None:
    budget = find(rendered, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    template = find(rendered, "StatefulSet")["spec"]["template"]
    assert budget["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


@many
def test_the_path_of_a_callback_leads_to_the_owner_of_its_account(rendered: list[Document]) -> None:
    total = find(rendered, "StatefulSet")["spec"]["replicas"]
    ingress = find(rendered, "Ingress", "home-exporter-callbacks")["spec"]
    (rule,) = ingress["rules"]
    names = list(called(ACCOUNTS))
    assert names
    assert len(rule["http"]["paths"]) == len(names)
    for name, path in zip(names, rule["http"]["paths"], strict=True):
        assert (path["path"], path["pathType"]) == (f"/callbacks/wally/{name}", "Prefix")
        backend = path["backend"]["service"]["name"]
        service = find(rendered, "Service", backend)["spec"]["selector"]
        assert service == {"statefulset.kubernetes.io/pod-name": backend}
        assert parse_ordinal(backend) == owner(name, total)
    assert ingress["tls"][0]["hosts"] == [rule["host"]]


def test_the_routes_are_those_of_the_example() -> None:
    count = find(_shipped("sharded"), "StatefulSet")["spec"]["replicas"]
    written = routes(list(called(ACCOUNTS)), count, "home.example.org")
    assert (HERE / "sharded/routes.yaml").read_text() == written


def test_an_account_whose_name_is_no_part_of_a_path_has_no_route(tmp_path: Path) -> None:
    text = (ACCOUNTS / "wally-1.yml").read_text()
    (tmp_path / "one.yml").write_text(f"name: Hytta på fjellet\n{text}")
    with pytest.raises(ValueError, match=r"one\.yml: name: expected"):
        list(called(tmp_path))


def test_what_the_exporter_does_not_read_has_no_route(tmp_path: Path) -> None:
    text = (ACCOUNTS / "wally-1.yml").read_text()
    for name in ("one.yml", ".one.yml", "one.yml.bak"):
        (tmp_path / name).write_text(text)
    assert list(called(tmp_path)) == ["one"]


@pytest.mark.parametrize("total", ["0", "-1", "four"])
def test_routes_to_no_shard_are_refused(total: str) -> None:
    command = (sys.executable, "-m", "scripts.callback_routes", f"--total-shards={total}")
    done = subprocess.run(
        (*command, str(ACCOUNTS)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected a number from 1" in done.stderr


@many
def test_no_service_is_scraped_twice(rendered: list[Document]) -> None:
    monitors = [one for one in rendered if one["kind"] == "ServiceMonitor"]
    # Where each shard has its Prometheus, no other scrapes it.
    has_prometheus = any(name == "home-prometheus" for name, _ in pods(rendered))
    assert bool(monitors) is not has_prometheus
    for monitor in monitors:
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [one for one in rendered if one["kind"] == "Service"]
        chosen = [one for one in services if wanted <= one["metadata"].get("labels", {}).items()]
        assert [one["metadata"]["name"] for one in chosen] == ["home-exporter"]
        assert monitor["spec"]["endpoints"][0]["relabelings"][0]["replacement"] == "home"


@pytest.mark.parametrize("overlay", ["fleet", "with-agents"])
def test_prometheus_takes_its_configuration(rendered: list[Document], tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("prometheus is not installed")
    folder = tmp_path / "rendered"
    folder.mkdir()
    text = find(rendered, "ConfigMap", "home-prometheus")["data"]["prometheus.yml"]
    config = text.replace("ORDINAL", "3").replace("/etc/prometheus/", "")
    (folder / "prometheus.yml").write_text(config)
    is_agent = "rule_files" not in config
    if not is_agent:
        rules = find(rendered, "ConfigMap", "home-rules")["data"]
        rules |= {"shard.yml": find(rendered, "ConfigMap", "home-prometheus")["data"]["shard.yml"]}
        shipped = {path.name for path in (DEPLOY / "prometheus/rules").glob("*.yml")}
        assert rules.keys() == shipped | {"shard.yml"}
        (folder / "rules").mkdir()
        for name, rule in rules.items():
            (folder / "rules" / name).write_text(rule)
    command = [promtool, "check", "config", *(["--agent"] if is_agent else [])]
    done = subprocess.run(
        [*command, str(folder / "prometheus.yml")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    parsed = yaml.safe_load(config)
    assert parsed["scrape_configs"][0]["static_configs"][0]["targets"] == [
        "home-exporter-3.home-exporter:10874"
    ]
    args = find(rendered, "StatefulSet", "home-prometheus")["spec"]["template"]["spec"][
        "containers"
    ]
    assert ("--agent" in args[0]["args"]) is is_agent


def test_vmalert_takes_the_rules_of_the_store() -> None:
    vmalert = shutil.which("vmalert")
    if vmalert is None:
        pytest.skip("victoria-metrics is not installed")
    command = [vmalert, "-dryRun", f"-rule={HERE / 'fleet/rules/fleet.yml'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
