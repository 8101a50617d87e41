"""The house keeps its own rules: who imports whom, lengths, docstrings, names, and what the locks hold."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("pricevane", "spiders", "pipelines", "matching", "pricing")
HOUSE = (*PRODUCT, "tests", "benchmarks")
# What .gitignore names, besides single files.
LEFT_OUT = {
    *(".git", ".venv", ".chromium", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
    *("__pycache__", "demo", "outbox", "dist", "pricevane.toml"),
}
NETWORK = ("asyncio", "http", "playwright", "socket", "sqlite3", "ssl", "subprocess", "twisted", "urllib.request")
# Names that Scrapy and the standard library call us by.
SCRAPY_NAMES = {"process_item", "process_items", "dataReceived"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
TEXTS = {".py", ".toml", ".lock", ".md", ".cfg", ".html", ".mako", ".json", ".txt", ".csv", ".css", ".js", ".mjml", ""}
STAGES = ("matching", "pricing", "pipelines", "spiders")
FRAMES, JOBS = "pricevane.storage.frames", "pricevane.jobs"


@dataclass(frozen=True)
class Room:
    """Our own modules a room may import, what it never imports, and what is allowed nevertheless."""

    ours: tuple[str, ...]
    never: tuple[str, ...] = ()
    yet: tuple[str, ...] = ()


# Who may import whom; of several rooms that hold a module the longest name counts.
ROOMS = {
    "pricing": Room(("pricing",), ("scrapy", "sqlalchemy", *NETWORK)),
    "matching": Room(("matching",), ("scrapy", "sqlalchemy", *NETWORK)),
    "spiders": Room(("spiders", "pricevane.model", "pricevane.config"), ("sqlalchemy", "pandas")),
    "spiders.read": Room(
        ("spiders.read", "pricevane.model", "pricevane.config"),
        ("sqlalchemy", "pandas", "scrapy", *NETWORK),
        ("scrapy.http", "scrapy.selector"),
    ),
    "pipelines": Room(("pipelines", "pricevane.model", "pricevane.storage"), ("pandas", FRAMES)),
    "pricevane": Room(("pricevane",), ("scrapy", JOBS)),
    "pricevane.model": Room(()),
    "pricevane.config": Room(("pricevane.model", "pricevane.cron", "pricevane.environment"), ("scrapy", "apscheduler")),
    "pricevane.environment": Room(()),
    "pricevane.cron": Room((), ("scrapy", "apscheduler"), ("apscheduler.triggers.cron",)),
    "pricevane.crawler": Room(("pricevane", "spiders", "pipelines"), (JOBS,)),
    "pricevane.crawling": Room(("pricevane", "spiders", "pipelines"), (JOBS,)),
    "pricevane.planning": Room(("pricevane", "spiders.find"), (JOBS, "scrapy")),
    "pricevane.pairing": Room(("pricevane", "matching"), (JOBS, "scrapy")),
    "pricevane.schedule": Room(("pricevane",), ("scrapy",)),
    "pricevane.fleet": Room(("pricevane",), ("scrapy",)),
    "pricevane.storage": Room(
        ("pricevane.storage", "pricevane.model", "pricevane.config"), ("pandas", "scrapy", FRAMES)
    ),
    FRAMES: Room(("pricevane.storage", "pricevane.model"), ("scrapy",)),
    "pricevane.alerts": Room(("pricevane",), ("scrapy", JOBS, "pricevane.web", "pricevane.cli")),
    "pricevane.web": Room(("pricevane",), ("scrapy", "pricevane.alerts", "pricevane.cli")),
    "pricevane.cli": Room(("pricevane",), ("scrapy", "pricevane.alerts", "pricevane.web")),
    "pricevane.market": Room(("pricevane.market", "pricevane.model"), ("sqlalchemy", "scrapy")),
    JOBS: Room(("pricevane", *STAGES)),
}
PLANTED = {
    "pricing/rules.py": "import sqlalchemy.orm",
    "matching/features.py": "from pricevane.model import Money",
    "matching/scorer.py": "def score() -> None:\n    from pricing import rules",
    "spiders/shop.py": "import pandas as pd",
    "spiders/fetch/guard.py": "from pricevane import storage",
    "spiders/fetch/blocks.py": "from ...pipelines import store",
    "spiders/read/page.py": "from scrapy import Request",
    "spiders/read/money.py": "from ..fetch import guard",
    "pipelines/clean.py": "from pricevane.storage import frames",
    "pricevane/model.py": "from pricevane import config",
    "pricevane/config.py": "from apscheduler.schedulers.background import BackgroundScheduler",
    "pricevane/health.py": "from pricevane.jobs import crawl",
    "pricevane/storage/history.py": "from . import frames",
    "pricevane/storage/frames.py": "import pricing.rules",
    "pricevane/alerts/mail.py": "from importlib import import_module\njobs = import_module('pricevane.jobs')",
    "pricevane/web/__init__.py": "from .. import alerts",
    "pricevane/cli/scan.py": "from spiders.shop import ShopSpider",
    "pricevane/market/server.py": "from pricevane.storage import tables",
}
ALLOWED = {
    "spiders/read/document.py": "from scrapy.http import TextResponse\nfrom . import money",
    "spiders/read/text.py": "from pricevane.model import Money",
    "pricevane/cron.py": "from apscheduler.triggers.cron import CronTrigger",
    "pricevane/storage/frames.py": "import pandas\nfrom .base import Base",
    "pricevane/cli/run.py": "from pricevane import jobs",
    "pricevane/jobs.py": "from pricevane.storage import frames\nimport pricing.rules, spiders.shop",
    "benchmarks/speed.py": "from pricevane import jobs\nimport scrapy, pandas",
}
# Paths of one machine, and package addresses, which belong to nobody's source tree.
STRAY = re.compile(
    r"(?<![\w.~-])/(?:work|root)/|/opt/(?:wheels|pypi)|https?://\S+\.(?:whl|tgz|tar\.gz)\b"
    r"|pypi\.org/simple|registry\.npmjs\.org|pythonhosted\.org|--(?:extra-)?index-url|--find[-]links"
)
TIRED = {"item", "items", "data", "info", "record", "helper", "helpers", "util", "utils", "processor", "handler"}


def sources(*rooms: str, root: Path = ROOT) -> list[Path]:
    return sorted(path for room in rooms for path in (root / room).rglob("*.py") if "__pycache__" not in path.parts)


def module_name(path: Path, root: Path = ROOT) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def imports(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Every name a file imports as a full dotted path, also inside functions and by importlib."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def trespasses(path: Path, root: Path = ROOT) -> list[str]:
    """What a file imports against the table."""
    name = module_name(path, root)
    holding = [room for room in ROOMS if within(name, (room,))]
    if not holding:
        return []
    room = ROOMS[max(holding, key=len)]
    return [
        f"{name} imports {wanted}"
        for wanted in imports(path, root)
        if (within(wanted, HOUSE) and not within(wanted, room.ours))
        or (within(wanted, room.never) and not within(wanted, room.yet))
    ]


def plant(root: Path, name: str, code: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(code, "utf-8")
    return path


def test_no_room_imports_what_the_table_forbids() -> None:
    assert [found for path in sources(*PRODUCT) for found in trespasses(path)] == []


@pytest.mark.parametrize(("name", "code"), PLANTED.items())
def test_a_forbidden_import_is_found_wherever_it_hides(tmp_path: Path, name: str, code: str) -> None:
    assert len(trespasses(plant(tmp_path, name, code), tmp_path)) == 1


@pytest.mark.parametrize(("name", "code"), ALLOWED.items())
def test_an_allowed_import_is_no_trespass(tmp_path: Path, name: str, code: str) -> None:
    assert trespasses(plant(tmp_path, name, code), tmp_path) == []


def test_the_nouns_need_the_standard_library_only() -> None:
    assert {name.split(".")[0] for name in imports(ROOT / "pricevane/model.py")} <= sys.stdlib_module_names


def test_nothing_shadows_alembic_and_tests_are_flat() -> None:
    assert not (ROOT / "alembic/__init__.py").exists()
    assert sorted(path.parent.name for path in (ROOT / "tests").rglob("__init__.py")) == ["oscar", "tests"]


def test_a_site_file_is_at_most_15_lines_and_named_in_snake_case() -> None:
    for path in sources("spiders/sites"):
        if path.name != "__init__.py":
            assert re.fullmatch(r"[a-z][a-z0-9_]*", path.stem), path
            assert code_lines(path.read_text("utf-8").splitlines()) <= 15, path


def words_in(name: str) -> set[str]:
    """The words of a name; the glossary's "key value item" is let pass."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", re.sub("key_value_items?", "", name))}


