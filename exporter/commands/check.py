"""`home-exporter check`: whether the configuration is right, and what the clouds would give."""

import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from exporter.clock import SystemClock
from exporter.commands.advice import code
from exporter.commands.codes import Code
from exporter.commands.hints import hints, web_hints
from exporter.commands.layout import joined
from exporter.commands.listing import Listing
from exporter.commands.report import account_lines, document, summary_lines
from exporter.commands.survey import AccountLook, Survey
from exporter.config import Config, load, together
from exporter.config.web import WebConfig, load_web
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
    if web_path is not None and web is not None:
        say(f"hint: {hint}" for hint in web_hints(web_path, web))
        if not as_json:
            encrypted = "TLS" if web.tls else "no TLS"
            _write(f"{web_path}: {encrypted}, users: {len(web.users)}, no faults")
    if is_online:
        return await _survey(config, web, as_json=as_json)
    own = None if is_fleet else config
    listing = Listing(everyone() if shard.total > 1 else config, own, shard.total)
    if as_json:
        _write(json.dumps({**listing.document(), "web": _described(web)}, indent=2))
    else:
        _write(joined(listing.lines(path)).rstrip())
    return Code.OK


def _described(web: WebConfig | None) -> dict[str, bool | int] | None:
    return None if web is None else {"tls": web.tls is not None, "users": len(web.users)}


async def _survey(config: Config, web: WebConfig | None, *, as_json: bool) -> Code:
    looks: list[AccountLook] = []
    async with Survey(config, SystemClock(), tell_wait) as survey:
        for account in config.accounts:
            looks.append(await survey.look(account))
            if not as_json:
                _write(joined(account_lines(survey, looks[-1])))
    result = code(looks)
    if as_json:
        found = {**document(survey, looks, result), "web": _described(web)}
        _write(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _write(joined(summary_lines(survey, looks)).rstrip())
    return result


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
