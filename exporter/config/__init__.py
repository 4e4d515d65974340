"""exporter.yml as a frozen, typed, validated configuration."""

from exporter.config.account import AccountConfig, SecretField
from exporter.config.both import together
from exporter.config.fields import Duration
from exporter.config.load import Config, load

__all__ = ["AccountConfig", "Config", "Duration", "SecretField", "load", "together"]
