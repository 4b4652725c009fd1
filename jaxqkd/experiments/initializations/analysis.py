"""The analysis of the experiment: the seeds that comparisons need, and the components of variance."""

import math
from typing import NamedTuple

import numpy as np
import xarray as xr

from jaxqkd.experiments.claims import PUBLISHED_SEEDS
from jaxqkd.experiments.initializations.setup import ALONE
from jaxqkd.experiments.piperno2024.setup import PUBLISHED, STUDENTS
from jaxqkd.statistics import (
    LEVEL,
    Components,
    Difference,
    Share,
    components,
    difference,
    holm,
    resampled_power,
    seeds_needed,
)

COMPARISONS = len(STUDENTS)
FLAT = 0.01
"""Standard deviation of scores below which there is no variance to be shared out."""


class Needed(NamedTuple):
    """How many seeds a comparison of the published table would have needed.

    Attributes:
        student: The student.
        reading: The reading of the training.
        published: The published change of mean F1.
        change: The change measured, with minus without distillation.
        p_corrected: Its p, Holm-corrected over the table.
        deviation: The standard deviation of the changes measured.
        by_published: Seeds for the published change and variances.
        by_spread: Seeds for the published change with the spread measured.
        by_measured: Seeds for the change measured; NaN where none is shown.
        power: How often the published number of seeds shows the change measured.
    """

    student: str
    reading: str
    published: float
    change: Difference
    p_corrected: float
    deviation: float
    by_published: float
    by_spread: float
    by_measured: float
    power: float


class Split(NamedTuple):
    """The components of variance of one student's scores.

    Attributes:
        student: The student.
        reading: The reading of the training.
        taught: Whether they are scores with distillation.
        deviation: The standard deviation of all scores.
        components: The components.
        share: The share of the initialization, or with distillation of the teacher, and of its interactions.
        verdict: By rule 2 or 3.
    """

    student: str
    reading: str
    taught: bool
    deviation: float
    components: Components
    share: Share
    verdict: str


def needed(scores: xr.DataArray) -> list[Needed]:
    """Returns a row for each reading and student.

    Args:
        scores: Scores over student, reading, distilled (0, 1) and seed.
    """
    cells = [(str(name), str(reading)) for reading in scores.reading.values for name in scores.student.values]
    pairs = [
        scores.sel(student=name, reading=reading).transpose("distilled", "seed").values for name, reading in cells
    ]
    changes = [difference(*pair) for pair in pairs]
    corrected = holm([change.p for change in changes])
    rows = zip(cells, pairs, changes, corrected, strict=True)
    return [_needed(*cell, pair[1] - pair[0], change, float(p)) for cell, pair, change, p in rows]


def split(scores: xr.DataArray) -> list[Split]:
    """Returns a row for each reading and student, without a teacher, and one with all teachers.

    Args:
        scores: Scores over student, reading, draw, teacher (the first of them none) and seed, the initialization;
            over order as well if orders of mini-batches are compared.
    """
    rows = []
    for taught in (False, True):
        for reading in scores.reading.values:
            for name in scores.student.values:
                own = scores.sel(student=name, reading=reading).rename(seed="initialization", draw="data")
                rows.append(_split(str(name), str(reading), own, taught))
    return [row for row in rows if row is not None]


def _needed(name: str, reading: str, change: np.ndarray, compared: Difference, p: float) -> Needed:
    paper = PUBLISHED[name]
    published = paper.f1_with - paper.f1_without
    deviation = float(change.std(ddof=1)) if len(change) > 1 else math.nan
    of_paper = math.sqrt(paper.variance_without + paper.variance_with)
    return Needed(
        name,
        reading,
        published,
        compared,
        p,
        deviation,
        seeds_needed(published, of_paper, COMPARISONS),
        seeds_needed(published, deviation, COMPARISONS),
        seeds_needed(compared.mean, deviation, COMPARISONS) if p < LEVEL else math.nan,
        resampled_power(change, PUBLISHED_SEEDS, COMPARISONS) if p < LEVEL else math.nan,
    )


def _split(name: str, reading: str, scores: xr.DataArray, taught: bool) -> Split | None:
    """Returns a student's components; None where a factor has a single level."""
    alone = scores.teacher.values == ALONE
    own = scores.isel(teacher=np.flatnonzero(~alone)) if taught else scores.sel(teacher=ALONE, drop=True)
    factors = [factor for factor in ("data", "teacher", "initialization", "order") if factor in own.dims]
    values = own.transpose(*factors).values
    if min(values.shape) < 2:
        return None
    found = components(values, factors)
    share = found.share(found.with_factor("teacher" if taught else "initialization"))
    deviation = float(values.std(ddof=1))
    verdict = _teachers(found) if taught else _initialization(deviation, share)
    return Split(name, reading, taught, deviation, found, share, verdict)


def _initialization(deviation: float, share: Share) -> str:
    """Returns the verdict of rule 2."""
    if deviation < FLAT:
        return "no spread"
    if share.low > 0.5:
        return "mostly initialization"
    return "mostly data" if share.high < 0.5 else "open"


def _teachers(found: Components) -> str:
    """Returns the verdict of rule 3."""
    return "teachers differ" if found.low[found.effects.index(("teacher",))] > 0 else "not shown"
