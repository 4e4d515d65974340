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
from exporter.config.folder import AccountsFolder
from exporter.errors import ConfigError
from exporter.shard import owner
from exporter.sources.vendors import MODELS

_NAME = "home-exporter"
# A segment of a path that no proxy spells in another way.
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")
_KEYS = ("callback_secret", "callback_secret_file", "callback_secret_env")


def called(folder: Path) -> Iterator[str]:
    """Yield the names of the accounts that are sent callbacks.

    Raises ConfigError for what the exporter would not read, ValueError for what has no way.
    """
    files = AccountsFolder(folder, str(folder), tuple(MODELS))
    for account in files.settled(lambda version: list(files.accounts(version))):
        if isinstance(account, ConfigError):
            raise account
        if not any(account.raw.get(key) for key in _KEYS):
            continue
        if account.vendor != "wally":
            raise ValueError(account.fault("vendor", "only accounts of wally are sent callbacks"))
        if not _SEGMENT.fullmatch(account.name):
            raise ValueError(account.fault("name", "expected letters, digits and -._~ for a path"))
        yield account.name


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
    except (ConfigError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.write(routes(names, options.total_shards, options.host))
    return 0


if __name__ == "__main__":
    sys.exit(main())
