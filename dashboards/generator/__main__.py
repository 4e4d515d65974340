"""Write the dashboards.

Usage: python -m dashboards.generator [--check]
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.generator import climate, devices, energy, exporter, homes, security
from scripts.generated import settle

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
    return settle(texts())


if __name__ == "__main__":
    sys.exit(main())
