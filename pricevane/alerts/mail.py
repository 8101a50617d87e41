"""Mails: put together, written to the outbox always, and sent by SMTP where a host is set."""

from __future__ import annotations

import hashlib
import os
import re
import smtplib
import ssl
from base64 import b64encode
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from pricevane.alerts.digest import Rendered
from pricevane.config import Mail
from pricevane.visit import is_loopback

TIMEOUT_S = 30.0


class OutboxUnwritable(RuntimeError):
    """The mail could not be written as a file."""


class MailRefused(RuntimeError):
    """The mail server, or our own rule on encryption, did not let the mail out; the file is in the outbox."""


def compose(rendered: Rendered, sender: str, recipient: str, made_at: datetime, key: str) -> EmailMessage:
    """Plain text first, then HTML with its pictures inline; the same key gives the same Message-ID.

    Raises MailRefused if sender or recipient is not exactly one address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sender)
    message["To"] = _address(recipient)
    message["Subject"] = rendered.subject
    message["Date"] = made_at
    message["Message-ID"] = f"<{_digest_of(key)}@{_address(sender).domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    *_, html = message.iter_parts()
    for cid, png in rendered.pictures.items():
        name = cid.partition("@")[0] + ".png"
        html.add_related(png, "image", "png", cid=f"<{cid}>", disposition="inline", filename=name)
    return message


def deliver(message: EmailMessage | bytes, mail: Mail, root: Path, key: str, made_at: datetime) -> str:
    """Write the .eml and send the same bytes if `mail.host` is set; says where it went. `root` anchors the outbox.

    A repeated key overwrites its own file. Raises OutboxUnwritable, or MailRefused after the file was written.
    """
    raw = message if isinstance(message, bytes) else message.as_bytes()
    path = _store(raw, root / mail.outbox, _file_name(key, made_at))
    if not mail.host:
        return str(path)
    try:
        _send(raw, mail)
    except (smtplib.SMTPException, OSError) as error:
        raise MailRefused(f"{mail.host}:{mail.port} did not take the mail ({error}); it is kept as {path}") from error
    return f"{path} and {mail.host}:{mail.port}"


def as_page(message: EmailMessage | bytes) -> str:
    """The mail's HTML with its pictures inside, for browsers, which cannot open cid: addresses."""
    parsed = _parse(message if isinstance(message, bytes) else message.as_bytes())
    body = parsed.get_body(("html",))
    if body is None:
        raise ValueError("the mail has no HTML part")
    page: str = body.get_content()
    for part in parsed.walk():
        if cid := str(part["Content-ID"] or "").strip("<>"):
            picture = b64encode(part.get_content()).decode()
            page = page.replace(f'src="cid:{cid}"', f'src="data:{part.get_content_type()};base64,{picture}"')
    return page


def _parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, EmailMessage, policy=SMTP)


def _address(text: str) -> Address:
    try:
        address = Address(addr_spec=text) if text.isascii() else Address()
    except (MessageError, ValueError, IndexError):
        address = Address()
    if not address.username or not address.domain:
        raise MailRefused(f"{text!r} is not one plain mail address; set it under [mail] or [[categories]]")
    return address


def _digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _file_name(key: str, made_at: datetime) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", key.lower())[:60].strip("-") or "mail"
    return f"{made_at:%Y-%m-%d}-{readable}-{_digest_of(key)[:8]}.eml"


def _store(raw: bytes, folder: Path, name: str) -> Path:
    """Written beside its place and renamed, so that no reader ever sees half a mail."""
    path, partial = folder / name, folder / f".{name}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise OutboxUnwritable(f"{path} cannot be written ({error}); check mail.outbox and its rights") from error
    return path


def _send(raw: bytes, mail: Mail) -> None:
    if mail.security == "none" and not is_loopback(mail.host):
        raise MailRefused(
            f"mail.security is none, but {mail.host} is not this machine; set it to starttls or tls (nothing was sent)"
        )
    parsed = _parse(raw)
    with _connection(mail) as server:
        if mail.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if mail.user:
            server.login(mail.user, mail.password.get_secret_value())
        server.sendmail(parsed["From"].addresses[0].addr_spec, parsed["To"].addresses[0].addr_spec, raw)


def _connection(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
