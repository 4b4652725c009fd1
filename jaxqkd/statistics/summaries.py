"""Summaries of one score over the seeds, with intervals."""

import functools
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks

CONFIDENCE = 0.95
"""Level of every interval."""
RESAMPLES, RESAMPLING_SEED = 10_000, 0
"""Of the bootstrap: how many, and the seed of NumPy's generator that draws them."""


class Summary(NamedTuple):
    """A score over the seeds. One seed has no variance and no intervals: they are NaN.

    Attributes:
        mean: Mean.
        variance: Sample variance (divided by n - 1).
        median: Median.
        iqm: Interquartile mean: of the scores without the n // 4 lowest and highest.
        mean_low: Lower end of the mean's 95 % bootstrap interval.
        mean_high: Upper end.
        iqm_low: Lower end of the interquartile mean's.
        iqm_high: Upper end.
        failed: Share of seeds that failed; NaN if no bound was given.
    """

    mean: float
    variance: float
    median: float
    iqm: float
    mean_low: float
    mean_high: float
    iqm_low: float
    iqm_high: float
    failed: float


def summary(values: Any, *, failed_below: Any = None) -> Summary:
    """Returns mean, variance, median, interquartile mean, their intervals and the failed share of values [seeds].

    If a value is not finite, all but `failed` are NaN. Intervals are of the percentile bootstrap at expanded
    levels, which make up for few seeds: from 12 seeds on, 93 to 97 of 100 intervals hold the truth. Where a few
    scores lie far off, the mean's interval holds it less often, as Student's does: 90 of 100 for 12 seeds of
    beta(2, 0.3), and 71 where one seed in ten fails altogether, since 12 seeds may show no failure.

    Args:
        values: Scores [seeds].
        failed_below: A number, or one for each seed [seeds]. A score below it has failed, as has one that is not
            finite.

    References:
        Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician 69, 371 (2015).
    """
    values = seed_scores("values", values)
    failed = np.nan if failed_below is None else _failed(values, failed_below)
    if not np.isfinite(values).all():
        return Summary._make([*[np.nan] * 8, failed])
    variance = values.var(ddof=1) if len(values) > 1 else np.nan
    outer = len(values) // 4
    middle = np.sort(values)[outer : len(values) - outer]
    figures = values.mean(), variance, np.median(values), middle.mean(), *_intervals(values)
    return Summary._make([*map(float, figures), failed])


def predicted_mean(values: Any, *, count: int | None) -> tuple[float, float]:
    """Returns the 95 % interval for the mean of `count` new seeds, or of the population for None.

    Student's t on values [seeds] that vary as s^2: mean -+ t s sqrt(1 / n + 1 / count). Two NaN for one seed.

    References:
        Hahn, Meeker, Statistical Intervals, Wiley 1991, section 4.8.
    """
    from scipy.stats import t

    number = len(values)
    if number < 2:
        return np.nan, np.nan
    mean, variance = np.mean(values), np.var(values, ddof=1)
    quantile = t.ppf((1 + CONFIDENCE) / 2, number - 1)
    half = quantile * np.sqrt(variance * (1 / number + (1 / count if count else 0)))
    return float(mean - half), float(mean + half)


def seed_scores(argument: str, values: Any) -> np.ndarray:
    """Returns values as floats [seeds]; refuses other axes, and no seed at all."""
    values = np.asarray(values, float)
    checks.rank(argument, values, 1, "[seeds]")
    checks.require(len(values) > 0, argument, "hold at least one score", "empty")
    return values


def _failed(values: np.ndarray, below: Any) -> float:
    below = np.asarray(below, float)
    must = f"be a number or have the shape {values.shape}"
    checks.require(below.shape in ((), values.shape), "failed_below", must, f"of shape {below.shape}")
    checks.require(bool(np.isfinite(below).all()), "failed_below", "be finite", below)
    return float(np.mean(~np.isfinite(values) | (values < below)))


def _intervals(values: np.ndarray) -> np.ndarray:
    """Returns the ends of the bootstrap intervals: the mean's low and high, the interquartile mean's."""
    if len(values) < 2:
        return np.full(4, np.nan)
    weights, level = resampling(len(values))
    resampled = np.vecdot(weights, np.sort(values))  # on one thread, unlike @: several would wait for each other
    return np.quantile(resampled, [level, 1 - level], axis=1).T.ravel()


@functools.lru_cache(maxsize=2)
def resampling(seeds: int) -> tuple[np.ndarray, float]:
    """Returns weights [2, RESAMPLES, seeds] and the level of each tail.

    Mean and interquartile mean of a resample are sums over the sorted scores, weighted by how often it holds each,
    so that the same weights serve all scores of so many seeds.
    """
    from scipy.special import ndtr, stdtrit

    generator = np.random.default_rng(RESAMPLING_SEED)
    counts = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES)
    outer = seeds // 4
    inside = np.clip(counts.cumsum(axis=1), outer, seeds - outer)
    kept = np.diff(inside, axis=1, prepend=outer)
    quantile = stdtrit(seeds - 1, (1 + CONFIDENCE) / 2)
    level = float(ndtr(-quantile * np.sqrt(seeds / (seeds - 1))))
    return np.stack([counts / seeds, kept / (seeds - 2 * outer)]), level