def code_lines(lines: list[str]) -> int:
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def test_files_and_functions_stay_short() -> None:
    files: dict[str, int] = {}
    lengths: dict[str, int] = {}
    for path in sources(*PRODUCT):
        text = path.read_text("utf-8")
        lines = text.splitlines()
        files[module_name(path)] = code_lines(lines)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                lengths[f"{module_name(path)}.{node.name}"] = code_lines(lines[node.lineno - 1 : node.end_lineno])
    assert {name: length for name, length in files.items() if length > 400} == {}
    assert {name: length for name, length in lengths.items() if length > 60} == {}
    assert statistics.median(files.values()) <= 80
    assert statistics.median(lengths.values()) <= 10
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 25


def test_every_module_opens_with_a_sentence() -> None:
    for path in sources(*HOUSE, "alembic"):
        opening = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
        assert opening.endswith((".", "?")), f"{path.relative_to(ROOT)} opens with {opening!r}"


def test_modules_classes_and_functions_avoid_tired_names() -> None:
    for path in sources(*PRODUCT):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        classes = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
        defined = {path.stem, *classes, *(node.name for node in nodes if isinstance(node, Function))}
        assert not [name for name in defined - SCRAPY_NAMES if TIRED & words_in(name)], path
        assert not [name for name in classes if "manager" in words_in(name)], path


