"""Runs every benchmark of this folder and writes what they measured to benchmarks/report.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

HERE = Path(__file__).parent
SHARED = ("__init__", "__main__", "options", "output")
LIBRARIES = ("scrapy", "sqlalchemy", "pandas", "numpy", "selectolax", "extruct", "price-parser")


def main(
    context: typer.Context,
    report: Annotated[Path, typer.Option(help="Where to write the report.")] = HERE / "report.md",
    just: Annotated[list[str] | None, typer.Option(help="Run only this one; may be given again.")] = None,
) -> None:
    """Run them one after the other; other options are passed on to each. Exits with 1 if any failed."""
    names = just or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)
    results = {name: _run(name, context.args) for name in names}
    report.write_text(render(results, datetime.now(UTC)), encoding="utf-8")
    print(f"report: {report}")
    if any(result is None for result in results.values()):
        raise typer.Exit(1)


def _run(name: str, options: list[str]) -> Mapping[str, Any] | None:
    """What a benchmark wrote as JSON (see `output.tell`); None if it failed."""
    print(f"bench: {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pricevane-bench-") as folder:
        path = Path(folder) / "figures.json"
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *options, "--json", str(path)], cwd=HERE.parent, check=False
        )
        if done.returncode or not path.exists():
            return None
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def render(results: Mapping[str, Mapping[str, Any] | None], at: datetime) -> str:
    """The report as Markdown: a table of figures for each benchmark, and what it skipped."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = ["# What make bench measured", "", f"{at:%Y-%m-%d %H:%M} UTC; {machine}; {libraries}."]
    for name, result in results.items():
        lines += ["", f"## {name}", ""]
        if result is None:
            lines.append("It failed; there are no figures.")
            continue
        lines += [f"Skipped: {reason}." for reason in result["skipped"]]
        if result["figures"]:
            lines += ["", "| figure | value |", "|---|---:|"]
            lines += [f"| `{figure}` | {value} |" for figure, value in result["figures"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(main)
    app()
