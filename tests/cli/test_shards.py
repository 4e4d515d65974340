"""Which shard the command is: by flag or environment, by number or by the name of a pod."""

import json
import signal
from pathlib import Path

import pytest

from exporter.shard import owner
from exporter.simulator import Simulator
from tests.cli.command import Finished, config_for, free_port, until_served
from tests.cli.conftest import Run
from tests.cli.conftest import Start as StartCommand

NAMES = [f"place-{number}" for number in range(8)]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write eight accounts whose secrets are not there."""
    path = tmp_path / "exporter.yml"
    accounts = [f"  - {{name: {name}, token_file: {name}}}\n" for name in NAMES]
    path.write_text("wally:\n" + "".join(accounts))
    path.chmod(0o600)
    return path


def give(config: Path, ordinal: int, total: int) -> None:
    """Write the secrets of a shard's accounts."""
    for name in NAMES:
        if owner(name, total) == ordinal:
            secret = config.parent / name
            secret.write_text("a-token")
            secret.chmod(0o600)


def shown(done: Finished) -> dict[str, object]:
    assert (done.code, done.err) == (0, "")
    document: dict[str, object] = json.loads(done.out)
    return document


@pytest.mark.parametrize("command", ["serve", "check", "dump"])
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--shard=-1"], "argument --shard: expected a number from 0 or a name that ends in one"),
        (["--shard=home-exporter"], "such as home-exporter-3, not 'home-exporter'"),
        (["--shard=1"], "argument --shard: expected a shard from 0 to 0 with --total-shards=1"),
        (["--shard=pod-4", "--total-shards=4"], "expected a shard from 0 to 3"),
        (["--total-shards=0"], "argument --total-shards: expected a number from 1 to 10000"),
        (["--total-shards=-1"], "not '-1'"),
        (["--total-shards=some"], "not 'some'"),
        (["--total-shards=10001"], "not '10001'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_a_shard_that_cannot_be_is_told_and_ends_with_2(
    run: Run, command: str, flags: list[str], said: str
) -> None:
    done = await run(command, *flags)
    assert (done.code, done.out) == (2, "")
    (line,) = done.lines
    assert line.startswith(f"home-exporter {command}: ")
    assert said in line


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HOME_EXPORTER_SHARD": "cabin"}, "not 'cabin'"),
        ({"HOME_EXPORTER_SHARD": "home-exporter-2"}, "expected a shard from 0 to 0"),
        ({"HOME_EXPORTER_TOTAL_SHARDS": "x"}, "not 'x'"),
    ],
)
async def test_so_is_one_of_the_environment(run: Run, variables: dict[str, str], said: str) -> None:
    done = await run(**variables)
    assert (done.code, done.out, len(done.lines)) == (2, "", 1)
    assert said in done.err


async def test_the_environment_names_the_shard_and_flags_win(run: Run, config: Path) -> None:
    give(config, 1, 3)
    environ = {"HOME_EXPORTER_SHARD": "home-exporter-1", "HOME_EXPORTER_TOTAL_SHARDS": "3"}
    document = shown(await run("check", "--format=json", **environ))
    assert (document["shard"], document["total_shards"]) == (1, 3)
    done = await run("check", "--shard=0", **environ)
    assert done.code == 2, "the secrets of that one are not here"
    empty = {"HOME_EXPORTER_SHARD": "", "HOME_EXPORTER_TOTAL_SHARDS": ""}
    give(config, 0, 1)
    document = shown(await run("check", "--format=json", **empty))
    assert (document["shard"], document["total_shards"]) == (0, 1)


@pytest.mark.usefixtures("config")
async def test_check_tells_the_owner_of_each_account_without_any_secret(run: Run) -> None:
    document = shown(await run("check", "--total-shards=4", "--format=json"))
    assert document["accounts"] == [
        {
            "vendor": "wally",
            "account": name,
            "base_url": "https://api.snsr.net",
            "secrets": ["token_file"],
            "shard": owner(name, 4),
        }
        for name in NAMES
    ]
    assert (document["shard"], document["total_shards"]) == (None, 4)
    done = await run("check", "--total-shards=4")
    assert done.code == 0
    assert (
        "exporter.yml: 8 accounts, no faults; no secret file was read: --shard=0 to 3" in done.out
    )
    for name in NAMES:
        line = next(line for line in done.out.splitlines() if line.startswith(f"  {name} "))
        assert line.endswith(f"  shard {owner(name, 4)}, token_file")


async def test_check_reads_the_secrets_of_the_shard_that_it_is_asked_for(
    run: Run, config: Path
) -> None:
    give(config, 2, 3)
    done = await run("check", "--shard=x-2", "--total-shards=3")
    own = sum(owner(name, 3) == 2 for name in NAMES)
    assert done.code == 0
    assert f"8 accounts, no faults; every secret of shard 2 of 3 ({own} accounts)" in done.out
    assert (await run("check", "--shard=1", "--total-shards=3")).code == 2


@pytest.mark.usefixtures("config")
async def test_check_online_is_for_one_shard(run: Run) -> None:
    done = await run("check", "--online", "--total-shards=3")
    assert (done.code, done.out) == (2, "")
    assert done.lines == ["home-exporter check: --online is for one shard of 3: --shard names it"]


async def test_online_commands_look_at_the_accounts_of_their_shard(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    total = 2
    for ordinal in range(total):
        flags = (f"--shard={ordinal}", f"--total-shards={total}")
        own = [name for name in ("homely-1", "wally-1") if owner(name, total) == ordinal]
        done = await run("check", "--online", "--format=json", *flags)
        assert [one["account"] for one in json.loads(done.out)["accounts"]] == own
        done = await run("dump", "--redact", *flags)
        assert done.code == 0
        assert len(json.loads(done.out)["accounts"]) == len(own)


async def test_serving_is_the_shard_that_the_pod_is(
    command: StartCommand, sim: Simulator, tmp_path: Path
) -> None:
    config_for(sim, tmp_path)
    ordinal, port = owner("wally-1", 3), free_port()
    environ = {"HOME_EXPORTER_SHARD": f"home-exporter-{ordinal}", "HOME_EXPORTER_TOTAL_SHARDS": "3"}
    running = await command(f"--web.listen-address=127.0.0.1:{port}", **environ)
    assert f"shard={ordinal}/3" in await running.line("home-exporter started")
    await until_served(f"http://127.0.0.1:{port}/-/ready")
    page = await until_served(f"http://127.0.0.1:{port}/metrics")
    assert f"\nhome_exporter_shard_ordinal {ordinal}.0\n" in page
    assert "\nhome_exporter_shards 3.0\n" in page
    assert (await running.stop(signal.SIGTERM)).code == 0
