"""Seconds and memory for made catalogues: as many listings as products, in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from matching.judge import judge

# The process's own peak; what getrusage says is inherited from the parent.
PEAK = re.compile(r"VmHWM:\s*(\d+) kB")
MAKERS, LINES, KINDS, COMMON = 400, 3_000, 120, 1_500
COLOURS = ("black", "white", "silver", "red", "blue", "noir", "weiss")
SIZES = ("64 gb", "128 gb", "250 g", "500 g", "1 l", "24 cm", "32 inch", "6-pack", "")
SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "on", "is", "el")]


def catalogue(rows: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Listings and products of the same goods, in other words: common words are drawn by Zipf's law."""
    rng = np.random.default_rng(seed)
    word = np.array(
        ["".join(rng.choice(SYLLABLES, rng.integers(2, 4))) for _ in range(MAKERS + LINES + KINDS + COMMON)]
    )
    maker, line, kind, common = np.split(word, np.cumsum([MAKERS, LINES, KINDS]))
    chosen = [part[np.minimum(rng.zipf(1.3, rows), len(part)) - 1] for part in (maker, line, kind)]
    code = [f"{''.join(rng.choice(list('abcdefghkmnprstx'), 3))}{rng.integers(10, 9999)}" for _ in range(rows)]
    colour, size = rng.choice(COLOURS, rows), rng.choice(SIZES, rows)
    extra = common[np.minimum(rng.zipf(1.2, rows), COMMON) - 1]
    frames = []
    for key, columns in (
        ("listing_id", (chosen[0], chosen[2], code, extra, colour, size)),
        ("product_id", (chosen[0], chosen[1], chosen[2], code, colour, size)),
    ):
        frames.append(
            pd.DataFrame({key: np.arange(rows), "name": [" ".join(row).strip() for row in zip(*columns, strict=True)]})
        )
    return frames[0], frames[1]


def measured(rows: int, seed: int) -> dict[str, float]:
    """Wall-clock and CPU seconds and peak memory of judging `rows` listings against as many products."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pairing.speed", str(rows), str(seed)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _main(rows: int, seed: int) -> None:
    listings, products = catalogue(rows, seed)
    started, cpu = time.monotonic(), time.process_time()
    pairs = judge(listings, products).pairs
    best = pairs.drop_duplicates("listing_id")
    peak = int(PEAK.search(Path("/proc/self/status").read_text(encoding="utf-8"))[1]) / 1024  # type: ignore[index]
    print(json.dumps({
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mb": round(peak),
        "found_share": round(float((best["listing_id"] == best["product_id"]).sum() / rows), 4),
    }))  # fmt: skip


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
