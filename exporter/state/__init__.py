"""What a restart needs, on disk: no secrets, no names of people."""

from exporter.state.files import StateFiles
from exporter.state.keeper import Keeper

__all__ = ["Keeper", "StateFiles"]
