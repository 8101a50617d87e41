"""What commercial readers answered for the pages of the ground truth, to check the protocol against their figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pages.cases import Answer, Case, graded
from benchmarks.pages.fields import FIELDS, values
from benchmarks.pages.labels import FOLDER

PREDICTIONS = "peer-predictions.json"
MEASURED_HERE = "extruct"


def best_rivals(data: Path, cases: Sequence[Case], count: int = 2) -> dict[str, dict[str, Answer]]:
    """Name -> answers by page id of those with the best price F1; raises FileNotFoundError without the file."""
    said = json.loads((data / FOLDER / PREDICTIONS).read_text(encoding="utf-8"))
    answers = {
        name.lower(): {
            case.id: Answer(values({field: pages.get(case.id, {}).get(field) for field in FIELDS})) for case in cases
        }
        for name, pages in said.items()
        if name != MEASURED_HERE
    }
    ranked = sorted(answers, key=lambda name: graded("price", cases, answers[name]).f1 or 0, reverse=True)
    return {name: answers[name] for name in ranked[:count]}
