"""TLS of a cloud: its own certificate, or that of another host while the fault is on."""

import ssl
from collections.abc import Callable

from exporter.simulator.faults import HANDSHAKE_KINDS, FaultBook

#: Makes the server's side of TLS with a certificate for a host; whoever runs the simulator has
#: the authority that signs it.
Certify = Callable[[str], ssl.SSLContext]
_STRANGER = "elsewhere.example"


def tls_context(vendor: str, host: str, certify: Certify, faults: FaultBook) -> ssl.SSLContext:
    """Return the TLS of a vendor's cloud, which looks into the book at each handshake."""
    own, stranger = certify(host), certify(_STRANGER)

    def choose(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        if faults.take(vendor, "handshake", "", "", HANDSHAKE_KINDS):
            connection.context = stranger

    # OpenSSL asks this for addresses too, for which clients send no name.
    own.sni_callback = choose
    return own
