"""A soak meets thousands of failures: what is logged about them would itself fill the memory."""

import logging

import pytest


@pytest.fixture(autouse=True)
def _few_lines_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="exporter")
