"""Who is let in where, and what a check costs."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import bcrypt
import pytest

from exporter.secret import Secret
from exporter.web.passwords import Passwords, Verdict
from tests.support.running import CALLBACK_SECRET
from tests.web.conftest import PASSWORD, USER, Serve, basic, hashed, write

RIGHT = basic(USER, PASSWORD)


async def status(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url, headers=headers, json=None if method == "GET" else {}) as answer,
    ):
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"].startswith('Basic realm="home-exporter"')
        return answer.status


async def test_everything_but_a_callback_wants_the_password(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path, PASSWORD)
    url = f"http://127.0.0.1:{(await serve()).server.port}"
    for path in (
        "/",
        "/metrics",
        "/-/healthy",
        "/-/ready",
        "/nowhere",
        "/callbacks/",
        "/callbacks",
    ):
        assert await status(url + path) == 401, path
        assert await status(url + path, basic(USER, "wrong")) == 401, path
        assert await status(url + path, basic("stranger", PASSWORD)) == 401, path
    for path in ("/", "/metrics", "/-/healthy"):
        assert await status(url + path, RIGHT) == 200, path
    assert await status(f"{url}/callbacks/wally/wrong-secret", method="POST") == 404
    assert await status(f"{url}/callbacks/wally/{CALLBACK_SECRET}", method="POST") == 400
    assert await status(f"{url}/callbacks/wally/{CALLBACK_SECRET}") == 401


async def test_health_is_open_where_that_was_asked_for(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path, PASSWORD)
    url = f"http://127.0.0.1:{(await serve(open_health=True)).server.port}"
    assert await status(f"{url}/-/healthy") == 200
    assert await status(f"{url}/-/healthy", method="POST") == 401
    assert await status(f"{url}/-/ready") == 401


async def test_without_users_everybody_is_let_in(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path)
    assert await status(f"http://127.0.0.1:{(await serve()).server.port}/metrics") == 200


class Checks:
    """Stands before bcrypt: holds each check until it is let go, and keeps what was checked."""

    def __init__(self) -> None:
        self.made: list[tuple[bytes, bytes]] = []
        self.most = self._now = 0
        self.go = threading.Event()
        self._check = bcrypt.checkpw

    def checkpw(self, password: bytes, stored: bytes) -> bool:
        self._now += 1
        self.most = max(self.most, self._now)
        self.made.append((password, stored))
        assert self.go.wait(10)
        self._now -= 1
        return self._check(password, stored)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    made = Checks()
    monkeypatch.setattr(bcrypt, "checkpw", made.checkpw)
    return made


@pytest.fixture
def door() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


USERS = {"me": Secret(hashed("right")), "you": Secret(hashed("other"))}


def header(name: str, password: str) -> str:
    return basic(name, password)["Authorization"]


async def test_one_check_at_a_time_ten_waiting_and_the_next_is_busy(
    checks: Checks, door: Passwords
) -> None:
    waiting = [asyncio.ensure_future(door.check(USERS, header("me", "x"))) for _ in range(11)]
    await asyncio.sleep(0)
    for name in ("me", "you", "nobody"):
        assert await door.check(USERS, header(name, "other")) is Verdict.BUSY
    checks.go.set()
    assert set(await asyncio.gather(*waiting)) == {Verdict.WRONG}
    assert (len(checks.made), checks.most) == (11, 1)


async def test_who_was_right_once_skips_the_queue_until_the_hash_changes(
    checks: Checks, door: Passwords
) -> None:
    checks.go.set()
    assert await door.check(USERS, header("me", "right")) is Verdict.RIGHT
    checks.go.clear()
    waiting = [asyncio.ensure_future(door.check(USERS, header("me", "x"))) for _ in range(11)]
    await asyncio.sleep(0)
    assert await door.check(USERS, header("me", "right")) is Verdict.RIGHT
    again = {**USERS, "me": Secret(hashed("right"))}
    assert await door.check(again, header("me", "right")) is Verdict.BUSY
    assert await door.check({"you": USERS["me"]}, header("me", "right")) is Verdict.BUSY
    checks.go.set()
    await asyncio.gather(*waiting)
    assert await door.check({"you": USERS["me"]}, header("me", "right")) is Verdict.WRONG


async def test_an_unknown_user_costs_what_a_known_one_costs(
    checks: Checks, door: Passwords
) -> None:
    checks.go.set()
    stored = {secret.reveal().encode() for secret in USERS.values()}
    for name in ("me", "nobody", "", "nobody else"):
        assert await door.check(USERS, header(name, "wrong")) is Verdict.WRONG
    assert len(checks.made) == 4
    assert {against for _, against in checks.made} <= stored
    # The password of the user whose hash stood in is of no use to another name.
    names = [str(number) for number in range(20)]
    for name in names * 2:
        assert await door.check(USERS, header(name, "right")) is Verdict.WRONG
    # Any user's hash may stand in, and always the same one for the same name: where the hashes
    # differ in cost, an unknown name costs what that of some user does.
    against = [stored for _, stored in checks.made[4:]]
    assert set(against) == stored
    assert against[:20] == against[20:]


async def test_passwords_of_any_text_and_length_are_checked(door: Passwords) -> None:
    long = "påssword:" * 20
    users = {"mé": Secret(bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode())}
    assert await door.check(users, header("mé", long)) is Verdict.RIGHT
    assert await door.check(users, header("mé", "p\0x")) is Verdict.WRONG
    assert await door.check(users, header("mé", "")) is Verdict.WRONG


@pytest.mark.parametrize("text", ["", "Basic", "Basic !", "Basic eA==", "Basic /zo=", "Bearer x"])
async def test_what_is_no_name_and_password_is_not_checked(
    checks: Checks, door: Passwords, text: str
) -> None:
    assert await door.check(USERS, text) is Verdict.WRONG
    assert checks.made == []
