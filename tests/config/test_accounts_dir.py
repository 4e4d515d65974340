"""accounts_dir: one file an account, beside those of the main file or in their place."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config import Config, load, yamltext
from exporter.errors import ConfigError
from exporter.shard import Shard, owner
from exporter.sources.vendors import MODELS
from tests.config.helpers import loaded

SECRET = "s3cr3t-of-16-or-more"
WALLY = "vendor: wally\ntoken: s3cr3t-token\n"
HOMELY = "vendor: homely\nusername: me@example.com\npassword: s3cr3t-word\n"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a main file, and files of accounts beside it."""

    def all_of(files: dict[str, str], main: str = "") -> Path:
        folder = tmp_path / "accounts"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        path = tmp_path / "exporter.yml"
        path.write_text(f"accounts_dir: accounts\n{main}")
        return path

    return all_of


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(path)
    assert "s3cr3t" not in str(caught.value)
    return [fault.replace(f"{path.parent}/", "") for fault in caught.value.faults]


def names(config: Config) -> list[str]:
    return [account.name for account in config.accounts]


def test_each_file_is_an_account_that_is_called_as_the_file_is(write: Write) -> None:
    config = loaded(write({"cabin.yml": HOMELY, "flat.v2.yaml": f"{WALLY}poll_interval: 2m\n"}))
    assert [(one.vendor, one.name) for one in config.accounts] == [
        ("homely", "cabin"),
        ("wally", "flat.v2"),
    ]
    assert config.accounts[1].poll_interval == 120
    assert config.accounts[0].secret("password").reveal() == "s3cr3t-word"
    config = loaded(write({"cabin.yml": f"{HOMELY}name: Hytta\n"}))
    assert names(config) == ["Hytta", "flat.v2"]


def test_those_of_the_main_file_come_first_then_the_files_by_name(write: Write) -> None:
    files = dict.fromkeys(("b.yml", "a.yaml", "Z.yml", "10.yml", "9.yml"), WALLY)
    main = "wally: [{token: t}]\nhomely: [{username: u, password: p}]\n"
    config = loaded(write({**files, "c.yml": HOMELY}, main))
    assert names(config) == ["homely-1", "wally-1", "10", "9", "Z", "a", "b", "c"]


def test_what_is_hidden_or_no_yaml_is_not_looked_at(write: Write, tmp_path: Path) -> None:
    others = [
        ".hidden.yml",
        "a.yml~",
        "#a.yml#",
        "a.yml.bak",
        "README",
        "token",
        "a.YML",
        "..x.yml",
    ]
    path = write({"a.yml": WALLY} | dict.fromkeys(others, "{"))
    (tmp_path / "accounts" / "more").mkdir()
    (tmp_path / "accounts" / "more" / "b.yml").write_text("{")
    assert names(loaded(path)) == ["a"]


def test_secrets_lie_beside_the_file_that_names_them(write: Write, tmp_path: Path) -> None:
    files = {
        "a.yml": "vendor: wally\ntoken_file: a-token\n",
        "b.yml": "vendor: wally\ntoken_file: ../b-token\n",
        "a-token": "of-a\n",
    }
    path = write(files, "wally: [{name: c, token_file: b-token}]\n")
    (tmp_path / "b-token").write_text("of-b")
    tokens = {one.name: one.secret("token").reveal() for one in loaded(path).accounts}
    assert tokens == {"c": "of-b", "a": "of-a", "b": "of-b"}


