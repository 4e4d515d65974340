"""The machine's wall clock as APScheduler and the planner read it, set by hand."""

import time
from datetime import datetime, timedelta, tzinfo

import pytest

from exporter import schedule


class Wall:
    """A wall clock that jumps when told to; real time goes on beneath it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from apscheduler.executors import base as executors  # noqa: PLC0415  # untyped, patched
        from apscheduler.schedulers import base as schedulers  # noqa: PLC0415  # same

        self.offset = timedelta()
        wall = self

        class Set(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no Self
                return datetime.fromtimestamp(time.time(), tz) + wall.offset

        for module in (schedule, executors, schedulers):
            monkeypatch.setattr(module, "datetime", Set)

    def jump(self, seconds: float) -> None:
        """Set the clock."""
        self.offset += timedelta(seconds=seconds)
