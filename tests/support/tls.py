"""An authority of the tests' own, for servers on loopback."""

import ssl

import trustme

from exporter.simulator.tls import Certify


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def certifier(authority: trustme.CA) -> Certify:
    """Return what makes the server's side of TLS for a host."""
    return lambda host: server_context(authority.issue_cert(host))
