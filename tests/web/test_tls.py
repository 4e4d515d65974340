"""What a client of TLS can agree on with the exporter."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from exporter.app import App
from exporter.config.web import load_web
from tests.support.tls import certify
from tests.web.conftest import Serve, write

TLS11, TLS12, TLS13 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


async def agreed(app: App, highest: ssl.TLSVersion) -> tuple[str, str]:
    """Return the version and the protocol that a client gets, "" twice if it is turned away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # An old client is as careless as its version.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = highest
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", app.server.port, ssl=context)
    except (ssl.SSLError, ConnectionError):
        return "", ""
    tls = writer.get_extra_info("ssl_object")
    writer.close()
    return tls.version(), tls.selected_alpn_protocol()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
@pytest.mark.parametrize(
    ("lowest", "versions"),
    [(None, ["", "TLSv1.2", "TLSv1.3"]), ("TLS13", ["", "", "TLSv1.3"])],
)
async def test_tls_begins_at_1_2_and_can_begin_later(
    serve: Serve, tmp_path: Path, authority: trustme.CA, lowest: str | None, versions: list[str]
) -> None:
    certify(authority, tmp_path)
    path = write(tmp_path, tls=True)
    if lowest is not None:
        path.write_text(f"{path.read_text()}  min_version: {lowest}\n")
    app = await serve()
    found = [await agreed(app, highest) for highest in (TLS11, TLS12, TLS13)]
    assert [version for version, _ in found] == versions
    assert {protocol for _, protocol in found} == {"", "http/1.1"}


def test_nobody_may_have_keys_agreed_on_again_and_again(
    tmp_path: Path, authority: trustme.CA
) -> None:
    certify(authority, tmp_path)
    tls = load_web(write(tmp_path, tls=True)).tls
    assert tls is not None
    assert tls.options & ssl.OP_NO_RENEGOTIATION
