"""Print pip constraints that pin what pyproject.toml needs to the lowest version it allows."""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:>=|==)(?P<lowest>[\w.]+)")


def constraints(text: str) -> list[str]:
    """Return a line for each requirement, of those that the product and its tests have."""
    project = tomllib.loads(text)
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    found = [_REQUIREMENT.match(requirement) for requirement in wanted]
    return [f"{match['name']}=={match['lowest']}" for match in found if match]


def main() -> int:
    """Print the constraints."""
    print("\n".join(constraints(PROJECT.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
