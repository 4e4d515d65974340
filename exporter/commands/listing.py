"""The accounts of a configuration with the shard of each, as text for a person or as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporter.commands.hints import given_by
from exporter.commands.layout import rows
from exporter.config import AccountConfig, Config
from exporter.shard import owner


@dataclass(frozen=True, slots=True)
class Listing:
    """All accounts of `everyone`; `own` is what this shard of `total` has, None without one."""

    everyone: Config
    own: Config | None
    total: int

    def document(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "accounts": [self._account(account) for account in self.everyone.accounts],
            "state_dir": str(self.everyone.state_dir),
            "shard": None if self.own is None else self.own.shard.ordinal,
            "total_shards": self.total,
        }

    def _account(self, account: AccountConfig) -> dict[str, Any]:
        return {
            "vendor": account.vendor,
            "account": account.name,
            "base_url": account.base_url,
            "secrets": _keys(account),
            "shard": owner(account.name, self.total),
        }

    def lines(self, path: Path) -> Iterator[str]:
        """Yield it as text, for the configuration in `path`."""
        yield f"{path}: {_counted(self.everyone)}, no faults; {self._secrets()}"
        pairs = [
            (f"{one.name} ({one.vendor}, {one.base_url})", ", ".join(self._words(one)))
            for one in self.everyone.accounts
        ]
        yield from rows([*pairs, ("state_dir", str(self.everyone.state_dir))], 2)
        yield "No cloud was called: home-exporter check --online does that."

    def _words(self, account: AccountConfig) -> list[str]:
        if self.total == 1:
            return _keys(account)
        return [f"shard {owner(account.name, self.total)}", *_keys(account)]

    def _secrets(self) -> str:
        """Return whose secrets could be read."""
        if self.own is None:
            return f"no secret file was read: --shard=0 to {self.total - 1} reads those of one"
        if self.total == 1:
            return "every secret can be read"
        which = f"shard {self.own.shard.ordinal} of {self.total}"
        return f"every secret of {which} ({_counted(self.own)}) can be read"


def _keys(account: AccountConfig) -> list[str]:
    return [key for field in account.secret_fields if (key := given_by(account, field))]


def _counted(config: Config) -> str:
    count = len(config.accounts)
    return f"{count} account{'s' * (count != 1)}"
