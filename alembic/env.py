"""Alembic's door to the database: which one, and how differences are rendered."""

from __future__ import annotations

import os
from pathlib import Path

from alembic import context
from sqlalchemy import URL, Connection

from pricevane import config
from pricevane.storage.engine import anchored, open_engine
from pricevane.storage.migrate import OPTIONS, migrating
from pricevane.storage.tables import METADATA


def address() -> URL:
    """The database: `-x url=…`, else PRICEVANE_DATABASE_URL, else pricevane.toml."""
    named = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("PRICEVANE_DATABASE_URL")
    if named:
        return anchored(named, Path.cwd())
    settings = config.load()
    return anchored(settings.database.url, settings.root)


def run(connection: Connection) -> None:
    """Run the wanted migrations on an open connection."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=sqlite, **OPTIONS)
    context.run_migrations()


def print_sql() -> None:
    """Write the statements out instead of running them (`alembic upgrade head --sql`)."""
    context.configure(
        url=address().render_as_string(hide_password=False),
        target_metadata=METADATA,
        literal_binds=True,
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
elif given := context.config.attributes.get("connection"):
    run(given)
else:
    with migrating(open_engine(address())) as own:
        run(own)
