"""A small house in a folder, and the command line called in this process as a person would call it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from pricevane.cli import main
from pricevane.config import load
from pricevane.house import open_house
from pricevane.storage.tables import OwnPrice, Product, Site
from tests.house_rows import FILES, GTIN, crawl, offer

BEGAN = datetime.now(UTC).replace(microsecond=0)
PRODUCTS = """sku,name,gtin,category,currency,price,cost
K-1,=1+1 kettle,{gtin},Kitchen,EUR,19.90,8.00
"""


@dataclass(frozen=True)
class Said:
    """What a command said and its exit code."""

    code: int
    out: str
    err: str


class Door:
    """A folder with pricevane.toml and a database, and its command line."""

    def __init__(
        self, folder: Path, template: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder = folder
        self.template = template
        self.toml = folder / "pricevane.toml"
        self.capsys = capsys
        self.monkeypatch = monkeypatch
        shutil.copy(FILES / "pricevane.toml", self.toml)
        monkeypatch.chdir(folder)

    def run(self, *words: str | Path) -> Said:
        """The console script with these words."""
        self.monkeypatch.setattr(sys, "argv", ["pricevane", *map(str, words)])
        self.capsys.readouterr()
        try:
            main()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code
        captured = self.capsys.readouterr()
        return Said(int(code or 0), captured.out, captured.err)

    def refused(self, *words: str | Path, code: int = 1) -> str:
        """The one line that a refused command says."""
        said = self.run(*words)
        assert (said.code, said.out) == (code, "")
        assert "Traceback" not in said.err
        assert len(said.err.splitlines()) == 1, said.err
        return said.err.strip()

    def add(self, toml: str) -> None:
        """More settings."""
        self.toml.write_text(self.toml.read_text("utf-8") + toml, "utf-8")

    @property
    def engine(self) -> Engine:
        """The database, migrated."""
        if not (database := self.folder / "pricevane.db").exists():
            shutil.copy(self.template, database)
        return open_house(load(self.toml, {})).engine

    def stock(self) -> Engine:
        """Own products, one of them, at 19.90 EUR since a month."""
        (self.folder / "products.csv").write_text(PRODUCTS.format(gtin=GTIN), "utf-8")
        engine = self.engine
        assert self.run("import", "products", "products.csv").code == 0
        with engine.begin() as connection:
            connection.execute(update(OwnPrice).values(valid_from=BEGAN - timedelta(days=30)))
        return engine

    def see(self, *prices: str | Any, ago: timedelta = timedelta(hours=1), **changed: Any) -> None:
        """One published crawl of the rival a day, the last one so long ago."""
        with (engine := self.engine).connect() as connection:
            site_id = connection.execute(select(Site.id).where(Site.name == "rival-fr")).scalar_one()
        for days, price in enumerate(reversed(prices)):
            at = BEGAN - timedelta(days=days) - ago
            usual = {"gtin": GTIN, "availability": "in_stock"}
            crawl(engine, site_id, [offer(1, price, at, **usual | changed)], at)

    def decided(self, *prices: str) -> Engine:
        """A house that has matched and proposed after these prices of the rival."""
        engine = self.stock()
        self.see(*prices)
        assert self.run("match").code == 0
        assert self.run("propose").code == 0
        return engine

    def price(self, minor: int) -> None:
        """Our own price changes now."""
        with (engine := self.engine).begin() as connection:
            product_id = connection.execute(select(Product.id)).scalar_one()
            row = {"product_id": product_id, "valid_from": BEGAN, "price_minor": minor, "currency": "EUR"}
            connection.execute(insert(OwnPrice).values({**row, "source": "till"}))
        engine.dispose()


@pytest.fixture
def door(
    tmp_path: Path, sqlite_template: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Door:
    """A house of its own for one test."""
    folder = tmp_path / "house"
    folder.mkdir()
    return Door(folder, sqlite_template, capsys, monkeypatch)
