"""The body of an answer, read within bounds."""

import time

import requests

from exporter.errors import CloudError, Outcome

SIZE_LIMIT = 8 * 1024 * 1024
_CHUNK = 64 * 1024


def read(response: requests.Response, deadline: float) -> bytes:
    """Return the decoded body, read piece by piece so that no slow or huge one gets through."""
    pieces: list[bytes] = []
    size = 0
    while True:
        # read1 returns after one read of the socket; read would wait for a whole chunk.
        piece = response.raw.read1(_CHUNK, decode_content=True)
        if time.monotonic() > deadline:
            raise CloudError(Outcome.TIMEOUT)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > SIZE_LIMIT:
            raise CloudError(Outcome.TOO_LARGE)
