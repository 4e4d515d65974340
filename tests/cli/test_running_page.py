"""The commands of docs/running.md run as they stand there."""

import re
import shlex
import signal
from pathlib import Path

import pytest

from exporter.commands.codes import Code
from exporter.simulator import Simulator
from tests.cli.command import config_for, free_port, until_served
from tests.cli.conftest import Run
from tests.cli.conftest import Start as StartCommand

PAGE = (Path(__file__).parents[2] / "docs/running.md").read_text()
SECTION = PAGE.partition("## Commands")[2].partition("## Signals")[0]


async def test_they_run_one_after_the_other(
    run: Run, command: StartCommand, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    (block,) = re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
    lines = [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]
    assert all(line[0] == "home-exporter" for line in lines)
    *looks, demo = lines
    for _, *arguments in looks:
        done = await run(*arguments)
        assert (arguments, done.code) == (arguments, 0), done.err
    assert demo[1] == "demo"
    port = free_port()
    running = await command(*demo[1:], f"--web.listen-address=127.0.0.1:{port}")
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    assert (await running.stop(signal.SIGTERM)).code == 0


@pytest.mark.parametrize("code", Code)
async def test_every_exit_code_is_told(run: Run, code: Code) -> None:
    (row,) = re.findall(rf"^\| {code.value} \| (.+) \|$", SECTION, re.MULTILINE)
    done = await run("--help")
    (line,) = re.findall(rf"^  {code.value} +(.+)$", done.out, re.MULTILINE)
    assert line.split()[-1].strip(".") in row


async def test_every_command_is_told(run: Run) -> None:
    shown = (await run("--help")).out.partition("COMMAND\n")[2].partition("\n\n")[0]
    for name in re.findall(r"^    (\w+)", shown, re.MULTILINE):
        assert re.search(rf"`home-exporter {name}\b", SECTION)
