"""What an answer of the server's own says, and what is logged about it."""

import logging
from pathlib import Path

import aiohttp
import pytest

from tests.web.conftest import Serve, write

MARKER = "hunter2-in-the-query"


@pytest.mark.parametrize("path", ["/metrics", "/"])
async def test_a_bug_is_answered_and_told_without_what_was_asked(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError(MARKER)

    write(tmp_path)
    app = await serve()
    monkeypatch.setattr(app.exposition, "families", fail)
    monkeypatch.setattr(app.store, "locations", None)
    url = f"http://127.0.0.1:{app.server.port}{path}?q={MARKER}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 500
        assert await answer.text() == "home-exporter failed; its log says where.\n"
    # The account misses the store as well, and tells of itself.
    errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
    (told,) = [one for one in errors if one.name == "exporter.web"]
    assert told.getMessage() == "a request could not be answered"
    assert ".py:" in str(vars(told)["fields"]["where"])
    assert MARKER not in str(vars(told))
