"""The table and the tests are one: each row has its test, each test its row."""

import ast
from pathlib import Path

from tests.faults.table import ROWS

FOLDER = Path(__file__).parent


def test_every_row_has_a_test_of_its_name_and_every_test_a_row() -> None:
    found = {
        node.name
        for path in FOLDER.glob("test_*.py")
        if path != Path(__file__)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }
    assert found == {row.test for row in ROWS.values()}
