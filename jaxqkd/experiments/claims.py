"""Verdicts on published mean scores, without and with distillation, by a rule that is written down."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import xarray as xr

from jaxqkd.statistics import LEVEL, Difference, Summary, difference, holm, predicted_mean, summary

PUBLISHED_SEEDS = 12
"""Seeds of a published mean."""
FEWEST_SEEDS = 6
"""With fewer seeds the predicted interval is so wide that nearly any mean lies in it."""
ROUNDING = 0.0005
"""Half a unit of the last published digit."""

RULE = f"""\
Verdict, by the first line that holds:
  too few seeds         there are fewer than {FEWEST_SEEDS}
  reproduced            both published means lie in the 95 % interval that this
                        run predicts for a mean of {PUBLISHED_SEEDS} seeds
  direction reproduced  the paired difference has the published sign, and its
                        Wilcoxon p is below {LEVEL} after Holm's correction over
                        all rows
  higher, lower         the published means outside their intervals all lie
                        below them, or all above
  mixed                 one lies below and the other above"""


Interval = tuple[float, float]
"""Lower and upper end."""


class PublishedPair(Protocol):
    """A published mean score without and with distillation."""

    @property
    def f1_without(self) -> float:
        """Mean without distillation."""

    @property
    def f1_with(self) -> float:
        """Mean with distillation."""


class Row(NamedTuple):
    """One student in one reading.

    Attributes:
        student: Its name.
        reading: The reading's name.
        classical: Number of classical parameters.
        quantum: Number of trained angles.
        without: Summary of the score without distillation.
        distilled: Summary of the score with distillation.
        change: Paired comparison, with minus without.
        p_corrected: Its p, Holm-corrected over all rows.
        published: The published pair.
        predicted: The intervals, without and with distillation, that this run predicts for the published means.
        verdict: By `RULE`.
    """

    student: str
    reading: str
    classical: int
    quantum: int
    without: Summary
    distilled: Summary
    change: Difference
    p_corrected: float
    published: tuple[float, float]
    predicted: tuple[Interval, Interval]
    verdict: str

    @property
    def inside(self) -> tuple[bool, bool]:
        """Whether each published mean lies in its interval."""
        without, distilled = map(side, self.predicted, self.published)
        return without == 0, distilled == 0


def rows(results: xr.Dataset, published: Mapping[str, PublishedPair], *, score: str = "f1_weighted") -> list[Row]:
    """Returns a row for each reading and student of the results.

    Args:
        results: A dataset with `score` over the dimensions student, reading, distilled (0, 1) and seed, and the
            numbers of parameters `classical` and `quantum` by student.
        published: The published means by student.
        score: The name of the score that is compared.
    """
    cells = [(str(reading), str(name)) for reading in results.reading.values for name in results.student.values]
    pairs = [results[score].sel(student=name, reading=reading).values for reading, name in cells]
    changes = [difference(*pair) for pair in pairs]
    corrected = holm(np.asarray([change.p for change in changes]))

    def row(reading: str, name: str, pair: np.ndarray, change: Difference, p: float) -> Row:
        target = published[name].f1_without, published[name].f1_with
        without, distilled = pair
        return Row(
            student=name,
            reading=reading,
            classical=int(results.classical.sel(student=name)),
            quantum=int(results.quantum.sel(student=name)),
            without=summary(without),
            distilled=summary(distilled),
            change=change,
            p_corrected=p,
            published=target,
            predicted=(predicted(without), predicted(distilled)),
            verdict=judge(pair, target, change, p),
        )

    tested = zip(cells, pairs, changes, corrected, strict=True)
    return [row(*cell, pair, change, float(p)) for cell, pair, change, p in tested]


def predicted(scores: np.ndarray) -> Interval:
    """Returns the 95 % interval that scores [seeds] predict for the mean of as many seeds as were published."""
    return predicted_mean(scores, count=PUBLISHED_SEEDS)


def side(interval: Interval, published: float) -> int:
    """Returns 0 for a mean inside the interval, up to rounding; 1 if the interval lies above it, -1 if below."""
    low, high = interval
    return int(low > published + ROUNDING) - int(high < published - ROUNDING)


def judge(pair: Iterable[np.ndarray], published: tuple[float, float], change: Difference, p: float) -> str:
    """Returns the verdict on scores [2, seeds], without and with distillation, by `RULE`.

    Args:
        pair: The scores.
        published: The published means.
        change: The paired comparison of the scores.
        p: Its p value, corrected for all comparisons.
    """
    scores = list(pair)
    if len(scores[0]) < FEWEST_SEEDS:
        return "too few seeds"
    sides = [side(predicted(values), mean) for values, mean in zip(scores, published, strict=True)]
    if sides == [0, 0]:
        return "reproduced"
    if p < LEVEL and change.mean * (published[1] - published[0]) > 0:
        return "direction reproduced"
    if -1 not in sides:
        return "higher than published"
    return "lower than published" if 1 not in sides else "mixed"