def test_frames_are_merged_with_validation_and_never_walked_row_by_row() -> None:
    for path in sources(*PRODUCT):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                where, given = f"{path}:{node.lineno}", {keyword.arg for keyword in node.keywords}
                assert node.func.attr != "iterrows", where
                assert "inplace" not in given, where
                assert node.func.attr != "apply" or "axis" not in given, where
                assert node.func.attr != "merge" or "validate" in given, where


def test_no_file_names_a_machine_or_a_package_address() -> None:
    kept = (top for top in ROOT.iterdir() if top.name not in LEFT_OUT)
    for path in (path for top in kept for path in [top, *top.rglob("*")]):
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts:
            assert not (stray := STRAY.search(path.read_text("utf-8", "replace"))), f"{path}: {stray and stray[0]}"


def locked(name: str) -> dict[str, list[str]]:
    """Requirement -> its hashes."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line.startswith("    --hash="):
            found[list(found)[-1]].append(line.strip(" \\"))
        elif not line.startswith("#"):
            found[line.strip(" \\")] = []
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_requirement_with_hashes_and_nothing_else(name: str) -> None:
    for requirement, hashes in locked(name).items():
        assert re.fullmatch(r"[a-z0-9._-]+==[\w.+]+( ; .+)?", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", value) for value in hashes), requirement


def test_the_locks_agree_and_hold_every_dependency() -> None:
    run, develop = locked("requirements.lock"), locked("requirements-dev.lock")
    assert run.items() <= develop.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    names = {requirement.split("==")[0] for requirement in run}
    for wanted in (*project["project"]["dependencies"], *groups["build"]):
        assert re.match(r"[\w.-]+", wanted)[0] in names, wanted  # type: ignore[index]
    assert {re.match(r"[\w.-]+", wanted)[0] for wanted in groups["dev"]} <= {  # type: ignore[index]
        requirement.split("==")[0] for requirement in develop
    }


@pytest.mark.slow
def test_the_whole_stack_imports_without_a_warning() -> None:
    names = [module_name(path) for path in sources(*PRODUCT) if path.name != "__main__.py"]
    script = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
