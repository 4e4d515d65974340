"""Both clouds as one process for all tests here, and the exporter as one for each."""

import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import bcrypt
import pytest
import trustme
import yaml

from tests.abuse.target import PASSWORD, SECRET, USER, Target
from tests.support.tls import certify

Attack = Callable[..., Target]


@pytest.fixture(scope="session")
def cloud() -> Iterator[tuple[str, str]]:
    """Return the address of a simulated Wally, and a token for it."""
    with subprocess.Popen(
        (sys.executable, "-m", "exporter.simulator"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        while "Wally token" not in said:
            said += process.stdout.readline()
        url, token = re.search(r"Wally +(http\S+)", said), re.search(r"Wally token +(\S+)", said)
        assert url
        assert token
        yield url[1], token[1]
        process.terminate()


def started(
    cloud: tuple[str, str],
    folder: Path,
    *,
    cost: int | None = None,
    authority: trustme.CA | None = None,
) -> Target:
    """Return the exporter, with a password and TLS where they are asked for."""
    # A poll is a line in the log at this level: none comes while a test looks for lines.
    seldom = {"poll_interval": "1h", "stale_after": "2h"}
    account = {"base_url": cloud[0], "token": cloud[1], "callback_secret": SECRET} | seldom
    config = yaml.safe_dump({"wally": [account], "state_dir": "state"})
    web: dict[str, object] = {}
    tls = None
    if cost is not None:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost))
        web["basic_auth_users"] = {USER: hashed.decode()}
    if authority is not None:
        web["tls_server_config"] = {"cert_file": "cert.pem", "key_file": "key.pem"}
        certify(authority, folder)
        tls = ssl.create_default_context()
        authority.configure_trust(tls)
    (folder / "web.yml").write_text(yaml.safe_dump(web))
    return Target(folder, config, *(["--web.config.file=web.yml"] if web else []), tls=tls)


@pytest.fixture
def target(cloud: tuple[str, str], tmp_path: Path) -> Iterator[Attack]:
    """Return what starts an exporter of the test's own."""
    with ExitStack() as stack:
        yield lambda **wanted: stack.enter_context(started(cloud, tmp_path, **wanted))


@pytest.fixture(scope="module")
def running(cloud: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Return an exporter without protection for all tests of a module."""
    with started(cloud, tmp_path_factory.mktemp("running")) as target:
        yield target


@pytest.fixture(scope="module")
def locked(cloud: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Return one with a password that is quick to check."""
    with started(cloud, tmp_path_factory.mktemp("locked"), cost=4) as target:
        yield target
