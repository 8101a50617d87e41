"""The Chromium that tests crawl with: the one that the set-up found or brought, wherever it lies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pricevane import chromium


@cache
def found() -> Path:
    """Its path; raises ChromiumMissing without one."""
    path = chromium.find()
    if path is None:
        raise chromium.ChromiumMissing("no Chromium to test with; run `python -m pricevane.chromium`")
    return path
