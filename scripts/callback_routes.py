"""Write the Services and the Ingress that bring each callback to the shard that owns its account.

Usage: python -m scripts.callback_routes --total-shards=N [--host=NAME] ACCOUNTS_DIR

The folder is read for names alone, so no secret need be at hand. The callback secret of an account
in a fleet is `<name of the account>/<16 characters or more>`: the Ingress routes by the first part,
so that it holds no secret, and the addresses at the vendor stay when the number of shards changes.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from exporter.commands.flags import parse_total
from exporter.shard import owner

_NAME = "home-exporter"
# A segment of a path that no proxy spells in another way.
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")
_KEYS = ("callback_secret", "callback_secret_file", "callback_secret_env")


def called(folder: Path) -> Iterator[str]:
    """Yield the names of the accounts that are sent callbacks; raises ValueError for odd ones."""
    # As the exporter reads the folder: what is hidden, an editor's copy for one, is no account.
    paths = (path for path in folder.iterdir() if not path.name.startswith("."))
    for path in sorted(path for path in paths if path.suffix in {".yml", ".yaml"}):
        account = yaml.safe_load(path.read_text())
        if not isinstance(account, dict):
            raise ValueError(f"{path}: expected keys and values")  # noqa: TRY004  # what it holds
        if not any(account.get(key) for key in _KEYS):
            continue
        name = str(account.get("name", path.stem))
        if account.get("vendor") != "wally":
            raise ValueError(f"{path}: only accounts of the vendor wally are sent callbacks")
        if not _SEGMENT.fullmatch(name):
            raise ValueError(f"{path}: name: expected letters, digits and -._~ for a path")
        yield name


def _service(ordinal: int) -> dict[str, Any]:
    # Without the label that the ServiceMonitor looks for: it would scrape the shard twice.
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{_NAME}-{ordinal}"},
        "spec": {
            "selector": {"statefulset.kubernetes.io/pod-name": f"{_NAME}-{ordinal}"},
            "ports": [{"name": "callbacks", "port": 10874, "targetPort": "metrics"}],
        },
    }


def _path(name: str, total: int) -> dict[str, Any]:
    service = {"name": f"{_NAME}-{owner(name, total)}", "port": {"name": "callbacks"}}
    path = f"/callbacks/wally/{name}"
    return {"path": path, "pathType": "Prefix", "backend": {"service": service}}


def _ingress(names: list[str], total: int, host: str) -> dict[str, Any]:
    paths = [_path(name, total) for name in names]
    annotations = {
        "nginx.ingress.kubernetes.io/enable-access-log": "false",  # a path holds the secret
        "nginx.ingress.kubernetes.io/limit-rps": "100",
        "nginx.ingress.kubernetes.io/proxy-body-size": "64k",
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": f"{_NAME}-callbacks", "annotations": annotations},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": [host], "secretName": f"{_NAME}-callbacks-tls"}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def routes(names: list[str], total: int, host: str) -> str:
    """Return a Service for each shard, and an Ingress with a path for each account."""
    documents = [_service(ordinal) for ordinal in range(total)]
    # An Ingress without a path is none.
    documents += [_ingress(names, total, host)] if names else []
    head = "# Written by python -m scripts.callback_routes: not to be changed by hand.\n"
    return head + yaml.safe_dump_all(documents, sort_keys=False)


def main() -> int:
    """Print the manifests."""
    parser = argparse.ArgumentParser(description="Route callbacks to the shards that own them.")
    parser.add_argument("--total-shards", type=parse_total, required=True, metavar="N")
    parser.add_argument("--host", default="home.example.org", help="where callbacks are sent")
    parser.add_argument("accounts_dir", type=Path, metavar="ACCOUNTS_DIR")
    options = parser.parse_args()
    try:
        names = list(called(options.accounts_dir))
    except (OSError, ValueError, yaml.YAMLError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.write(routes(names, options.total_shards, options.host))
    return 0


if __name__ == "__main__":
    sys.exit(main())
