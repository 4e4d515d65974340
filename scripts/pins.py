"""Write the pins of the image and of CI: names, newest versions, hashes, and no address."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.generated import ROOT

#: What `uv export` is asked for, for each file of requirements/.
PINS = {
    "build": ["--only-group", "build"],
    "ci": ["--group", "build", "--group", "docs", "--group", "lint", "--group", "test"],
    "runtime": [],
}
# What the metadata of the project are made of.
_METADATA = ("pyproject.toml", "README.md", "LICENSE", "exporter/__init__.py")
_HEAD = "# Written by `make pins`. pip takes it with --require-hashes.\n"


def pins() -> dict[Path, str]:
    """Return what each file has to say; asks the package index, by uv."""
    with tempfile.TemporaryDirectory() as name:
        # Elsewhere, since uv leaves a lock file behind, which holds addresses.
        folder = Path(name)
        for part in _METADATA:
            (folder / part).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / part, folder / part)
        found = {ROOT / f"requirements/{pin}.txt": _export(folder, PINS[pin]) for pin in PINS}
    for path, text in found.items():
        if "://" in text:
            raise SystemExit(f"{path.name}: would hold an address")
    return found


def _export(folder: Path, wanted: list[str]) -> str:
    uv = [sys.executable, "-m", "uv", "--quiet", "--project", str(folder), "export"]
    form = ["--format", "requirements-txt", "--no-header", "--no-emit-project"]
    command = [*uv, *form, "--no-default-groups", *wanted]
    return _HEAD + subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own


if __name__ == "__main__":
    for path, text in pins().items():
        path.write_text(text)
