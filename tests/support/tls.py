"""An authority of the tests' own, for servers on loopback."""

import ssl
from pathlib import Path

import trustme

from exporter.simulator.tls import Certify


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def certify(authority: trustme.CA, folder: Path) -> None:
    """Write a new certificate for 127.0.0.1 and its key: `cert.pem` and `key.pem`."""
    leaf = authority.issue_cert("127.0.0.1")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))


def certifier(authority: trustme.CA) -> Certify:
    """Return what makes the server's side of TLS for a host."""
    return lambda host: server_context(authority.issue_cert(host))
