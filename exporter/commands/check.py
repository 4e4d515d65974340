"""`home-exporter check`: whether the configuration is right, and what the clouds would give."""

import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from exporter.clock import SystemClock
from exporter.commands.advice import code
from exporter.commands.codes import Code
from exporter.commands.hints import hints
from exporter.commands.layout import joined
from exporter.commands.listing import Listing
from exporter.commands.report import account_lines, document, summary_lines
from exporter.commands.survey import AccountLook, Survey
from exporter.config import AccountConfig, Config, load, together
from exporter.config.web import load_web
from exporter.rest import Transport
from exporter.shard import Shard
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
    # A shard keeps nothing of the accounts of others: to list all, they are read for nobody.
    everyone = partial(load, path, MODELS, skip_secrets=True)
    config, web = together(
        everyone if is_fleet else partial(load, path, MODELS, shard=shard),
        lambda: None if web_path is None else load_web(web_path),
    )
    say(f"hint: {hint}" for hint in hints(config))
    if not is_online:
        own = None if is_fleet else config
        listing = Listing(everyone() if shard.total > 1 else config, own, shard.total)
        if as_json:
            _write(json.dumps(listing.document(), indent=2))
        else:
            _write(joined(listing.lines(path)).rstrip())
        if web is not None and not as_json:
            encrypted = "TLS" if web.tls else "no TLS"
            _write(f"{web_path}: {encrypted}, users: {len(web.users)}, no faults")
        return Code.OK
    return await _survey(config, as_json=as_json)


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
