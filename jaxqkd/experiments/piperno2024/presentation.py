"""The seed study as it is shown: verdicts by student and reading, and every seed beside the paper's bars."""

import numpy as np
import xarray as xr

from jaxqkd.experiments import claims
from jaxqkd.experiments.piperno2024.setup import FEATURES, PUBLISHED, student
from jaxqkd.models import count_parameters
from jaxqkd.reports import plots, tables
from jaxqkd.reports.outcome import Outcome


def present(results: xr.Dataset) -> Outcome:
    """Returns the verdict tables, a part a reading, their notes, and the figure of every seed."""
    counts = [count_parameters(student(str(name)), FEATURES) for name in results.student.values]
    counted = results.assign(
        classical=("student", np.asarray([count.classical for count in counts])),
        quantum=("student", np.asarray([count.quantum for count in counts])),
    )
    rows = claims.rows(counted, PUBLISHED)
    parts = {
        f"Reading: {reading}": [tables.verdict_cells(row) for row in rows if row.reading == reading]
        for reading in results.reading.values
    }
    seeds = results.sizes["seed"]
    notes = [claims.RULE, tables.READ_AS, tables.cells_inside(rows, seeds), tables.teachers(results)]
    return Outcome(
        tables.VERDICT_HEADERS,
        parts,
        notes,
        plots.published_against_measured(results, PUBLISHED),
        ". ".join(_in_words(row) for row in rows),
        "F1 of every seed, its mean with the 95 % interval, and the published means as outlines.",
        {"verdicts": [row._asdict() for row in rows]},
    )


def _in_words(row: claims.Row) -> str:
    return (
        f"{row.student}, {row.reading}: mean F1 {row.without.mean:.3f} without and {row.distilled.mean:.3f} with "
        f"distillation, published {row.published[0]:.3f} and {row.published[1]:.3f}"
    )
