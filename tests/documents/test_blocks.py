"""Every command and every snippet of the documents works as it stands there."""

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from exporter.commands.flags import parse
from tests.documents.blocks import ALL, LANGUAGES, MARKERS, ROOT, Block, of
from tests.documents.snippets import check, check_promql
from tests.documents.stage import stage

_TOOLS = ("promtool", "amtool", "prometheus-alertmanager", "openssl", "curl", "victoria-metrics")
_MISSING = [tool for tool in _TOOLS if shutil.which(tool) is None]
needs_tools = pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING}")
#: What a command that is not run may be, besides one whose arguments are checked below.
_UNCHECKED = {
    ".",
    "curl",
    "docker",
    "git",
    "grep",
    "home-exporter/bin/pip",
    "install",
    "pipx",
    "prometheus",
    "sudoedit",
    "systemctl",
    "uv",
    "victoria-metrics",
}
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("block", ALL, ids=str)
def test_every_block_says_what_it_is(block: Block) -> None:
    assert block.language in LANGUAGES, "a fence with a language, such as ```sh"
    assert block.marker in {"", *MARKERS} or block.language.startswith("{")
    assert not block.marker or block.language.startswith(("sh", "{"))


def test_there_are_blocks_of_every_kind() -> None:
    assert {block.language for block in ALL} == LANGUAGES
    assert len(of("sh")) > len(of("promql")) > 1


@needs_tools
@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_yaml_is_taken_by_its_reader(block: Block, tmp_path: Path) -> None:
    check(block.text, tmp_path)


@pytest.mark.parametrize("block", of("promql"), ids=str)
def test_promql_is_understood_and_names_what_there_is(block: Block) -> None:
    check_promql(block.text)


@needs_tools
async def test_commands_run(tmp_path: Path) -> None:
    async with stage(tmp_path) as there:
        for block in of("sh"):
            if not block.marker:
                await there.run(block)
            elif block.marker == "serves" and there.serves(block):
                await there.serve(block)


@pytest.mark.parametrize("block", [one for one in of("sh") if one.marker], ids=str)
def test_commands_that_are_not_run_have_the_right_form(block: Block) -> None:
    assert subprocess.run(["bash", "-n", "-c", block.text], check=False).returncode == 0  # noqa: S607  # whichever bash there is
    if block.marker == "needs-secrets":
        return  # run by the test that its marker names
    for line in block.text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\|", line):
            words = shlex.split(command, comments=True)
            if words:
                _check_form(words)


def _check_form(words: list[str]) -> None:
    match words:
        case ["sudo", *rest]:
            first = next(index for index, word in enumerate(rest) if "=" not in word)
            _check_form(rest[first:])
        case ["make", target, *settings]:
            assert target in TARGETS
            assert all(re.fullmatch(r"[A-Z_]+=.*", one) for one in settings)
        case ["python" | "python3", "-m", module, *_]:
            assert importlib.util.find_spec(module) is not None
        case ["home-exporter", *arguments]:
            assert parse(arguments).command
        case [script, *_] if (ROOT / script).is_file():
            pass
        case [program, *_]:
            assert program in _UNCHECKED
