"""Fuzzing: mutated payloads, events and callbacks, each followed by a look at the whole page.

python -m tests.fuzz.run [COUNT [SEED]]
"""

import io
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from exporter.errors import CloudError
from exporter.jsontext import parse_json
from exporter.logs import Log, _Json, _Logfmt
from exporter.model import LocationRef, Snapshot
from exporter.sources.findings import Findings
from exporter.sources.homely.mapping import map_event, map_home, map_locations
from exporter.sources.wally.config import ThresholdUnit
from exporter.sources.wally.mapping import map_callback, map_places, map_sensors
from tests.fuzz.families import Look
from tests.fuzz.wounds import MARKERS, body, plant, wound
from tests.mapping.full import full_home, full_places, full_sensors
from tests.mapping.payloads import activity, alarm_event, device_event, entry
from tests.mapping.test_any_payload import LISTING
from tests.store.bench import Bench, HomelyBench, WallyBench

_HOME, _SENSORS = full_home(), full_sensors()
_STATES: list[tuple[str, str, Any]] = [
    ("dev-motion", "alarm.alarm", True),
    ("dev-window", "alarm.tamper", True),
    ("dev-smoke", "alarm.fire", True),
    ("dev-flood", "alarm.flood", False),
    ("dev-flood", "temperature.temperature", 21.5),
    ("dev-meter", "metering.demand", 240),
    ("dev-meter", "metering.summationdelivered", 800_000),
    ("dev-floor", "thermostat.mf409", 55_546),
    ("dev-lock", "lock.state", False),
    ("dev-lock", "report.added", "PIN 4711-planted of Kari Planted-Eksempel"),
    ("dev-sauna", "sauna.heat", 3),
]
#: So many payloads meet one store before there is a fresh one.
_LIFE = 20


