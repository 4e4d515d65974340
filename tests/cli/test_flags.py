"""What the command answers at once: flags, faults, and addresses that cannot be had."""

import resource
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter import __version__, cli
from exporter.address import parse_address
from exporter.simulator import Simulator
from exporter.simulator.__main__ import _allow_many_sockets
from tests.cli.command import config_for, free_port
from tests.cli.conftest import Run

FLAGS = [
    *("--config.file", "--web.listen-address", "--web.config.file", "--web.open-health"),
    *("--log.level", "--log.format", "--version", "--shard", "--total-shards"),
]


@pytest.mark.parametrize(
    "arguments", [["--version"], ["serve", "--version"], ["demo", "--version"]]
)
async def test_version_is_told(run: Run, arguments: list[str]) -> None:
    done = await run(*arguments)
    assert (done.code, done.out, done.err) == (0, f"home-exporter {__version__}\n", "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
async def test_help_names_the_commands_and_the_exit_codes(run: Run, flag: str) -> None:
    done = await run(flag)
    assert (done.code, done.err) == (0, "")
    said = " ".join(done.out.split())
    for word in ("usage: home-exporter", "serve", "check", "dump", "demo", "check --online"):
        assert word in said
    for word in ("0 stopped", "1 could not start", "2 wrong", "3 check", "4 check", "5 check"):
        assert word in said
    assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize("raise_limit", [cli._raise_file_limit, _allow_many_sockets])
def test_a_file_limit_that_is_not_granted_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, raise_limit: Callable[[], None]
) -> None:
    asked: list[tuple[int, int]] = []

    def refuse(_: int, limits: tuple[int, int]) -> None:
        asked.append(limits)
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 2**62))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    raise_limit()
    assert asked == [(2**62, 2**62)]


@pytest.mark.parametrize("name", ["serve", "check", "dump", "demo", "healthcheck"])
async def test_each_command_explains_itself(run: Run, name: str) -> None:
    done = await run(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: home-exporter {name} ")
    assert "--log.level" in done.out
    assert max(map(len, done.out.splitlines())) <= 100


async def test_help_of_serve_names_its_flags_and_their_defaults(run: Run) -> None:
    done = await run("serve", "--help")
    assert (done.code, done.err) == (0, "")
    for flag in FLAGS:
        assert flag in done.out
    for default in ("else exporter.yml)", "else 127.0.0.1:10874)", ": info)", ": logfmt)"):
        assert default in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no.such.flag"], "--no.such.flag"),
        (["--config"], "--config"),
        (["--config.file"], "expected one argument"),
        (["--log.format=xml"], "xml"),
        (["--web.listen-address=localhost"], "expected host:port, such as 127.0.0.1:10874"),
        (["--web.listen-address=::1:10874"], "expected host:port"),
        (["demo", "--seed=one"], "one"),
        (["dump-all"], "no command 'dump-all': did you mean dump?"),
        (["chekc"], "no command 'chekc': did you mean check?"),
        (["restart"], "expected one of serve, check, dump, demo, healthcheck"),
        (["--log.level=debug", "check"], "the command comes first: home-exporter check --log"),
        (["--config", "x"], "did you mean --config.file?"),
        (["--web.listen-adress=:1"], "did you mean --web.listen-address?"),
        (["check", "--on-line"], "did you mean --online?"),
        (["check", "--web.listen-address=:1"], "home-exporter check: unrecognized arguments"),
        (["check", "extra"], "home-exporter check --help lists them"),
        (["check", "--format=xml"], "xml"),
        (["dump", "--redacted"], "did you mean --redact?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_a_wrong_flag_is_told_and_ends_with_2(
    run: Run, arguments: list[str], said: str
) -> None:
    done = await run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.lines[-1]
    assert "Traceback" not in done.err


async def test_without_a_configuration_it_says_which_file_it_looked_for(
    run: Run, tmp_path: Path
) -> None:
    done = await run()
    assert (done.code, done.out) == (2, "")
    assert done.lines == [
        "exporter.yml: expected a readable file: No such file or directory",
        "home-exporter: --config.file names it; the README shows the shortest one",
    ]
    (tmp_path / "exporter.yml").write_text("wally: [{token_file: missing}]\n")
    assert len((await run()).lines) == 1, "another file is missing"


async def test_every_fault_of_a_configuration_has_its_own_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.yml").write_text(
        """
homely:
  - username: 7
    password: s3cr3t-word
    poll_interval: 1s
wally:
  - token_env: MY_TOKEN
    threshold_unit: kelvin
colour: blue
"""
    )
    done = await run("--config.file=my.yml")
    assert (done.code, done.out) == (2, "")
    assert sorted(done.lines) == [
        "my.yml: colour: unknown key, expected one of accounts_dir, homely, state_dir, wally",
        "my.yml: homely[0].poll_interval: expected 60s or more",
        "my.yml: homely[0].username: expected text (put numbers in quotes)",
        "my.yml: wally[0].threshold_unit: expected 'celsius' or 'fahrenheit'",
        "my.yml: wally[0].token_env: expected the name of an environment variable that is set",
    ]


