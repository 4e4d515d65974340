"""The long soak and its report: `python -m tests.soak [SEED [DAYS [SECONDS]]]`, as `make soak`.

Writes docs/soak.md; ends with 1 where a promise was broken.
"""

import asyncio
import sys
from pathlib import Path

from tests.soak import care, flat
from tests.soak.promises import LIMITS, LOOK, TOLERANCE
from tests.soak.run import ACCOUNTS, Result, soak
from tests.soak.things import HOUR

_REPORT = Path(__file__).parent.parent.parent / "docs" / "soak.md"
_HEAD = """\
# A soak in compressed time

`make soak` wrote this page; run it to have your own numbers. It lets the real exporter (mapping,
store, schedule, budget, exposition, stream supervisor, callback handler) live through {days:g} days
on a virtual clock: three Homely homes at two logins and two WallyHome places, in memory below the
HTTP session and below the Socket.IO client. Everything is drawn from seed {seed}. An oracle that
shares no code with the exporter knows what was delivered, and so what must be counted and what may
be served: the whole page is read each minute, every device at least every three minutes, all
counters each hour and whenever a device goes.
"""


_LEFT_OUT = """\
## What it leaves out

- A change of the alarm that a poll shows before its event comes: `/home` gives the alarm no time,
  so nothing tells that the two are one. The clouds here push an alarm at once.
- An event that 16 later changes of the same state have overtaken: the store remembers no more.
- A callback about a leak that was there when its sensor was first seen, that comes after the one
  of a later leak, or while an earlier leak goes on by all that was told: it may count or not.
- States without a time, and clouds whose `Date` is wrong.
"""


def report(result: Result) -> str:
    """Return the page about one soak."""
    parts = [_HEAD.format(days=result.days, seed=result.seed), *_speed(result), *_met(result)]
    parts += [*_edges(result), *_ages(result), *_calls(result), *_broken(result)]
    return "\n".join([*parts, "", _LEFT_OUT])


def _speed(result: Result) -> list[str]:
    simulated = result.days * 24 * HOUR
    return [
        (
            f"{result.days:g} days took {result.seconds:.0f} s of one core:"
            f" {simulated / result.seconds:,.0f} times as fast as they pass."
        ),
        "",
        "```sh long",
        f"python -m tests.soak {result.seed} {result.days:g}",
        "```",
        "",
    ]


def _met(result: Result) -> list[str]:
    world = result.world
    homely, wally = world.homely.sent, world.wally.sent
    events = ", ".join(f"{count:,} {name}" for name, count in sorted(result.events.items()))
    rows = {
        "successful polls, Homely": world.oracle.polls["homely"],
        "successful polls, Wally": world.oracle.polls["wally"],
        "events that reached the exporter": homely["delivered"],
        "events lost, as no socket was up": homely["lost"],
        "events sent late and out of order": homely["late"],
        "events sent twice": homely["twice"],
        "callbacks answered with success": wally["delivered"],
        "callbacks sent late": wally["late"],
        "callbacks sent twice": wally["twice"],
        "callbacks that the vendor lost": wally["lost"],
        "malformed callbacks and wrong secrets, refused": wally["refused"],
        "gateways that went offline for a time": world.life.offline,
        "devices that a cloud omitted for a time": world.life.removals,
        **dict(sorted(world.troubles.counts.items())),
    }
    return [
        "## What it met",
        "",
        "| | times |",
        "|---|---|",
        *(f"| {name} | {count:,} |" for name, count in rows.items()),
        "",
        f"What became of the events: {events}.",
        "",
    ]


def _edges(result: Result) -> list[str]:
    tally = result.promises.tally
    names = sorted(tally.delivered)
    return [
        "## Every edge that was delivered, counted once",
        "",
        (
            "Delivered is an event on a connected socket, a callback that was answered with"
            " success, a state that differs between two successful polls."
        ),
        "",
        "| edge | delivered | counted |",
        "|---|---|---|",
        *(f"| {name} | {tally.delivered[name]:,} | {tally.counted[name]:,} |" for name in names),
        "",
    ]


def _ages(result: Result) -> list[str]:
    promises = result.promises
    rows = []
    for vendor, (stale, device_stale) in LIMITS.items():
        oldest, heard = promises.oldest[vendor] / HOUR, promises.longest_heard[vendor] / HOUR
        own, cloud = device_stale / HOUR, stale / HOUR
        rows.append(f"| {vendor} | a periodic reading's own time | {oldest:.3f} h | {own:g} h |")
        rows.append(f"| {vendor} | the cloud's last word | {heard:.3f} h | {cloud:g} h |")
    return [
        "## Nothing served for longer than promised",
        "",
        (
            f"{promises.checks:,} pages and {promises.values:,} values were looked at. To be"
            f" quicker, the exporter looks for what has grown old every {LOOK:.0f} s and not each"
            f" second: {TOLERANCE:.0f} s are tolerated."
        ),
        "",
        "| vendor | age of | oldest served | promised |",
        "|---|---|---|---|",
        *rows,
        "",
    ]


def _calls(result: Result) -> list[str]:
    rows = [
        f"| {account} | {result.care.total(account):,} | {result.care.most(account)}"
        f" | {care.budget(account):.0f} | {result.care.longest_silence(account) / HOUR:.1f} h |"
        for account in ACCOUNTS
    ]
    return [
        "## Calls",
        "",
        "| account | calls | most in any hour | budget | longest time without one |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _broken(result: Result) -> list[str]:
    if not result.faults:
        return ["## Promises broken", "", "None."]
    return ["## Promises broken", "", *(f"- {fault}" for fault in result.faults)]


def _flat(found: flat.Flatness, seconds: float) -> list[str]:
    done = ", ".join(f"{count:,} {name}" for name, count in found.done.items())
    return [
        "",
        f"## Flat over real sockets, {seconds:.0f} s",
        "",
        f"The exporter on the simulator, with faults all the time: {done}.",
        "",
        *flat.told(found),
        "",
        "```sh long",
        f"python -m tests.soak.flat {seconds:.0f}",
        "```",
        "",
    ]


def main() -> int:
    """Soak, measure flatness, write the report and tell where it is."""
    given = dict(enumerate(sys.argv[1:]))
    seed, days = int(given.get(0, 1)), float(given.get(1, 30))
    seconds = float(given.get(2, 0))
    result = soak(seed, days)
    text = report(result)
    grown = False
    if seconds:
        found = asyncio.run(flat.measure(seconds, seed))
        grown = bool(flat.grown(found))
        text += "\n".join(_flat(found, seconds))
    _REPORT.write_text(text)
    print(text)
    return int(bool(result.faults) or grown)


if __name__ == "__main__":
    sys.exit(main())
