"""GET /: a plain page that lists the locations and links."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from aiohttp import web

from exporter import __version__
from exporter.accounts import Account
from exporter.clock import Clock
from exporter.store import Store
from exporter.store.freshness import alarm_is_fresh, is_up

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>home-exporter</title>
<h1>home-exporter</h1>
<p>Version {version}. <a href="/metrics">Metrics</a>, <a href="/-/healthy">health</a>,
<a href="/-/ready">readiness</a>.</p>
"""


class PageHandler:
    """Serves the page."""

    def __init__(
        self, store: Store, accounts: Callable[[], Sequence[Account]], clock: Clock
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock

    async def handle(self, _: web.Request) -> web.Response:
        """Answer with what is held now."""
        text = _HEAD.format(version=escape(__version__)) + self._account_table() + self._table()
        headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    def _account_table(self) -> str:
        rows = "".join(_row(self._account_cells(account)) for account in self._accounts())
        return (
            "<table><caption>Accounts</caption>\n"
            "<tr><th>Account<th>Vendor<th>State<th>Next call<th>Calls left<th>Locations</tr>\n"
            f"{rows}</table>\n"
        )

    def _account_cells(self, account: Account) -> Iterable[str]:
        status = account.status()
        until = "" if status.until is None else f"not before {_moment(status.until)}"
        yield from (account.name, account.vendor, status.state, until)
        yield from (f"{status.budget:.0f}", str(status.locations))

    def _table(self) -> str:
        if not self._store.locations:
            return "<p>No location is known yet.</p>\n"
        rows = "".join(self._rows())
        return (
            "<table><caption>Locations</caption>\n"
            "<tr><th>Location<th>Vendor<th>Account<th>Devices<th>Alarm<th>Data<th>Socket"
            "<th>Next poll</tr>\n"
            f"{rows}</table>\n"
        )

    def _rows(self) -> list[str]:
        now = self._clock.monotonic()
        return [
            _row(
                (
                    location.name or location.key[1],
                    location.key[0],
                    location.account,
                    str(len(location.devices)),
                    (location.alarm.state or "") if alarm_is_fresh(location, now) else "",
                    "fresh" if is_up(location, now) else "stale",
                    _stream(location.stream_connected),
                    "" if location.next_poll_at is None else _moment(location.next_poll_at),
                )
            )
            for location in self._store.locations.values()
        ]


def _row(cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "</tr>\n"


def _stream(connected: bool | None) -> str:  # noqa: FBT001  # a state of three values
    return {True: "connected", False: "disconnected", None: ""}[connected]


def _moment(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d %H:%M:%S} UTC"
