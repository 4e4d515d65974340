"""The schema for editors accepts what the loader accepts, and refuses what its form can refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from exporter.sources.vendors import MODELS
from scripts.configuration_schema import schema
from tests.config.helpers import loaded

ROOT = Path(__file__).parents[2]
#: What is wrong in these takes more than the form of one value: another file, another key, a number
#: behind its notation.
BEYOND = (
    *(
        "address-",
        "callback-secret-",
        "secret-",
        "token-",
        "state-dir-of-nobody",
        "password-is-empty",
    ),
    *("default-name-clash", "duplicate-names", "name-of-blanks", "name-with-blanks"),
    *("duration-longer", "duration-zero", "homely-under", "wally-under"),
    *("poll-interval-over", "stale-after-under", "key-stands-twice", "reference-to-itself"),
)
BY_FORM = ("secret-by-", "secret-missing", "secret-null", "secret-three-times", "token-missing")


def _is_by_form(path: Path) -> bool:
    return path.stem.startswith(BY_FORM) or not path.stem.startswith(BEYOND)


def _parsed(text: str) -> Any:
    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (yaml.YAMLError, ValueError):
        return None


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    made = schema()
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((ROOT / "tests/config/bad").glob("*.yml")) if _is_by_form(path)],
    ids=lambda path: path.stem,
)
def test_it_refuses_what_its_form_gives_away(validator: Draft202012Validator, path: Path) -> None:
    assert not validator.is_valid(_parsed(path.read_text(errors="replace")))


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "exporter.yml").read_text(),
        "homely: [{username: me, password_env: HOMELY_PASSWORD}]",
        "homely: [{username: me, password: null, password_env: HOMELY_PASSWORD}]\nwally:",
        "homely: []\nwally: [{token: abc, threshold_unit: fahrenheit, poll_interval: 1m30s}]",
        "wally: [{token: abc, callback_secret: 0123456789abcdef, base_url: 'http://[::1]:8080'}]",
        "homely: [{username: me, password: x, locations: {include: [Hytta, 'a*']}}]\nstate_dir: x",
    ],
)
def test_it_accepts_what_the_loader_accepts(
    validator: Draft202012Validator, text: str, tmp_path: Path
) -> None:
    (tmp_path / "exporter.yml").write_text(text)
    assert loaded(tmp_path / "exporter.yml", {"HOMELY_PASSWORD": "x", "WALLY_TOKEN": "y"}).accounts
    assert [fault.message for fault in validator.iter_errors(_parsed(text))] == []


def test_every_key_is_described() -> None:
    parts = [*schema()["$defs"].values(), schema()]
    nodes = [node for part in parts for node in part.get("properties", {}).values()]
    assert len(nodes) > sum(len(model.model_fields) for model in MODELS.values())
    assert all(node["description"].endswith(".") for node in nodes)


def test_defaults_are_those_of_the_loader(tmp_path: Path) -> None:
    wanted = {"homely": {"username": "me", "password": "x"}, "wally": {"token": "abc"}}
    written = {
        vendor: [
            {
                key: node["default"]
                for key, node in schema()["$defs"][model.__name__]["properties"].items()
                if "default" in node
            }
            | wanted[vendor]
        ]
        for vendor, model in MODELS.items()
    }
    assert all(len(accounts[0]) > 3 for accounts in written.values())
    path = tmp_path / "exporter.yml"
    path.write_text(yaml.safe_dump({vendor: [account] for vendor, account in wanted.items()}))
    plain = loaded(path).accounts
    path.write_text(yaml.safe_dump(written))
    assert loaded(path).accounts == plain
