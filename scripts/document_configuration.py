"""Write docs/configuration.md and docs/exporter.schema.json from the types and flags.

Usage: python -m scripts.document_configuration [--check]
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from exporter.commands.flags import parser
from exporter.config import AccountConfig
from exporter.config.web import WebFile
from exporter.sources.vendors import MODELS
from scripts.configuration_schema import schema, tidy
from scripts.generated import ROOT, settle

_TITLES = {"homely": "Homely", "wally": "WallyHome"}

_BEGINNING = """\
# Configuration

Written by `make docs` from the types that `exporter.yml` is read by, so every key is here.
[`exporter.yml`](../exporter.yml) in the source tree is an example with all of them.

The shortest one:

```yaml
# yaml-language-server: $schema=exporter.schema.json
homely:
  - username: me@example.com
    password_file: /etc/home-exporter/homely-password
wally:
  - token_file: /etc/home-exporter/wally-token
```

- **Your editor knows the keys** by the first line: put
  [exporter.schema.json](exporter.schema.json) beside the file, or name its address. VS Code with
  the YAML extension, Neovim, Helix, Emacs and JetBrains' editors read it; the exporter does not.
- **Durations** are written as Prometheus does: `60s`, `20m`, `1h30m`; above 0, at most 366 days.
- **A secret** is given in one of three ways: in a file of its own (best), by the name of an
  environment variable, or by value. A file holds one line; a line break at its end does not count.
- **Relative paths** are relative to the folder of `exporter.yml`.
- **Unknown keys are faults**, and so is whatever cannot be right. All faults are told at once,
  each with its key and what was expected, and nothing is started:

```text
exporter.yml: homely[0].poll_interval: expected 60s or more
exporter.yml: wally[0].tokn_file: unknown key, did you mean token_file?
```

`home-exporter check` tells the same without starting anything; see
[Running it](running.md#check). What changes without a restart is in
[Running it](running.md#change-the-configuration).
"""


_FLAGS = """\
## Flags

They follow Prometheus. No flag takes a secret. `serve` is the command when none is named."""
_WEB = """\
## TLS and passwords: `--web.config.file`

The format is that of Prometheus's exporter-toolkit; [Security](security.md#tls-and-a-password) has
an example. Paths are relative to the file."""


def _kind(node: dict[str, Any], types: dict[str, Any]) -> str:
    """Return what is written under a key, in a few words."""
    if "$ref" in node:
        node = types[node["$ref"].rpartition("/")[2]]
    nodes = [one for one in node.get("anyOf", [node]) if one.get("type") != "null"]
    node = types[nodes[0]["$ref"].rpartition("/")[2]] if "$ref" in nodes[0] else nodes[0]
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if node["type"] == "array":
        return "a list, not empty" if node.get("minItems") else "a list"
    if node.get("format") == "uri":
        return "an address: `https`, or `http` on this machine"
    if "examples" in node:
        return "a duration"
    if node["type"] == "object":
        return "keys"
    longest = f", at most {node['maxLength']} characters" if "maxLength" in node else ""
    return "a path" if node.get("format") == "path" else f"text{longest}"


def _default(key: str, node: dict[str, Any], required: list[str]) -> str:
    if "default" not in node:
        return "**needed**" if key in required else ""
    default = node["default"]
    return "see below" if isinstance(default, dict) else f"`{json.dumps(default).strip(chr(34))}`"


def _rows(of: dict[str, Any], types: dict[str, Any], defaults: dict[str, str]) -> list[str]:
    rows = ["| key | what is written | default | meaning |", "|---|---|---|---|"]
    for key, node in of["properties"].items():
        default = defaults.get(key) or _default(key, node, of.get("required", []))
        rows.append(f"| `{key}` | {_kind(node, types)} | {default} | {node['description']} |")
    return rows


def _secrets(model: type[AccountConfig]) -> Iterator[str]:
    for field in model.secret_fields:
        ways = ", ".join(f"`{key}`" for key in field.keys)
        count = "Exactly one" if field.required else "At most one"
        yield f"- {count} of {ways}: {field.expectation}."


def _accounts(whole: dict[str, Any]) -> Iterator[str]:
    types = whole["$defs"]
    for vendor, model in MODELS.items():
        yield from ("", f"## `{vendor}`: {_TITLES[vendor]}", "", "A list; each entry:", "")
        defaults = {"name": f"`{vendor}-1`, `{vendor}-2`, ..."}
        yield from _rows(types[model.__name__], types, defaults)
        yield from ("", *_secrets(model))
        for key, node in types[model.__name__]["properties"].items():
            if isinstance(node.get("default"), dict):
                part = types[node["$ref"].rpartition("/")[2]]
                yield from ("", f"Under `{key}`:", "", *_rows(part, types, {}))


def _flags() -> list[str]:
    (commands,) = (one.choices for one in parser()._actions if isinstance(one.choices, dict))  # noqa: SLF001  # argparse tells them nowhere else
    found: dict[str, tuple[list[str], str]] = {}
    for name, command in commands.items():
        for action in command._actions:  # noqa: SLF001  # same
            if isinstance(action, argparse._HelpAction | argparse._VersionAction):  # noqa: SLF001  # same
                continue
            values = action.metavar or "\\|".join(action.choices or ())
            flag = f"`{action.option_strings[-1]}{f'={values}' if values else ''}`"
            text = (action.help or "") % {"default": action.default}
            where, _ = found.setdefault(f"{flag} | {_cell(text)}", ([], ""))
            where.append(name)
    rows = ["| flag | meaning | of |", "|---|---|---|"]
    return rows + [f"| {row} | {', '.join(where)} |" for row, (where, _) in found.items()]


def _cell(text: str) -> str:
    return re.sub(r"\$[A-Z_]+", lambda name: f"`{name[0]}`", text)


def page() -> str:
    """Return docs/configuration.md."""
    whole = schema()
    web = WebFile.model_json_schema()
    tidy(web)
    keys = {key: whole["properties"][key]["description"] for key in ("accounts_dir", "state_dir")}
    return "\n".join(
        [
            _BEGINNING.rstrip(),
            *_accounts(whole),
            "",
            "## `accounts_dir`",
            "",
            f"A path. {keys['accounts_dir']} [Many homes](running.md#many-homes) has more.",
            "",
            "## `state_dir`",
            "",
            f"A path. {keys['state_dir']}",
            "",
            _FLAGS,
            "",
            *_flags(),
            "",
            _WEB,
            "",
            *_rows(web, web["$defs"], {}),
            "",
            "Under `tls_server_config`:",
            "",
            *_rows(web["$defs"]["TlsSection"], web["$defs"], {}),
            "",
        ]
    )


def main() -> int:
    """Write both, or with --check only tell whether they are in step."""
    text = json.dumps(schema(), indent=2) + "\n"
    docs = ROOT / "docs"
    return settle({docs / "configuration.md": page(), docs / "exporter.schema.json": text})


if __name__ == "__main__":
    sys.exit(main())
