"""`home-exporter check`: whether the configuration is right, and what the clouds would give."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from exporter.clock import SystemClock
from exporter.commands.advice import code
from exporter.commands.codes import Code
from exporter.commands.hints import given_by, hints, web_hints
from exporter.commands.layout import joined, rows
from exporter.commands.report import account_lines, document, summary_lines
from exporter.commands.survey import AccountLook, Survey
from exporter.config import Config, load, together
from exporter.config.web import WebConfig, load_web
from exporter.sources.vendors import MODELS


async def check(path: Path, web_path: Path | None, *, is_online: bool, as_json: bool) -> Code:
    """Check the configuration in `path` and that of the server, and the clouds where `is_online`.

    Raises ConfigError where either has faults.
    """
    config, web = together(
        lambda: load(path, MODELS), lambda: None if web_path is None else load_web(web_path)
    )
    say(f"hint: {hint}" for hint in hints(path, config))
    if web_path is not None and web is not None:
        say(f"hint: {hint}" for hint in web_hints(web_path, web))
        if not as_json:
            encrypted = "TLS" if web.tls else "no TLS"
            _write(f"{web_path}: {encrypted}, users: {len(web.users)}, no faults")
    if is_online:
        return await _survey(config, web, as_json=as_json)
    _show(path, config, web, as_json=as_json)
    return Code.OK


def _show(path: Path, config: Config, web: WebConfig | None, *, as_json: bool) -> None:
    given = [
        (account, [key for field in account.secret_fields if (key := given_by(account, field))])
        for account in config.accounts
    ]
    if as_json:
        accounts = [
            {"vendor": one.vendor, "account": one.name, "base_url": one.base_url, "secrets": keys}
            for one, keys in given
        ]
        found = {"accounts": accounts, "state_dir": str(config.state_dir), "web": _described(web)}
        _write(json.dumps(found, indent=2))
        return
    count = len(given)
    _write(f"{path}: {count} account{'s' * (count != 1)}, no faults; every secret can be read")
    pairs = [(f"{one.name} ({one.vendor}, {one.base_url})", ", ".join(keys)) for one, keys in given]
    _write(joined(rows([*pairs, ("state_dir", str(config.state_dir))], 2)).rstrip())
    _write("No cloud was called: home-exporter check --online does that.")


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
