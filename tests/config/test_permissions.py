"""A file that is closed to this user is told of with whose it is."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from exporter.config.permissions import closed_to, user_name
from exporter.errors import ConfigError
from tests.config.conftest import Configure

DENIED = PermissionError(errno.EACCES, "Permission denied")


def test_it_says_who_we_are_and_whose_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0o600)
    us = user_name(os.geteuid())
    assert closed_to(path, DENIED) == f" (this runs as {us}; the file is {us}'s, mode 0600)"
    missing = closed_to(tmp_path / "folder" / "secret", DENIED)
    assert missing == f" (this runs as {us}, to whom a folder on the way there is closed)"
    assert closed_to(path, FileNotFoundError()) == ""


def test_a_user_without_a_name_has_a_number() -> None:
    assert user_name(54321) == "user 54321"


def test_the_fault_of_a_secret_says_it(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("x")
    real: Any = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "token":
            raise DENIED
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"token_file: .*Permission denied \(this runs as "):
        configure("wally: [{token_file: token}]")
