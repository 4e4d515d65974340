"""Print the notes of a release, `python -m scripts.release v1.2.3`, or refuse what is none."""

import re
import sys
from pathlib import Path

from exporter import __version__

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def notes(tag: str, version: str, changelog: str) -> str:
    """Return what the CHANGELOG says of the version; raises ValueError where it must not go out."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and exporter/__init__.py says {version}")
    found = re.search(
        rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if found is None or not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of [{version}]")
    return found[1].strip()


if __name__ == "__main__":
    try:
        print(notes(sys.argv[1], __version__, CHANGELOG.read_text()))
    except ValueError as error:
        sys.exit(f"no release: {error}")
