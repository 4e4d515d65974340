"""What is known now: the one owner of the homes' state."""

from exporter.store.held import Policy
from exporter.store.store import Store

__all__ = ["Policy", "Store"]
