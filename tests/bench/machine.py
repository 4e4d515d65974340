"""Where the measuring was done, and with what."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

_OURS = ("aiohttp", "prometheus-client", "python-socketio")
_DEBIAN = ("golang", "golang-github-prometheus-client-golang-dev", "mosquitto")
_NONE = "not installed"


def describe(mqtt_python: Path) -> dict[str, str]:
    """Return what a reader needs to know of the machine."""
    load = os.getloadavg()[0]
    return {
        "CPU": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "load before the start": f"{load:.2f}",
        "Python": platform.python_version(),
        **{name: version(name) for name in _OURS},
        **{name: _debian(name) for name in _DEBIAN},
        "mqtt-exporter": _mqtt_exporter(mqtt_python),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _debian(package: str) -> str:
    if shutil.which("dpkg-query") is None:
        return _NONE
    return _said("dpkg-query", "--show", "--showformat=${Version}", package)


def _mqtt_exporter(python: Path) -> str:
    if not python.exists():
        return _NONE
    code = (
        "from importlib.metadata import version as v;"
        "print(v('mqtt-exporter'), 'with prometheus-client', v('prometheus-client'))"
    )
    return _said(str(python), "-c", code)


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else _NONE
