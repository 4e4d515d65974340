"""Wally's callbacks: activities posted to the addresses an account has registered."""

from dataclasses import dataclass, field
from typing import Any

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(slots=True)
class Delivery:
    """How callbacks are delivered: how often each, swapped in pairs, or inside an array."""

    copies: int = 1
    out_of_order: bool = False
    as_array: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """One POST and its answer; the status is None when nobody answered."""

    url: str
    activity: dict[str, Any]
    status: int | None


@dataclass(slots=True)
class CallbackSender:
    """Post activities and remember what came of it."""

    delivery: Delivery = field(default_factory=Delivery)
    receipts: list[Receipt] = field(default_factory=list)
    _held: list[tuple[list[str], dict[str, Any]]] = field(default_factory=list)

    async def send(self, urls: list[str], activity: dict[str, Any]) -> list[Receipt]:
        """Post an activity, or hold it back until the next one when out of order."""
        if self.delivery.out_of_order and not self._held:
            self._held.append((list(urls), activity))
            return []
        return [*await self._post_all(urls, activity), *await self.flush()]

    async def flush(self) -> list[Receipt]:
        """Post what is held back."""
        held, self._held = self._held, []
        return [receipt for urls, old in held for receipt in await self._post_all(urls, old)]

    async def _post_all(self, urls: list[str], activity: dict[str, Any]) -> list[Receipt]:
        if not urls:
            return []
        body = [activity] if self.delivery.as_array else activity
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            made = [
                Receipt(url, activity, await _post(session, url, body))
                for url in urls
                for _ in range(self.delivery.copies)
            ]
        self.receipts += made
        return made


async def _post(session: aiohttp.ClientSession, url: str, body: Any) -> int | None:
    try:
        async with session.post(url, json=body, allow_redirects=False) as answer:
            return answer.status
    except (TimeoutError, aiohttp.ClientError):
        return None
