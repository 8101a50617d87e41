"""What every job works on: the configuration and the open database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from pricevane.config import Config
from pricevane.storage.engine import anchored, check_reachable, open_engine
from pricevane.storage.migrate import is_current, upgrade
from pricevane.storage.sync import sync


@dataclass(frozen=True, slots=True)
class House:
    """The configuration and the database that it names; every job takes one."""

    config: Config
    engine: Engine


def open_house(config: Config) -> House:
    """Open the database, bring it up to date and make its rows say what the toml says."""
    engine = open_engine(anchored(config.database.url, config.root))
    check_reachable(engine)
    if not is_current(engine):
        upgrade(engine)
    with engine.begin() as connection:
        sync(connection, config)
    return House(config, engine)
