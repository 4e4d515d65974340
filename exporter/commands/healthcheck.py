"""`home-exporter healthcheck`: whether the exporter on this machine answers; no cloud is asked."""

import asyncio
import socket
import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPResponse

from exporter.address import parse_address
from exporter.commands.codes import Code

_PATIENCE = 5.0
_ANY = {None: None, "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # asked, not bound
# 401 too: who asks for a password is alive, and a health check should need no secret.
_ALIVE = (200, 401)


async def healthcheck(address: str) -> Code:
    """Ask what listens on an address for /-/healthy; tell why not, on standard error."""
    host, port = parse_address(address)
    try:
        async with asyncio.timeout(_PATIENCE):
            reason = await asyncio.to_thread(_ask, _ANY.get(host, host), port)
    except TimeoutError:
        reason = f"no answer within {_PATIENCE:.0f} s"
    except (ssl.SSLError, HTTPException):
        reason = "the answer is neither HTTP nor TLS"
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "the address cannot be reached"
    if reason is None:
        return Code.OK
    print(f"home-exporter: {address}: {reason}", file=sys.stderr)  # noqa: T201  # for who looks
    return Code.FAILED


def _ask(host: str | None, port: int) -> str | None:
    """Return what is wrong with the answer, None for a good one."""
    try:
        return _verdict(host, port, None)
    except (HTTPException, ConnectionError):
        # It may speak TLS. Whose certificate that is does not matter: no secret is sent.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return _verdict(host, port, context)


def _verdict(host: str | None, port: int, tls: ssl.SSLContext | None) -> str | None:
    # Without a host: the loopback addresses of either family, whichever answers.
    with socket.create_connection((host, port), _PATIENCE) as plain:
        connection = HTTPConnection(host or "localhost", port)
        connection.sock = plain if tls is None else tls.wrap_socket(plain)
        with connection.sock:
            connection.request("GET", "/-/healthy")
            return _judge(connection.getresponse())


def _judge(answer: HTTPResponse) -> str | None:
    if answer.headers["Server"] != "home-exporter":
        return "something else listens there"
    return None if answer.status in _ALIVE else f"it answers {answer.status}"