def test_the_folder_may_be_named_in_other_ways(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write({"a.yml": WALLY})
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in (tmp_path / "accounts", "~/accounts", "./accounts/", "accounts/../accounts"):
        path.write_text(f"accounts_dir: {given}\n")
        assert names(loaded(path)) == ["a"]


def test_all_faults_of_all_files_are_told_at_once(write: Write, tmp_path: Path) -> None:
    path = write(
        {
            "00-is-fine.yml": WALLY,
            "a.yml": f"{WALLY}poll_interval: 1s\ncolour: blue\n",
            "b.yml": "vendor: [\n",
            "c.yml": "vendor: vally\ntoken: s3cr3t\n",
            "d.yml": "token: s3cr3t\n",
            "e.yml": "- vendor: wally\n",
            "f.yml": "",
            "g.yml": f"{WALLY}token: s3cr3t\n",
            "h.yml": "vendor: homely\npassword_file: none\nlocations: {inlcude: []}\n",
            "i.yml": f"{HOMELY}token: s3cr3t\n",
            "j.yml": f"{WALLY}name: 7\n",
            "k.yml": "vendor: [wally]\n",
        },
        "wally: [{token: s3cr3t, stale_after: 1s}]\ncolour: blue\n",
    )
    (tmp_path / "accounts" / "l.yml").mkdir()
    (tmp_path / "accounts" / "m.yml").symlink_to("nowhere")
    (tmp_path / "accounts" / "n\n.yml").write_text(WALLY)
    vendors = "vendor: expected 'homely' or 'wally'"
    unreadable = (
        "the line cannot be read; look how far it is indented, and put text with special characters"
        " in quotes"
    )
    missing = "No such file or directory"
    assert faults(path) == [
        "exporter.yml: colour: unknown key, expected one of accounts_dir, homely, state_dir, wally",
        "exporter.yml: wally[0].stale_after: expected at least twice poll_interval",
        f"accounts/a.yml: colour: unknown key, expected one of {', '.join(KEYS)}",
        "accounts/a.yml: poll_interval: expected 10s or more",
        f"accounts/b.yml:2: expected valid YAML: {unreadable}",
        f"accounts/c.yml: {vendors}",
        f"accounts/d.yml: {vendors}",
        "accounts/e.yml: (top level): expected keys with values",
        f"accounts/f.yml: {vendors}",
        "accounts/g.yml:3: expected valid YAML: the key token stands twice",
        "accounts/h.yml: username: expected a value, the key is missing",
        "accounts/h.yml: locations.inlcude: unknown key, did you mean include?",
        f"accounts/h.yml: password_file: expected a readable file: accounts/none: {missing}",
        "accounts/i.yml: token: unknown key, expected one of "
        + ", ".join(sorted(MODELS["homely"].model_fields)),
        "accounts/j.yml: name: expected text (put numbers in quotes)",
        f"accounts/k.yml: {vendors}",
        "accounts/l.yml: expected a file",
        f"accounts/m.yml: expected a readable file: {missing}",
        "accounts: 'n\\n.yml': expected a name that is printable",
    ]


KEYS = sorted(MODELS["wally"].model_fields)


def test_names_are_unique_for_a_vendor_wherever_they_are_written(write: Write) -> None:
    path = write({"cabin.yml": WALLY, "cabin.yaml": WALLY, "flat.yml": f"{WALLY}name: cabin\n"})
    first = "expected a name of its own, accounts/cabin.yaml has it"
    assert [one.replace(f"{path.parent}/", "") for one in faults(path)] == [
        f"accounts/cabin.yml: name: {first}",
        f"accounts/flat.yml: name: {first}",
    ]
    path = write({"cabin.yml": WALLY}, "wally: [{token: t}, {name: cabin, token: t}]\n")
    assert (
        "accounts/cabin.yml: name: expected a name of its own, exporter.yml: wally[1] has it"
        in (faults(path))
    )


def test_two_vendors_may_use_a_name(write: Write) -> None:
    path = write({"cabin.yml": HOMELY}, "wally: [{name: cabin, token: t}]\n")
    assert names(loaded(path)) == ["cabin", "cabin"]


def test_callback_secrets_are_unique_wherever_they_are_written(write: Write) -> None:
    secret = f"callback_secret: {SECRET}\n"
    path = write({"a.yml": WALLY + secret, "b.yml": WALLY + secret})
    assert faults(path) == [
        "accounts/b.yml: callback_secret: expected a secret of its own, accounts/a.yml has the same"
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("missing", "expected a readable folder: missing: No such file or directory"),
        ("exporter.yml", "expected a readable folder: exporter.yml: Not a directory"),
        ("empty", "expected a file with an account there, or one under homely or wally"),
        ("~nobody-of-this-name/x", "expected a folder of a known user"),
        ('"a\\0b"', "expected a path that can exist"),
        ("7", "expected a path"),
        ("[accounts]", "expected a path"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    path = tmp_path / "exporter.yml"
    path.write_text(f"accounts_dir: {given}\n")
    assert faults(path) == [f"exporter.yml: accounts_dir: {said}"]


def test_a_folder_that_is_closed_says_to_whom(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write({"a.yml": WALLY}, "wally: [{token: t, colour: blue}]\n")
    real: Any = Path.iterdir

    def refuse(folder: Path) -> Any:
        if folder.name == "accounts":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    colour, closed = faults(path)
    assert "wally[0].colour" in colour
    assert "accounts_dir: expected a readable folder: accounts: Permission denied (this" in closed


def test_a_shard_reads_the_secrets_of_its_own_files(write: Write) -> None:
    files = {f"place-{n}.yml": f"vendor: wally\ntoken_file: place-{n}\n" for n in range(12)}
    path = write(files)
    for ordinal in range(3):
        own = [name for n in range(12) if owner(name := f"place-{n}", 3) == ordinal]
        for name in own:
            (path.parent / "accounts" / name).write_text("a-token")
        config = load(path, MODELS, shard=Shard(ordinal, 3))
        assert sorted(names(config)) == sorted(own)
        for name in own:
            (path.parent / "accounts" / name).unlink()


# --- as Kubernetes mounts it


class Mount:
    """A folder as the kubelet writes it: all files change at once, by one link."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        folder.mkdir()

    def swap(self, files: dict[str, str], *, is_cut_short: bool = False) -> None:
        """Put these files in the place of all others, in the kubelet's order of steps.

        Cut short, the links to files that are new are not there yet.
        """
        former = (self.folder / "..data").resolve() if self._count else None
        self._count += 1
        version = self.folder / f"..2024_11_22_08_14_{self._count:02}.1234"
        version.mkdir()
        for name, text in files.items():
            (version / name).write_text(text)
        (self.folder / "..data_tmp").symlink_to(version.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")
        if is_cut_short:
            return
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        for link in self.folder.iterdir():
            if not link.name.startswith("..") and link.name not in files:
                link.unlink()
        if former is not None:
            for old in former.iterdir():
                old.unlink()
            former.rmdir()


def version_of(number: int, accounts: int) -> dict[str, str]:
    """Return files that all say which version they are of, as their secrets do."""
    files = {}
    for index in range(accounts):
        name = f"place-{number}-{index}"
        files[f"{name}.yml"] = f"vendor: wally\ntoken_file: {name}\npoll_interval: {number}m\n"
        files[name] = f"token-{number}"
    return files


@pytest.fixture
def mount(write: Write, tmp_path: Path) -> Mount:
    write({})
    (tmp_path / "accounts").rmdir()
    return Mount(tmp_path / "accounts")


def test_a_folder_of_kubernetes_is_read_once(mount: Mount, tmp_path: Path) -> None:
    mount.swap({**version_of(1, 3), "extra.yml": "vendor: wally\ntoken_file: place-1-0\n"})
    config = loaded(tmp_path / "exporter.yml")
    assert names(config) == ["extra", "place-1-0", "place-1-1", "place-1-2"]
    assert config.accounts[0].file == tmp_path / "accounts" / "extra.yml"
    mount.swap({"extra.yml": "vendor: wally\n"})
    assert faults(tmp_path / "exporter.yml")[0].startswith("accounts/extra.yml: token: expected")


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_swap_while_it_is_read_gives_the_new_version_whole(
    mount: Mount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    mount.swap(version_of(1, 3))
    real, seen = yamltext.read, 0

    def read(path: Path) -> Any:
        nonlocal seen
        seen += path.parent.name.startswith("..")
        if seen == at:
            seen += 1
            mount.swap(version_of(2, 4))
        return real(path)

    monkeypatch.setattr(yamltext, "read", read)
    config = loaded(tmp_path / "exporter.yml")
    assert len(config.accounts) == 4
    assert {one.poll_interval for one in config.accounts} == {120.0}
    assert {one.secret("token").reveal() for one in config.accounts} == {"token-2"}


def test_a_swap_that_is_half_done_is_read_whole(mount: Mount, tmp_path: Path) -> None:
    mount.swap(version_of(1, 3))
    mount.swap(version_of(2, 4), is_cut_short=True)
    config = loaded(tmp_path / "exporter.yml")
    assert names(config) == [f"place-2-{number}" for number in range(4)]
    assert {one.secret("token").reveal() for one in config.accounts} == {"token-2"}


def test_a_file_that_comes_while_a_plain_folder_is_read_is_not_missed(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write({"a.yml": WALLY, "b.yml": WALLY})
    real = yamltext.read

    def read(where: Path) -> Any:
        late = tmp_path / "accounts" / "c.yml"
        if where.name == "b.yml" and not late.exists():
            late.write_text(WALLY)
            (tmp_path / "accounts" / "a.yml").unlink()
        return real(where)

    monkeypatch.setattr(yamltext, "read", read)
    assert names(loaded(path)) == ["b", "c"]


def test_a_folder_that_never_rests_is_read_all_the_same(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write({"a.yml": WALLY})
    real, times = yamltext.read, 0

    def read(where: Path) -> Any:
        nonlocal times
        times += 1
        (tmp_path / "accounts" / f"other-{times}").touch()
        return real(where)

    monkeypatch.setattr(yamltext, "read", read)
    assert names(loaded(path)) == ["a"]
