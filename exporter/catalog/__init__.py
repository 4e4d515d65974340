"""The catalogue: every metric that the exporter serves, declared once as data."""

from exporter.catalog.metric import SCOPE_LABELS, Kind, Metric, Scope
from exporter.catalog.own import OWN
from exporter.catalog.readings import BY_NAME, READINGS

__all__ = ["BY_NAME", "OWN", "READINGS", "RENDERED", "SCOPE_LABELS", "Kind", "Metric", "Scope"]

#: What the exposition renders itself, in the order of the page; the rest is the registry's.
RENDERED = READINGS + tuple(metric for metric in OWN if metric.scope is not Scope.EXPORTER)
