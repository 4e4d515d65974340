"""The exporter as it is, that notes when each pushed change stood in its page.

`python -m tests.bench.noted FILE [FLAGS OF THE EXPORTER]`. A scrape that begins after the store's
`push` has returned shows the change. At the end the moments are written, by the value pushed.
"""

import json
import sys
import time
from pathlib import Path
from unittest import mock

from exporter import cli
from exporter.model import Applied, Change, DeviceChange, LocationKey
from exporter.store import Store


def main() -> int:
    """Run the exporter's own command line."""
    arrivals: list[tuple[object, float]] = []
    push = Store.push

    def noted(store: Store, key: LocationKey, change: Change) -> Applied:
        applied = push(store, key, change)
        if isinstance(change, DeviceChange):
            arrivals.append((change.readings[0][1].value, time.monotonic()))
        return applied

    with mock.patch.object(Store, "push", noted):
        code = cli.run(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(arrivals))
    return code


if __name__ == "__main__":
    sys.exit(main())
