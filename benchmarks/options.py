"""The options that all benchmarks share, and where the data folder lies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "data"

Data = Annotated[
    Path,
    typer.Option(envvar="PRICEVANE_BENCH_DATA", help="The data folder; what it lacks is skipped.", show_default=False),
]
Quick = Annotated[bool, typer.Option("--quick", help="A smaller run.")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")]
Seed = Annotated[int, typer.Option(help="Another seed is another sample.")]
