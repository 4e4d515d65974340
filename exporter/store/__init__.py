"""What is known now: the one owner of the homes' state."""

from exporter.store.devices import Applied
from exporter.store.held import Policy
from exporter.store.store import Store

__all__ = ["Applied", "Policy", "Store"]
