"""exporter.yml as a frozen, typed, validated configuration."""

from exporter.config.account import AccountConfig, SecretField
from exporter.config.both import together
from exporter.config.fields import BaseUrl, Duration, FileName
from exporter.config.load import Config, load

__all__ = [
    "AccountConfig",
    "BaseUrl",
    "Config",
    "Duration",
    "FileName",
    "SecretField",
    "load",
    "together",
]
