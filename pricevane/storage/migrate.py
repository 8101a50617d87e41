"""The database's shape: bringing it up to date, and telling where it differs from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from pricevane.storage.base import UtcDateTime
from pricevane.storage.tables import METADATA

ROOT = Path(__file__).parents[2]
# One migration at a time, and all of it or nothing: the second waits and finds the work done.
LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7423)"}


def render(kind: str, thing: Any, _: AutogenContext) -> str | Literal[False]:
    """Our own column type as SQLAlchemy's, so that a migration never imports the product."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcDateTime) else False


OPTIONS: dict[str, Any] = {"compare_type": True, "render_item": render, "transactional_ddl": True}


def settings() -> Config:
    """Alembic's settings from pyproject.toml beside the package, wherever the program is started."""
    return Config(toml_file=ROOT / "pyproject.toml")


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the migration lock; committed at the end, rolled back on an error.

    SQLite rebuilds a table to change it, and would take the rows that point at it along: foreign
    keys are off meanwhile, as SQLite's own instructions for ALTER TABLE ask.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(LOCKS[engine.dialect.name])
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, creating what is missing; nothing happens the second time."""
    _run(engine, command.upgrade, revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to `revision`; `base` drops every table with all that is in it."""
    _run(engine, command.downgrade, revision)


def _run(engine: Engine, step: Any, revision: str) -> None:
    config = settings()
    with migrating(engine) as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def head() -> str:
    """The revision that this version of the program wants."""
    return ScriptDirectory.from_config(settings()).get_current_head() or ""


def current(engine: Engine) -> str:
    """The revision the database is at; empty for a database that was never set up."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def is_current(engine: Engine) -> bool:
    """Whether the database is at the revision this version of the program wants."""
    return current(engine) == head()


def check(engine: Engine) -> list[str]:
    """What the database has otherwise than the tables, one line each; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        return [str(difference) for difference in compare_metadata(context, METADATA)]
