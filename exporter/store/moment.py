"""One instant on both clocks."""

from typing import NamedTuple


class Moment(NamedTuple):
    """When something was heard: on our clock that never jumps, and on the vendor's."""

    monotonic: float
    vendor: float
