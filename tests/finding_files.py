"""Sitemaps and feeds of tests/finding."""

from __future__ import annotations

from pathlib import Path

FILES = Path(__file__).with_name("finding")


def read(name: str) -> bytes:
    """One file."""
    return (FILES / name).read_bytes()
