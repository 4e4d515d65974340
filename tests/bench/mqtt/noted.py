"""mqtt-exporter as it is, that notes when each message stood in its page: `python noted.py FILE`.

At the end the moments are written, by the value of each message that has only one.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from mqtt_exporter import main as exporter


def run(path: Path) -> None:
    """Run it until told to end."""
    arrivals: list[tuple[bytes, float]] = []
    expose = exporter.expose_metrics

    def noted(client: Any, userdata: Any, message: Any) -> None:
        expose(client, userdata, message)
        arrivals.append((message.payload, time.monotonic()))

    exporter.expose_metrics = noted
    try:
        exporter.run()
    finally:
        values = [(list(json.loads(payload).values()), moment) for payload, moment in arrivals]
        path.write_text(json.dumps([(one[0], at) for one, at in values if len(one) == 1]))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
