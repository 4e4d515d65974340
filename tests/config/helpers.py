"""What the tests of the configuration share."""

from collections.abc import Mapping
from pathlib import Path

from exporter.config import Config, load
from exporter.sources.vendors import MODELS


def loaded(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Load a file in an environment that holds what the test says and nothing else."""
    return load(path, MODELS, {"HOME": "/home/me", **(environ or {})})
