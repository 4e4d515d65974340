"""GET /: a plain page that lists the locations and links."""

from html import escape

from aiohttp import web

from exporter import __version__
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

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def handle(self, _: web.Request) -> web.Response:
        """Answer with what is held now."""
        text = _HEAD.format(version=escape(__version__)) + self._table()
        headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    def _table(self) -> str:
        if not self._store.locations:
            return "<p>No location is known yet.</p>\n"
        rows = "".join(self._rows())
        return (
            "<table><caption>Locations</caption>\n"
            "<tr><th>Location<th>Vendor<th>Account<th>Devices<th>Alarm<th>Data</tr>\n"
            f"{rows}</table>\n"
        )

    def _rows(self) -> list[str]:
        now = self._clock.monotonic()
        return [
            "<tr>"
            + "".join(
                f"<td>{escape(cell)}"
                for cell in (
                    location.name or location.key[1],
                    location.key[0],
                    location.account,
                    str(len(location.devices)),
                    (location.alarm.state or "") if alarm_is_fresh(location, now) else "",
                    "fresh" if is_up(location, now) else "stale",
                )
            )
            + "</tr>\n"
            for location in self._store.locations.values()
        ]