async def test_the_faults_of_both_files_are_told_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "web.yml").write_text("tls_server_config: {client_ca_file: ca.pem}\nrate_limit: {}")
    done = await run("--web.config.file=web.yml")
    assert (done.code, done.out) == (2, "")
    tls, missing = "web.yml: tls_server_config", "expected a value, the key is missing"
    other = "not supported here, expected one of"
    assert done.lines == [
        "exporter.yml: expected a readable file: No such file or directory",
        f"{tls}.cert_file: {missing}",
        f"{tls}.key_file: {missing}",
        f"{tls}.client_ca_file: {other} cert_file, key_file, min_version",
        f"web.yml: rate_limit: {other} basic_auth_users, tls_server_config",
        "home-exporter: --config.file names it; the README shows the shortest one",
    ]


async def test_a_web_configuration_that_is_not_there_ends_with_2(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    config = config_for(sim, tmp_path)
    done = await run(f"--config.file={config}", "--web.config.file=none.yml")
    assert (done.code, done.out) == (2, "")
    assert done.lines == ["none.yml: expected a readable file: No such file or directory"]


async def test_a_taken_port_is_told_in_one_line_and_ends_with_1(
    run: Run, sim: Simulator, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        done = await run(
            f"--config.file={config_for(sim, tmp_path)}", f"--web.listen-address={address}"
        )
    assert (done.code, done.out) == (1, "")
    said = [line for line in done.lines if line.startswith("home-exporter: ")]
    assert len(said) == 1
    assert said[0].startswith(f"home-exporter: cannot listen on {address}: ")
    assert "address already in use" in said[0].lower()
    assert "Traceback" not in done.err
    assert sim.calls == [], "no cloud was called"


@pytest.mark.parametrize("address", ["192.0.2.1:10874", "nosuchhost.invalid:10874"])
async def test_an_address_that_is_not_ours_ends_with_1(
    run: Run, sim: Simulator, tmp_path: Path, address: str
) -> None:
    done = await run(
        f"--config.file={config_for(sim, tmp_path)}", f"--web.listen-address={address}"
    )
    assert done.code == 1
    assert f"home-exporter: cannot listen on {address}: " in done.err
    assert "Traceback" not in done.err


async def test_an_unknown_scenario_ends_with_2_and_names_those_there_are(run: Run) -> None:
    done = await run(
        "demo", "--scenario=flood-of-the-century", f"--web.listen-address=127.0.0.1:{free_port()}"
    )
    assert done.code == 2
    assert "--scenario: expected one of" in done.err
    assert "leak" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:10874", ("127.0.0.1", 10874)),
        ("localhost:0", ("localhost", 0)),
        (":10874", (None, 10874)),
        ("[::1]:65535", ("::1", 65535)),
        ("[::]:10874", ("::", 10874)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str | None, int]) -> None:
    assert parse_address(text) == address


NO_ADDRESSES = ["", ":", "10874", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1"]
NO_ADDRESSES += ["a:b", "a:1 ", "::1:10874", "[::1]", "[::1:10874", "[]:10874", "http://a:10874"]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port, such as"):
        parse_address(text)


async def test_the_environment_can_name_file_and_address(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("wally: []\n")
    environ = {"HOME_EXPORTER_CONFIG_FILE": "other.yml"}
    done = await run(**environ)
    assert (done.code, done.lines[0].split(":")[0]) == (2, "other.yml")
    done = await run("--config.file=missing.yml", **environ)
    assert (done.code, done.lines[0].split(":")[0]) == (2, "missing.yml")
    done = await run(HOME_EXPORTER_LISTEN_ADDRESS="nowhere")
    assert done.code == 2
    assert "expected host:port" in done.lines[-1]
