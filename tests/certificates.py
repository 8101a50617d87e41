"""Certificates for the shops of tests, from an authority that only the test's crawl may trust."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """Signs certificates; `path` is where its own one lies, for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _named("authority")
        self.path = folder / "authority.pem"
        builder = _builder(self.name, self.key, (-9, 9), self.name)
        own = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.path.write_bytes(own.sign(self.key, hashes.SHA256()).public_bytes(PEM))

    def context(self, host: str, days: tuple[int, int]) -> ssl.SSLContext:
        """What a server of that name speaks TLS with; its certificate is valid from and to so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = _builder(_named(host), key, days, self.name).add_extension(names, critical=False)
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path = self.folder / "shop.pem"
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(PEM) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: tuple[int, int], issuer: x509.Name
) -> x509.CertificateBuilder:
    begins, ends = (datetime.now(UTC) + timedelta(days=day) for day in days)
    return x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), begins, ends)
