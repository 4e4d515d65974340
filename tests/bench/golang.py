"""client_golang serving given series: built from Debian's packages, where they are installed."""

import asyncio
import json
import os
import shutil
from pathlib import Path

from tests.bench.peer import CHANGING, Page

_SOURCE = Path(__file__).parent / "client_golang" / "main.go"
_LIBRARY = Path("/usr/share/gocode")


async def build(folder: Path) -> Path | None:
    """Build the program; None where Go or the library is not installed."""
    go = shutil.which("go")
    if go is None or not (_LIBRARY / "src/github.com/prometheus/client_golang").is_dir():
        return None
    program = folder / "client_golang"
    # Debian's libraries lie in a GOPATH; nothing is fetched.
    places = {"GOPATH": str(_LIBRARY), "GOCACHE": str(folder / "gocache"), "GO111MODULE": "off"}
    building = await asyncio.create_subprocess_exec(
        go, "build", "-o", str(program), str(_SOURCE), env={**os.environ, **places}
    )
    if await building.wait():
        raise RuntimeError("the program with client_golang could not be built")
    return program


def write(page: Page, path: Path) -> None:
    """Write the series as the program reads them."""
    with path.open("w") as file:
        for name, series in page.series.items():
            family = {
                "Name": name,
                "Help": page.helps.get(name, ""),
                "Labels": series[0][0],
                "Series": [values for _, values, _ in series],
                "Values": [value for _, _, value in series],
                "Changing": page.changing() if name == CHANGING else [],
            }
            file.write(json.dumps(family) + "\n")
