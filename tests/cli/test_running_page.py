"""docs/running.md has every command and every exit code."""

import re
from pathlib import Path

import pytest

from exporter.commands.codes import Code
from tests.cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs/running.md").read_text()
SECTION = PAGE.partition("## Commands")[2].partition("## Signals")[0]


@pytest.mark.parametrize("code", Code)
async def test_every_exit_code_is_told(run: Run, code: Code) -> None:
    (row,) = re.findall(rf"^\| {code.value} \| (.+) \|$", SECTION, re.MULTILINE)
    done = await run("--help")
    (line,) = re.findall(rf"^  {code.value} +(.+)$", done.out, re.MULTILINE)
    assert line.split()[-1].strip(".") in row


async def test_every_command_is_told(run: Run) -> None:
    shown = (await run("--help")).out.partition("COMMAND\n")[2].partition("\n\n")[0]
    names = re.findall(r"^    (\w+)", shown, re.MULTILINE)
    assert "serve" in names
    for name in names:
        assert re.search(rf"`home-exporter {name}\b", SECTION)
