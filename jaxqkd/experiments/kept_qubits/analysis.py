"""The analysis: kept sets compared with those of their size, and the choice of the teacher with the best set."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from jaxqkd.experiments.kept_qubits.setup import OF_THE_STUDY, WITHIN
from jaxqkd.statistics import LEVEL, Difference, difference, fewest_seeds, holm


class Place(NamedTuple):
    """Where a set of the seed study lies among the sets of its size.

    Attributes:
        student: The student's name in the seed study.
        measured: When the other qubits are measured.
        distilled: 0 or 1.
        f1: Its mean score.
        others: The mean score of all sets of its size.
        lower: The share of the other sets whose mean score is lower; equal ones count half.
        change: Its score minus the mean of all sets of its size, by seed.
        p_corrected: Holm-corrected over the table.
        verdict: By rule 1.
    """

    student: str
    measured: str
    distilled: int
    f1: float
    others: float
    lower: float
    change: Difference
    p_corrected: float
    verdict: str


class Choice(NamedTuple):
    """What the teacher's choice of so many qubits is worth.

    Attributes:
        size: Number of kept qubits.
        measured: When the other qubits are measured.
        distilled: 0 or 1.
        f1: Mean score of the teacher's sets.
        random: Mean score of all sets of that size.
        best: Mean score of the best set, chosen and judged on different seeds.
        change: Teacher's minus the mean of all sets, by seed.
        p_corrected: Holm-corrected over the table.
        against_random: By rule 2.
        shortfall: Best minus teacher's, by seed.
        against_best: By rule 3.
    """

    size: int
    measured: str
    distilled: int
    f1: float
    random: float
    best: float
    change: Difference
    p_corrected: float
    against_random: str
    shortfall: Difference
    against_best: str


def by_size(names: Sequence[str]) -> dict[int, np.ndarray]:
    """Returns the places of the sets of each size that has more than one."""
    sizes = np.asarray([len(name) for name in names])
    return {int(size): np.flatnonzero(sizes == size) for size in np.unique(sizes) if (sizes == size).sum() > 1}


def places(scores: xr.DataArray) -> list[Place]:
    """Returns a row for each student of the seed study, measurement and distillation.

    Args:
        scores: Scores over measured, kept, distilled and seed.
    """
    names = [str(name) for name in scores.kept.values]
    groups = by_size(names)
    known = {student: own for student, own in OF_THE_STUDY.items() if own in names and len(own) in groups}
    cells = [(student, *cell) for student in known for cell in _cells(scores)]
    own = [values[names.index(known[student])] for student, _, _, values in cells]
    mean = [values[groups[len(known[student])]].mean(axis=0) for student, _, _, values in cells]
    changes = [difference(*pair) for pair in zip(mean, own, strict=True)]
    corrected = holm([change.p for change in changes])
    verdicts = _against_random(changes, corrected, scores.sizes["seed"])
    rows = zip(cells, own, mean, changes, corrected, verdicts, strict=True)
    return [
        Place(
            student,
            measured,
            distilled,
            float(ours.mean()),
            float(all_sets.mean()),
            _lower(values[groups[len(known[student])]].mean(axis=1), float(ours.mean())),
            change,
            float(p),
            verdict,
        )
        for (student, measured, distilled, values), ours, all_sets, change, p, verdict in rows
    ]


def choices(scores: xr.DataArray, told_apart: xr.DataArray) -> list[Choice]:
    """Returns a row for each size, measurement and distillation.

    Args:
        scores: Scores over measured, kept, distilled and seed.
        told_apart: The figure [kept, seed] by which the teacher of a seed chooses.
    """
    groups = by_size([str(name) for name in scores.kept.values])
    chosen = {size: group[_first_best(told_apart.values[group])] for size, group in groups.items()}
    cells = [(size, *cell) for size in groups for cell in _cells(scores)]
    own = [np.take_along_axis(values, chosen[size][None], axis=0)[0] for size, _, _, values in cells]
    mean = [values[groups[size]].mean(axis=0) for size, _, _, values in cells]
    best = [cross_fitted(values[groups[size]]) for size, _, _, values in cells]
    changes = [difference(*pair) for pair in zip(mean, own, strict=True)]
    corrected = holm([change.p for change in changes])
    verdicts = _against_random(changes, corrected, scores.sizes["seed"])
    rows = zip(cells, own, mean, best, changes, corrected, verdicts, strict=True)
    return [
        Choice(
            cell[0],
            cell[1],
            cell[2],
            float(ours.mean()),
            float(random.mean()),
            float(top.mean()),
            change,
            float(p),
            verdict,
            shortfall := difference(ours, top),
            against_best(shortfall),
        )
        for cell, ours, random, top, change, p, verdict in rows
    ]


def cross_fitted(scores: np.ndarray) -> np.ndarray:
    """Returns, by seed, the score of the set that is best on the seeds of the other parity.

    NaN for one seed, which leaves nothing to choose by.

    Args:
        scores: Scores [sets, seeds].
    """
    best = np.full(scores.shape[1], np.nan)
    for half, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        if scores[:, other].size:
            best[half] = scores[np.argmax(scores[:, other].mean(axis=1)), half]
    return best


def against_best(shortfall: Difference) -> str:
    """Returns the verdict of rule 3 on the best set's score minus the teacher's."""
    if shortfall.high < WITHIN:
        return "within"
    return "not within" if shortfall.low > WITHIN else "open"


def answer(rows: Sequence[Choice]) -> tuple[str, str]:
    """Returns the answers to questions 2 and 3: yes, no or open, which they are without rows."""
    if not rows:
        return "open", "open"
    better = [row.against_random for row in rows]
    near = [row.against_best for row in rows]
    second = "yes" if set(better) == {"better"} else "open" if "too few seeds" in better else "no"
    return second, "yes" if set(near) == {"within"} else "no" if "not within" in near else "open"


def _cells(scores: xr.DataArray) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yields measurement, distillation and scores [kept, seed]."""
    for measured in scores.measured.values:
        for distilled in scores.distilled.values:
            cell = scores.sel(measured=measured, distilled=distilled).transpose("kept", "seed")
            yield str(measured), int(distilled), cell.values


def _first_best(figures: np.ndarray) -> np.ndarray:
    """Returns the place of the highest figure by seed, the first of those that differ by rounding alone."""
    return np.argmax(figures > figures.max(axis=0) - 1e-6, axis=0)


def _lower(means: np.ndarray, own: float) -> float:
    """Returns the share of the other means that are lower; the one that is our own is left out."""
    lower = np.sum(means < own - 1e-9) + (np.sum(np.abs(means - own) <= 1e-9) - 1) / 2
    return float(lower / (len(means) - 1))


def _against_random(changes: Sequence[Difference], corrected: np.ndarray, seeds: int) -> list[str]:
    def verdict(change: Difference, p: float) -> str:
        if not p < LEVEL:
            return "no difference shown"
        return "better" if change.mean > 0 else "worse"

    if seeds < fewest_seeds(max(len(changes), 1)):
        return ["too few seeds"] * len(changes)
    return [verdict(change, p) for change, p in zip(changes, corrected, strict=True)]
