"""The outbox: mails as rows, so that a mail is lost or sent twice by no crash between the two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from pricevane.storage.history import AnyRow, upsert
from pricevane.storage.tables import Alert


def add_alert(connection: Connection, key: str, recipient: str, subject: str, message: str, at: datetime) -> None:
    """Keep a composed mail (RFC 5322 text) for sending; the same key a second time adds nothing."""
    connection.execute(
        upsert(connection, Alert)
        .values(key=key, recipient=recipient, subject=subject, message=message, made_at=at)
        .on_conflict_do_nothing(index_elements=["key"])
    )


def is_told(connection: Connection, key: str) -> bool:
    """Whether a mail with this key is in the outbox already, sent or not."""
    return connection.execute(select(Alert.id).where(Alert.key == key)).first() is not None


def pending(connection: Connection) -> Sequence[AnyRow]:
    """Mails not sent yet, oldest first: id, key, recipient, subject, message, made_at."""
    return connection.execute(
        select(Alert.id, Alert.key, Alert.recipient, Alert.subject, Alert.message, Alert.made_at)
        .where(Alert.state != "sent")
        .order_by(Alert.id)
    ).all()


def sent(connection: Connection, alert_id: int, at: datetime) -> None:
    """Note that a mail left."""
    _tried(connection, alert_id, state="sent", sent_at=at, error="")


def failed(connection: Connection, alert_id: int, error: str) -> None:
    """Note that a mail did not leave, and why; it is tried again the next time."""
    _tried(connection, alert_id, state="failed", error=error)


def _tried(connection: Connection, alert_id: int, **values: object) -> None:
    connection.execute(update(Alert).where(Alert.id == alert_id).values(attempts=Alert.attempts + 1, **values))
