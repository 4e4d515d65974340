"""The rules as Prometheus and Alertmanager take them: their own checks, and the unit tests."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.document_alerts import RULES
from scripts.generated import ROOT

CASES = sorted(Path(__file__).parent.glob("*_test.yml"))
FLEET = ROOT / "deploy/kubernetes/fleet/rules"
ROUTES = ROOT / "deploy/alertmanager/alertmanager.yml"


def tool(*command: str | Path) -> str:
    binary = shutil.which(str(command[0]))
    if binary is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [binary, *map(str, command[1:])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_and_the_configuration_are_taken() -> None:
    tool("promtool", "check", "rules", "--lint-fatal", *sorted(RULES.glob("*.yml")))
    tool("promtool", "check", "rules", "--lint-fatal", *sorted(FLEET.glob("*.yml")))
    tool("promtool", "check", "config", "--lint-fatal", RULES.parent / "prometheus.yml")
    tool("amtool", "check-config", ROUTES)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_rules_do_what_their_unit_tests_say(case: Path) -> None:
    tool("promtool", "test", "rules", case)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_unit_test_holds_on_every_version(case: Path) -> None:
    text = case.read_text()
    assert "fuzzy_compare" not in text  # unknown to 2.42
    for expression in re.findall(r"expr: '(.*)'", text):
        # How many samples a range holds differs: what depends on it is rounded.
        if re.search(
            r"\b(rate|increase|irate|per_hour|clock_hour|account_up:per_day)\b", expression
        ):
            assert "round(" in expression or "[]" in text.split(expression, 1)[1][:80], expression


@pytest.mark.parametrize(
    ("receiver", "labels"),
    [
        ("critical", "alertname=HomeWaterLeak severity=critical vendor=homely location_id=1"),
        ("critical", "alertname=HomeExporterDown severity=critical"),
        ("rest", "alertname=HomeBatteryLow severity=warning vendor=homely location_id=1"),
        ("rest", "alertname=HomeWeakLink severity=info vendor=homely location_id=1"),
        ("watchdog", "alertname=HomeWatchdog severity=info"),
    ],
)
def test_an_alert_goes_where_it_should(receiver: str, labels: str) -> None:
    route = ("config", "routes", "test", f"--config.file={ROUTES}")
    tool("amtool", *route, f"--verify.receivers={receiver}", *labels.split())
