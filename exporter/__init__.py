"""Prometheus exporter for two smart-home clouds: Homely and WallyHome."""

__version__ = "0.1.0"
