"""A cloud that answers a gate as a test says, and calls through the gate."""

import pytest

from exporter.errors import CloudError, Outcome, RateLimitedError
from exporter.rest import Request
from exporter.sources.gate import Gate, Reply
from tests.care.rig import Call

ACCOUNT = {"vendor": "wally", "account": "wally-1"}
TOO_MANY = RateLimitedError(Outcome.RATE_LIMITED, 429, None)


class Cloud:
    """What the transport answers until the test says otherwise."""

    def __init__(self) -> None:
        self.answer: object = []

    def __call__(self, _: Call) -> object:
        return self.answer


async def call(gate: Gate, endpoint: str = "places", location_id: str = "") -> object:
    request = Request("GET", f"/v2/{endpoint}")
    async with gate:
        return await gate.call(endpoint, request, body_of, location_id=location_id)


def body_of(reply: Reply) -> object:
    return reply.body


async def fails(gate: Gate, outcome: Outcome, endpoint: str = "places") -> None:
    location_id = "flat" if endpoint == "sensors" else ""
    with pytest.raises(CloudError) as caught:
        await call(gate, endpoint, location_id)
    assert caught.value.outcome is outcome
