"""Statistics of scores over seeds: summaries, paired differences, predictions, corrections."""

import math
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
"""Level of every interval."""


class Summary(NamedTuple):
    """Mean, sample variance and median of a score over the seeds."""

    mean: float
    variance: float
    median: float


class Difference(NamedTuple):
    """A paired comparison over the seeds.

    Attributes:
        mean: Mean of the differences by seed.
        low: Lower end of its 95 % interval (Student's t).
        high: Upper end.
        p: Two-sided p of Wilcoxon's signed-rank test, uncorrected.
        gained: Share of the seeds whose difference is positive.
    """

    mean: float
    low: float
    high: float
    p: float
    gained: float


def summary(values: np.ndarray) -> Summary:
    """Returns mean, variance (divided by n - 1; NaN for one seed) and median of values [seeds]."""
    values = np.asarray(values, float)
    variance = values.var(ddof=1) if len(values) > 1 else np.nan
    return Summary(float(values.mean()), float(variance), float(np.median(values)))


def difference(before: np.ndarray, after: np.ndarray) -> Difference:
    """Returns the paired comparison of scores [seeds] of the same seeds, after minus before."""
    change = np.asarray(after, float) - np.asarray(before, float)
    low, high = predicted_mean(change, count=None)
    return Difference(float(change.mean()), low, high, _signed_rank(change), float(np.mean(change > 0)))


def predicted_mean(values: np.ndarray, *, count: int | None) -> tuple[float, float]:
    """Returns the 95 % interval for the mean of `count` new seeds, or of the population for None.

    Student's t on values [seeds] that vary as s^2: mean -+ t s sqrt(1 / n + 1 / count). Two NaN for one seed.

    References:
        Hahn, Meeker, Statistical Intervals, Wiley 1991, section 4.8.
    """
    from scipy.stats import t

    mean, variance, _ = summary(values)
    number = len(values)
    if number < 2:
        return np.nan, np.nan
    quantile = t.ppf((1 + CONFIDENCE) / 2, number - 1)
    half = quantile * np.sqrt(variance * (1 / number + (1 / count if count else 0)))
    return float(mean - half), float(mean + half)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Returns p values corrected for testing all of them, by Holm's step-down method; the order is kept.

    References:
        Holm, Scandinavian Journal of Statistics 6, 65 (1979).
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(np.minimum(1.0, factors * p_values[order]))
    corrected = np.empty_like(stepped)
    corrected[order] = stepped
    return corrected


def fewest_seeds(comparisons: int) -> int:
    """Returns the number of seeds from which a signed-rank p can pass Holm's correction over so many comparisons.

    The smallest two-sided p of n seeds is 2^(1 - n).
    """
    return math.ceil(1 - math.log2(0.05 / comparisons))


def _signed_rank(change: np.ndarray) -> float:
    from scipy.stats import wilcoxon

    moved = change[change != 0]
    return float(wilcoxon(moved).pvalue) if len(moved) else 1.0
