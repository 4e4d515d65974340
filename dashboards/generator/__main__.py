"""Write the dashboards.

Usage: python -m dashboards.generator [--check]
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.generator import climate, devices, energy, exporter, homes, security

FOLDER = Path(__file__).parent.parent
PAGES = (homes, climate, energy, security, devices, exporter)


def texts() -> dict[Path, str]:
    """Return every file with what it has to hold."""
    found = {}
    for module in PAGES:
        made = module.dashboard()
        name = str(made.uid).removeprefix("home-")
        found[FOLDER / f"{name}.json"] = json.dumps(made, cls=JSONEncoder, indent=2) + "\n"
    return found


def main() -> int:
    """Write the files, or with --check only tell whether they are in step."""
    wanted = texts()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"dashboards/{path.name} is out of step: run `make docs`")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
