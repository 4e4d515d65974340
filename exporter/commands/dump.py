"""`home-exporter dump --redact`: what the clouds answer, fit for a bug report."""

import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from pydantic import SecretStr

from exporter import __version__
from exporter.clock import SystemClock
from exporter.commands.advice import code, told
from exporter.commands.check import say, tell_wait
from exporter.commands.codes import Code
from exporter.commands.recording import Recording, text_of
from exporter.commands.report import kept
from exporter.commands.survey import AccountLook, Fate, Survey
from exporter.config import AccountConfig, Config, load
from exporter.errors import StartError
from exporter.redact import Redactor
from exporter.rest import Transport
from exporter.shard import Shard
from exporter.sources.vendors import MODELS

FORMAT = "home-exporter-dump/1"
_MODE = 0o600


async def dump(path: Path, output: Path | None, shard: Shard) -> Code:
    """Look at the shard's accounts and write the answers to `output`, else to standard output.

    Raises ConfigError where the configuration has faults, StartError where nothing can be written.
    """
    config = load(path, MODELS, shard=shard)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(output)) if output else sys.stdout
        recordings, result = await _record(config)
        text = f"{text_of(_document(recordings))}\n"
        _refuse_secrets(text, config)
        file.write(text)
    if output:
        say([f"written to {output}; look through it before you pass it on"])
    return result


@contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    """Open a file that takes the place of `output` once it is whole.

    That happens before anything is called: a dump that cannot be written costs no calls.
    """
    beside = output.with_name(f"{output.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        if output.exists() and not output.is_file():
            raise StartError(f"cannot write {output}: it is no file: --output names another")
        file = os.fdopen(os.open(beside, flags, _MODE), "w", encoding="utf-8")
    except OSError as error:
        why = error.strerror
        raise StartError(f"cannot write {beside}: {why}: --output names another") from None
    try:
        with file:
            yield file
        beside.replace(output)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


async def _record(config: Config) -> tuple[list[Recording], Code]:
    recordings: list[Recording] = []
    looks: list[AccountLook] = []

    def transport(account: AccountConfig) -> Transport:
        recordings.append(Recording(account))
        return recordings[-1].transport()

    async with Survey(config, SystemClock(), tell_wait, transport) as survey:
        for account in config.accounts:
            look = await survey.look(account)
            looks.append(look)
        say(_told(looks))
        say([kept(survey)])
    return recordings, code(looks)


def _told(looks: list[AccountLook]) -> Iterator[str]:
    for look in looks:
        made = sum(look.calls.values())
        yield f"{look.config.name} ({look.config.vendor}): {made} calls"
        if look.trouble.fate is not Fate.OK:
            yield f"  {told(look.trouble, look.config.vendor)}"


def _document(recordings: list[Recording]) -> dict[str, Any]:
    redactor = Redactor()
    for recording in recordings:
        for secret in _secrets(recording.config):
            redactor.note_text(secret)
        for exchange in recording.exchanges:
            redactor.note(exchange.document())
    numbers: Counter[str] = Counter()
    accounts = []
    for recording in recordings:
        vendor = recording.config.vendor
        numbers[vendor] += 1
        answers = [exchange.redacted(redactor) for exchange in recording.exchanges]
        # The account's own name may be a person's.
        account = f"{vendor}-{numbers[vendor]}"
        accounts.append({"vendor": vendor, "account": account, "exchanges": answers})
    return {
        "format": FORMAT,
        "exporter": __version__,
        "python": platform.python_version(),
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "accounts": accounts,
    }


def _secrets(config: AccountConfig) -> Iterator[str]:
    """Yield what the configuration says that must not be told."""
    for secret_field in config.secret_fields:
        secret = config.find_secret(secret_field.name)
        if secret is not None:
            yield secret.reveal()
    for key in type(config).model_fields:
        value = getattr(config, key)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()


def _refuse_secrets(text: str, config: Config) -> None:
    """Make sure once more: a text with a secret in it is not written at all."""
    for account in config.accounts:
        for secret in _secrets(account):
            # What is so short stands in many a text by chance.
            written = json.dumps(secret, ensure_ascii=False)[1:-1]
            if len(secret) >= len("password") and written in text:
                raise StartError("the dump would hold a secret, so it is not written: report that")
