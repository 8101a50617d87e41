"""A real mail server on loopback with encryption and login, for tests."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "alerts@shop.example", "correct horse"


@dataclass
class Mailbox:
    """What the server took in, and whom it lets log in."""

    login: bool
    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    logged_in: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        self.messages.append(bytes(envelope.original_content or b""))
        self.envelopes.append((str(envelope.mail_from), list(map(str, envelope.rcpt_tos))))
        self.logged_in.append(bool(session.authenticated))
        return "250 taken"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Know everybody but one; serve strangers only where no login is asked for."""
        if self.login and not session.authenticated:
            return "530 log in first"
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"


class _Server(Controller):
    """Takes a free port, which the library's own check of port 0 does not foresee."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, login: LoginPassword) -> AuthResult:
    known = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@contextmanager
def serving(security: str, certificate: Path | None, login: bool = False) -> Iterator[Mailbox]:
    """A mailbox behind a real server: security `none`, `starttls` or `tls`."""
    mailbox, context = Mailbox(login), None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    encryption: dict[str, dict[str, Any]] = {
        "tls": {"ssl_context": context},
        "starttls": {"tls_context": context, "require_starttls": True},
    }
    controller = _Server(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        authenticator=_authenticate,
        auth_require_tls=security == "starttls",
        **encryption.get(security, {}),
    )
    controller.start()
    try:
        mailbox.port = controller.port
        yield mailbox
    finally:
        controller.stop()


def write_certificate(path: Path, names: tuple[str, ...] = ("127.0.0.1",)) -> Path:
    """A self-signed certificate for these addresses with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    start = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(name)) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
