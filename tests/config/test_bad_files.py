"""Each file in bad/ holds one kind of mistake; beside it stands what is said about it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.errors import ConfigError
from tests.config.helpers import loaded

BAD = sorted((Path(__file__).parent / "bad").glob("*.yml"))
ENVIRONMENT = {
    "GOOD": "s3cr3t-of-the-environment",
    "EMPTY": "",
    "BLANK": "  ",
    "SHORT": "s3cr3t-01234567",
}
SECRET_FILES = {
    "good": b"s3cr3t-of-the-file\n",
    "empty": b"",
    "only-a-line-break": b"\r\n",
    "short": b"s3cr3t-01234567\n",
    "too-large": b"s3cr3t" * 11_000,
    "not-utf-8": b"s3cr3t-\xe6\xf8\xe5\n",
    "two-lines": b"s3cr3t\nand-more\n",
}


def faults_of(bad: Path, folder: Path) -> list[str]:
    """Load a copy of the file, beside the secret files it may name."""
    secrets = folder / "secrets"
    (secrets / "folder").mkdir(parents=True)
    for name, content in SECRET_FILES.items():
        (secrets / name).write_bytes(content)
    (secrets / "loop").symlink_to("loop")
    copy = folder / bad.name
    copy.write_bytes(bad.read_bytes())
    with pytest.raises(ConfigError) as caught:
        loaded(copy, ENVIRONMENT)
    assert str(caught.value).splitlines() == caught.value.faults, "each fault has its own line"
    return [fault.replace(f"{folder}/", "") for fault in caught.value.faults]


@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_each_bad_file_is_refused_with_its_own_words(bad: Path, tmp_path: Path) -> None:
    expected = bad.with_suffix(".txt").read_text().splitlines()
    assert faults_of(bad, tmp_path) == expected


@pytest.mark.parametrize("bad", BAD, ids=lambda path: path.stem)
def test_no_bad_file_brings_a_secret_to_light(bad: Path, tmp_path: Path) -> None:
    assert "s3cr3t" not in "\n".join(faults_of(bad, tmp_path))


def test_each_expectation_has_its_bad_file() -> None:
    texts = (Path(__file__).parent / "bad").glob("*.txt")
    assert [text.stem for text in sorted(texts)] == [path.stem for path in BAD]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"wally: \xff\n", "expected valid YAML in UTF-8"),
        (b"\xff\xfe\x00", "expected valid YAML in UTF-8"),
        (
            b"wally: [{token: 'a\x00b'}]",
            "expected valid YAML in UTF-8",
        ),
        (b"[" * 1100, "expected valid YAML in UTF-8"),
        (b"#" * (4 * 1024 * 1024 + 1), "expected a file under 4194304 bytes"),
    ],
    ids=["not UTF-8", "half UTF-16", "control character", "deep nesting", "too large"],
)
def test_a_file_that_is_no_text_of_ours_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "exporter.yml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        loaded(path)
    assert caught.value.faults == [f"{path}: {said}"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing.yml"
    with pytest.raises(ConfigError) as caught:
        loaded(path)
    assert caught.value.faults == [f"{path}: expected a readable file: No such file or directory"]


def test_a_pipe_that_nobody_writes_to_is_empty_and_nobody_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "exporter.yml"
    os.mkfifo(path)
    with pytest.raises(ConfigError) as caught:
        loaded(path)
    assert caught.value.faults == [
        f"{path}: (top level): expected an account under homely or wally, or accounts_dir"
    ]


def test_a_pipe_is_read_to_its_end() -> None:
    """As in --config.file=<(decrypt exporter.yml)."""
    reader, writer = os.pipe()
    os.write(writer, b"wally: [{token: a-token}]\n")
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(loaded, Path(f"/dev/fd/{reader}"))
        os.close(writer)
        assert [account.name for account in found.result().accounts] == ["wally-1"]
    os.close(reader)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path)
    assert caught.value.faults == [f"{tmp_path}: expected a readable file: Is a directory"]
