"""REST exchanges over requests: bounded, without redirects, every failure with a name."""

from exporter.rest.transport import Answer, Bearer, Transport
from exporter.rest.worker import Request, Worker

__all__ = ["Answer", "Bearer", "Request", "Transport", "Worker"]
