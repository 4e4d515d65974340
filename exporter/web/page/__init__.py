"""The pages for people: all homes at `/`, and one page for each."""

from exporter.web.page.handler import PageHandler

__all__ = ["PageHandler"]
