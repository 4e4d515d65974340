"""Waiting for what a process does that has just been started again."""

from tests.support.running import Running


async def listed_again(running: Running, *listings: str) -> None:
    """Let time pass until these listings, the first since the restart, are had and taken."""
    await running.pass_time(61)
    for listing in listings:
        labels = {"endpoint": listing, "outcome": "success"}
        await running.until(lambda page: page.has("home_exporter_requests_total", **labels))  # noqa: B023  # awaited here
