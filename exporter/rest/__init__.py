"""REST exchanges over requests: bounded, without redirects, every failure with a name."""

from exporter.rest.transport import Answer, Bearer, Transport

__all__ = ["Answer", "Bearer", "Transport"]
