"""`home-exporter check`: whether the configuration is right, and what the clouds would give."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from exporter.clock import SystemClock
from exporter.commands.advice import code
from exporter.commands.codes import Code
from exporter.commands.hints import given_by, hints
from exporter.commands.layout import joined, rows
from exporter.commands.report import account_lines, document, summary_lines
from exporter.commands.survey import AccountLook, Survey
from exporter.config import AccountConfig, Config, load, together
from exporter.config.web import load_web
from exporter.rest import Transport
from exporter.shard import Shard, owner
from exporter.sources.vendors import MODELS


async def check(
    path: Path,
    web_path: Path | None,
    shard: Shard,
    *,
    is_fleet: bool,
    is_online: bool,
    as_json: bool,
) -> Code:
    """Check the configuration in `path` and that of the server, and the clouds where `is_online`.

    Where it `is_fleet` all shards are looked at, without the secrets that each of them has. Raises
    ConfigError where something has faults.
    """
    config, web = together(
        lambda: load(path, MODELS, shard=shard, skip_secrets=is_fleet),
        lambda: None if web_path is None else load_web(web_path),
    )
    say(f"hint: {hint}" for hint in hints(path, config))
    if not is_online:
        _show(path, config, is_fleet=is_fleet, as_json=as_json)
        if web is not None and not as_json:
            encrypted = "TLS" if web.tls else "no TLS"
            _write(f"{web_path}: {encrypted}, users: {len(web.users)}, no faults")
        return Code.OK
    return await _survey(config, as_json=as_json)


def _show(path: Path, config: Config, *, is_fleet: bool, as_json: bool) -> None:
    total = config.shard.total
    given = [
        (
            account,
            owner(account.name, total),
            [key for field in account.secret_fields if (key := given_by(account, field))],
        )
        for account in config.everyone
    ]
    if as_json:
        accounts = [
            {
                "vendor": one.vendor,
                "account": one.name,
                "base_url": one.base_url,
                "secrets": keys,
                "shard": shard,
            }
            for one, shard, keys in given
        ]
        document = {
            "accounts": accounts,
            "state_dir": str(config.state_dir),
            "shard": None if is_fleet else config.shard.ordinal,
            "total_shards": total,
        }
        _write(json.dumps(document, indent=2))
        return
    count = len(given)
    _write(f"{path}: {_accounts(count)}, no faults; {_secrets(config, is_fleet=is_fleet)}")
    pairs = [
        (
            f"{one.name} ({one.vendor}, {one.base_url})",
            ", ".join([f"shard {shard}", *keys] if total > 1 else keys),
        )
        for one, shard, keys in given
    ]
    _write(joined(rows([*pairs, ("state_dir", str(config.state_dir))], 2)).rstrip())
    _write("No cloud was called: home-exporter check --online does that.")


def _accounts(count: int) -> str:
    return f"{count} account{'s' * (count != 1)}"


def _secrets(config: Config, *, is_fleet: bool) -> str:
    """Return whose secrets could be read."""
    shard = config.shard
    if shard.total == 1:
        return "every secret can be read"
    if is_fleet:
        return f"no secret file was read: --shard=0 to {shard.total - 1} reads those of one shard"
    own = _accounts(len(config.accounts))
    return f"every secret of shard {shard.ordinal} of {shard.total} ({own}) can be read"


async def _survey(config: Config, *, as_json: bool) -> Code:
    looks: list[AccountLook] = []
    async with Survey(config, SystemClock(), _transport, tell_wait) as survey:
        for account in config.accounts:
            looks.append(await survey.look(account))
            if not as_json:
                _write(joined(account_lines(survey, looks[-1])))
    result = code(looks)
    if as_json:
        _write(json.dumps(document(survey, looks, result), indent=2, ensure_ascii=False))
    else:
        _write(joined(summary_lines(survey, looks)).rstrip())
    return result


def _transport(config: AccountConfig) -> Transport:
    return Transport(use_environment=not config.is_local)


def tell_wait(seconds: float) -> None:
    """Say why nothing seems to happen."""
    say([f"waiting {seconds:.0f} s: the account's budget of calls is used up (Ctrl-C ends it)"])


def say(lines: Iterable[str]) -> None:
    """Write lines for the person at the terminal, beside what the command puts out."""
    sys.stderr.write(joined(lines))
    sys.stderr.flush()


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
