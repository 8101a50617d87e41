"""Opening the database: SQLite in WAL mode by default, PostgreSQL where users outgrow it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry


class DatabaseUnreachable(RuntimeError):
    """The database cannot be opened; the message says which and why, never the password."""


def anchored(url: str, root: Path) -> URL:
    """The database address with a relative SQLite file anchored at `root` (the toml's folder)."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnreachable(
            "database.url is not a database address; for example sqlite:///pricevane.db"
            " or postgresql+psycopg://user@host/name"
        ) from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        parsed = parsed.set(database=str((root / parsed.database).resolve()))
    return parsed


def open_engine(url: str | URL) -> Engine:
    """An engine on an absolute database address; foreign keys on, WAL on SQLite."""
    try:
        engine = create_engine(url)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise DatabaseUnreachable(f"database.url: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def check_reachable(engine: Engine) -> None:
    """Raise DatabaseUnreachable, with the server's own words, unless a connection can be had."""
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        words = str(error.orig).strip().splitlines()
        shown = engine.url.render_as_string(hide_password=True)
        raise DatabaseUnreachable(f"cannot open the database {shown}: {words[0] if words else error}") from error
