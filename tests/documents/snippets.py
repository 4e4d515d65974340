"""What each kind of YAML in the documents is for, and whether its own reader takes it."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from exporter.catalog import OWN, READINGS
from exporter.config import load
from exporter.config.account import AccountConfig
from exporter.config.load import Config
from exporter.config.web import WebFile
from exporter.config.yamltext import read
from exporter.sources.vendors import MODELS
from scripts.document_alerts import rules
from tests.documents.blocks import ROOT

_SECRET = "a-secret-of-sixteen-or-more"
_SUFFIXES = ("", "_bucket", "_sum", "_count")
_SERIES = {f"{metric.name}{suffix}" for metric in (*READINGS, *OWN) for suffix in _SUFFIXES}
#: Every name that a series may have: the exporter's, and what the rules record.
KNOWN = _SERIES | {rule["record"] for rule in rules() if "record" in rule}


def check(text: str, folder: Path) -> None:
    """Hold a block of YAML to the reader that it is for."""
    keys = set(yaml.safe_load(text))
    kinds = [kind for marks, kind in _KINDS if keys & marks]
    assert len(kinds) == 1, f"nobody knows what a document with {sorted(keys)} is for"
    kinds[0](text, folder)


def check_promql(text: str) -> None:
    """Hold expressions, between which an empty line stands, to the parser and the catalogue."""
    for expression in re.split(r"\n\s*\n", text.strip()):
        promql_parser.parse(expression)
        names = set(re.findall(r"(?<![\w:])home[_:][\w:]+", expression))
        assert names <= KNOWN, names - KNOWN


def _exporter(text: str, folder: Path) -> None:
    document = yaml.safe_load(text)
    environ = {"HOME": str(folder)}
    for accounts in (document[vendor] for vendor in MODELS if vendor in document):
        for account in accounts:
            for key in account:
                if key.endswith("_env"):
                    environ[account[key]] = _SECRET
                if key.endswith("_file"):
                    (folder / Path(account[key]).name).write_text(_SECRET)
                    account[key] = Path(account[key]).name
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump(document))
    config: Config = load(path, MODELS, environ)
    assert all(isinstance(account, AccountConfig) for account in config.accounts)


def _account(text: str, folder: Path) -> None:
    """Take a file of accounts_dir as the entry of its vendor's list, which has the same keys."""
    account = yaml.safe_load(text)
    _exporter(yaml.safe_dump({account.pop("vendor"): [account]}), folder)


def _web(text: str, folder: Path) -> None:
    path = folder / "web.yml"
    path.write_text(text)
    WebFile.model_validate(read(path))


def _prometheus(text: str, folder: Path) -> None:
    for name in re.findall(r"/etc/prometheus/([\w.-]+)", text):
        (folder / name).write_text(_SECRET)
    _asked("promtool", "check", "config", text=text, folder=folder)


def _rules(text: str, folder: Path) -> None:
    _asked("promtool", "check", "rules", text=text, folder=folder)
    for group in yaml.safe_load(text)["groups"]:
        for rule in group["rules"]:
            check_promql(rule["expr"])
            assert rule.get("record", "home:") in KNOWN | {"home:"}


def _alertmanager(text: str, folder: Path) -> None:
    """Put the receivers of a block into the file that the project ships."""
    whole = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    own = {one["name"]: one for one in yaml.safe_load(text)["receivers"]}
    names = {one["name"] for one in whole["receivers"]}
    assert own.keys() <= names
    whole["receivers"] = [own.get(one["name"], one) for one in whole["receivers"]]
    _asked("amtool", "check-config", text=yaml.safe_dump(whole), folder=folder)


def _home_assistant(text: str, _: Path) -> None:
    for resource in yaml.safe_load(text)["rest"]:
        check_promql(resource["params"]["query"])
        assert resource["sensor"]


def _asked(*command: str, text: str, folder: Path) -> None:
    path = folder / "snippet.yml"
    path.write_text(text.replace("/etc/prometheus/", f"{folder}/"))
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


_Kind = Callable[[str, Path], Any]
_KINDS: list[tuple[set[str], _Kind]] = [
    ({*MODELS, "state_dir"}, _exporter),
    ({"tls_server_config", "basic_auth_users"}, _web),
    ({"scrape_configs", "remote_write"}, _prometheus),
    ({"groups"}, _rules),
    ({"vendor"}, _account),
    ({"receivers"}, _alertmanager),
    ({"rest"}, _home_assistant),
]
