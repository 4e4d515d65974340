"""docs/security.md names tests that there are, and a threat of everybody who might attack."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from exporter.config.web import load_web
from exporter.errors import ConfigError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)[1:]
ATTACKERS = {
    "someone on the LAN",
    "someone on the internet, when the callback is published",
    "a hostile or broken cloud",
    "another user of the machine",
}


def names_in(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, kinds) and node.name.startswith("test_")
    }


def test_everybody_who_might_attack_is_in_the_table() -> None:
    assert {row[0] for row in ROWS} >= ATTACKERS
    # What the pattern does not take for a row would go unchecked.
    assert len(ROWS) == sum(line.startswith("| ") for line in PAGE.splitlines()) - 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[1]}"[:60])
def test_each_row_names_tests_that_there_are(row: tuple[str, str, str, str]) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[3])
    assert named
    assert row[3].count("`") == 2 * len(named)
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert test in names_in(ROOT / path), f"{path}::{test}"


def test_every_test_of_abuse_is_in_the_table() -> None:
    missing = [
        f"{path.name}::{test}"
        for path in sorted((ROOT / "tests" / "abuse").glob("test_*.py"))
        for test in names_in(path)
        if f"`tests/abuse/{path.name}::{test}`" not in PAGE
    ]
    # No abuse, but what the bounds must leave alone.
    assert missing == ["test_requests.py::test_a_few_requests_in_one_go_are_answered_in_turn"]


def test_the_web_configuration_it_shows_is_accepted(tmp_path: Path) -> None:
    block = next(one for one in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "tls_s" in one)
    path = tmp_path / "web.yml"
    path.write_text(block)
    with pytest.raises(ConfigError) as caught:
        load_web(path)
    # Only the files that it names are missing here.
    assert [fault.split(": ")[1] for fault in caught.value.faults] == [
        "tls_server_config.cert_file",
        "tls_server_config.key_file",
    ]
    users = {"basic_auth_users": yaml.safe_load(block)["basic_auth_users"]}
    path.write_text(yaml.safe_dump(users))
    assert set(load_web(path).users) == {"prometheus"}
