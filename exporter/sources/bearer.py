"""One call of an account whose `token` is fixed: sent with it, and what a refusal of it means."""

from collections.abc import Callable
from typing import TypeVar

from exporter.config import AccountConfig
from exporter.errors import CloudError, Outcome
from exporter.rest import Bearer, Request
from exporter.sources.gate import Gate, Reply

_T = TypeVar("_T")


async def get(
    gate: Gate,
    config: AccountConfig,
    endpoint: str,
    path: str,
    read: Callable[[Reply], _T],
    location_id: str = "",
) -> _T:
    """Return what `read` makes of the answer; raises as `Gate.call` does, AuthError for a refusal.

    With a `location_id`, 403 is about that location, and the token is not doubted.
    """
    request = Request("GET", path, Bearer(config.secret("token").reveal()))
    async with gate:
        try:
            found = await gate.call(endpoint, request, read, location_id=location_id)
        except CloudError as error:
            is_forbidden = error.outcome is Outcome.FORBIDDEN and not location_id
            if is_forbidden or error.outcome is Outcome.UNAUTHORIZED:
                raise await gate.refuse(error, location_id) from None
            raise
        gate.accept()
        return found
