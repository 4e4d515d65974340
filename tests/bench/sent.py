"""The least that serving a page can cost: bytes made beforehand. `python -m tests.bench.sent PAGE`.

aiohttp sends the page as the exporter's server does, and nothing is rendered or compressed.
"""

import asyncio
import gzip
import json
import sys
from pathlib import Path

from aiohttp import web

_TEXT = "text/plain; version=0.0.4"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0"


async def main(page: bytes) -> None:
    """Serve until standard input ends; a change changes nothing."""
    packed = gzip.compress(page, 1)

    async def handle(request: web.Request) -> web.Response:
        kind = _OPENMETRICS if "openmetrics" in request.headers["Accept"] else _TEXT
        headers = {"Content-Type": kind}
        if request.headers["Accept-Encoding"] == "gzip":
            return web.Response(body=packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=page, headers=headers)

    app = web.Application()
    app.router.add_get("/metrics", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    loop, wishes = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)
    while await wishes.readline():
        print(json.dumps({}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
