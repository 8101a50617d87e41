"""Every command that README.md shows is run, in its order, against a shop of the simulated market."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pricevane.market import Market, World

README = Path(__file__).parents[1] / "README.md"
RIVAL, POSTGRES = "https://rival.example/", "postgresql://pricevane:secret@localhost/pricevane"
ACTIVATE = ". .venv/bin/activate\n"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with Market(World(products=40, days=2)) as market:
        yield market


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, market: Market) -> Path:
    """Where a reader of the README stands: own products and sales, nothing else."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "products.csv").write_text(market.world.products_csv(), "utf-8")
    (folder / "sales.csv").write_text(market.world.sales_csv(), "utf-8")
    return folder


def run(script: str, folder: Path) -> str:
    """Run a block in bash with the console script on the path; fails with what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRICEVANE_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": path, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_every_shell_block_of_the_readme_works_in_its_order(folder: Path, market: Market, postgres_url: str) -> None:
    shop = market.urls["boutique"]
    (toml,) = blocks("toml")
    for number, block in enumerate(blocks("sh")):
        script = block.replace(ACTIVATE, "").replace(RIVAL, shop).replace(POSTGRES, postgres_url)
        run(script, folder)
        if number == 0:
            local = toml.replace(f'url = "{RIVAL}"', f'url = "{shop}"\nlocal = true')
            assert local != toml
            (folder / "pricevane.toml").write_text(local, "utf-8")
    assert (folder / "approved.csv").read_text("utf-8").startswith("sku,price,currency")
    assert list((folder / "outbox").glob("*.eml")) == []


def test_the_site_file_in_the_readme_is_the_one_in_the_project() -> None:
    (shown,) = blocks("python")
    assert shown == (README.parent / "spiders/sites/plainshop.py").read_text("utf-8")


def test_every_command_named_in_the_text_exists(folder: Path) -> None:
    text = re.sub(r"^```.*?^```", "", README.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(?:pricevane )?((?:proposals|quarantine|schedule|runs|db|import) [a-z]+)", text))
    assert named
    for command in sorted(named):
        assert "Usage" in run(f"pricevane {command} --help", folder)


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")):
        assert (README.parent / target).exists(), target