@dataclass(slots=True)
class Fuzzer:
    """Throws payloads at the mappings and the store; raises AssertionError at the first fault."""

    seed: int
    log: io.StringIO
    counts: Counter[str] = field(default_factory=Counter)
    look: Look = field(default_factory=Look)
    dice: random.Random = field(init=False)
    homely: HomelyBench = field(init=False)
    wally: WallyBench = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  # a run that repeats is the point
        self._renew()

    def run(self, count: int, tell: Callable[[int], None] = lambda _: None) -> None:
        """Throw so many payloads."""
        throws = (self._home, self._home, self._event, self._event, self._sensors, self._callback)
        others = (self._locations, self._places)
        for number in range(count):
            if number % _LIFE == 0:
                self._renew()
            throw = self.dice.choice(others if self.dice.random() < 0.05 else throws)
            try:
                bench = throw()
            except Exception as error:
                error.add_note(f"payload number {number} of seed {self.seed}: {throw.__name__}")
                raise
            self._check(bench, f"payload number {number} of seed {self.seed}")
            tell(number + 1)

    def _renew(self) -> None:
        """Begin with fresh stores that know both homes."""
        self.homely, self.wally = HomelyBench(), WallyBench()
        for bench in (self.homely, self.wally):
            bench.findings = Findings(bench._count, Log("mapping", vendor=bench.key[0]))
        self.homely.poll(*self.dice.sample(_HOME["devices"], 2))
        self.wally.poll(*self.dice.sample(_SENSORS, 2))

    def _check(self, bench: Bench, which: str) -> None:
        bench.pass_time(self.dice.choice((0.0, 1.0, 700.0)))
        page = bench.text()
        try:
            self.look.check(page, bench.text(openmetrics=True))
        except (AssertionError, ValueError) as error:
            error.add_note(which)
            raise
        written = page + self.log.getvalue()
        for marker in MARKERS:
            assert marker not in written, f"{marker} came out: {which}"
        self.log.seek(0)
        self.log.truncate()

    def _throw(self, kind: str, good: Any) -> Any:
        """Return a wounded payload as it comes out of the parser, None where it does not."""
        payload = wound(good, self.dice)
        plant(payload, self.dice)
        self.counts[kind] += 1
        try:
            return parse_json(body(payload, self.dice))
        except ValueError:
            self.counts["no JSON"] += 1
            return None

    # --- Homely

    def _home(self) -> Bench:
        devices = self.dice.sample(_HOME["devices"], self.dice.randrange(1, 4))
        payload = self._throw("homes", {**_HOME, "devices": devices})
        with self._refusals():
            self.homely.take(map_home(payload, self.homely.reader()))
        return self.homely

    def _event(self) -> Bench:
        known = [one for one in _STATES if self.homely.info_of(one[0]) is not None]
        device_id, source, value = self.dice.choice((known or _STATES) + _STATES[:1])
        good = device_event(entry(source, value, self.homely.now), deviceId=device_id)
        if self.dice.random() < 0.2:
            good = alarm_event(self.dice.choice(("ARMED_AWAY", "BREACHED")))
        payload = self._throw("events", good)
        event = map_event(payload, self.homely.reader(), self.homely.info_of)
        if event is not None and event.change is not None:
            self.homely.store.push(self.homely.key, event.change)
        self.counts["events without effect"] += event is None or event.change is None
        return self.homely

    def _locations(self) -> Bench:
        payload = self._throw("listings", LISTING)
        with self._refusals():
            for ref in map_locations(payload, self.homely.reader()):
                self._describe(self.homely, ref)
        return self.homely

    # --- Wally

    def _sensors(self) -> Bench:
        sensors = self.dice.sample(_SENSORS, self.dice.randrange(1, 4))
        payload = self._throw("sensors", sensors)
        unit = self.dice.choice(list(ThresholdUnit))
        with self._refusals():
            devices = map_sensors(payload, self.wally.reader(), unit)
            self.wally.take(Snapshot("Cabin Eksempel", "", devices))
        return self.wally

    def _callback(self) -> Bench:
        kind = self.dice.choice(("alarm", "alarm", "mold_risk", "dead_sensor", "new"))
        state = self.dice.choice(("open", "acknowledged", "resolved"))
        snid = self.dice.choice(("sn-water", "sn-four", "sn-new"))
        good: Any = activity(kind, state, self.wally.ago(self.dice.choice((0, 60))), snid=snid)
        payload = self._throw("callbacks", self.dice.choice((good, [good, good])))
        changes, malformed = map_callback(payload, self.wally.reader())
        assert len(changes) + malformed == (len(payload) if isinstance(payload, list) else 1)
        self.counts["callbacks without effect"] += not changes
        for change in changes:
            self.wally.store.push_activity(("wally", "account-1"), [self.wally.key], change)
        return self.wally

    def _places(self) -> Bench:
        payload = self._throw("listings", full_places())
        with self._refusals():
            for place in map_places(payload, self.wally.reader()):
                self._describe(self.wally, place.ref)
        return self.wally

    def _describe(self, bench: Bench, ref: LocationRef) -> None:
        if (bench.key[0], ref.id) not in bench.store.locations:
            bench.add(ref.id, bench.store.locations[bench.key].policy)
        bench.store.describe((bench.key[0], ref.id), ref)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except CloudError:
            self.counts["refused bodies"] += 1


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Collect what is logged, in both forms and at every level."""
    written = io.StringIO()
    logger = logging.getLogger("exporter")
    level, handlers = logger.level, []
    for form in (_Json(), _Logfmt()):
        handlers.append(logging.StreamHandler(written))
        handlers[-1].setFormatter(form)
        logger.addHandler(handlers[-1])
    logger.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)


def main() -> None:
    """Fuzz as the command line says, and tell the counts."""
    given = dict(enumerate(map(int, sys.argv[1:])))
    count, seed = given.get(0, 100_000), given.get(1, 1)
    began = time.perf_counter()

    def tell(done: int) -> None:
        if done % 10_000 == 0:
            print(f"{done} payloads, {time.perf_counter() - began:.0f} s", flush=True)

    with logged() as log:
        fuzzer = Fuzzer(seed, log)
        fuzzer.run(count, tell)
    counts = ", ".join(f"{number} {kind}" for kind, number in sorted(fuzzer.counts.items()))
    print(
        f"seed {seed}: {count} payloads and pages in both formats, no fault ({counts});"
        f" {fuzzer.look.families} families were read by both parsers"
    )


if __name__ == "__main__":
    main()
