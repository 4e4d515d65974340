"""What a restart needs, on disk: no secrets, no names of people."""

from exporter.state.files import ReadOnlyFiles, StateFiles
from exporter.state.keeper import Keeper

__all__ = ["Keeper", "ReadOnlyFiles", "StateFiles"]
