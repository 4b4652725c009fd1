"""Differences of scores of the same seeds: their size, their tests, and corrections for many of them."""

from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.summaries import predicted_mean, seed_scores

LEVEL = 0.05
"""Level of every claim, after correction."""
EXACT = 50
"""Differences up to which the signed-rank test is exact; for more it takes the normal limit."""


class Difference(NamedTuple):
    """A paired comparison over the seeds.

    Attributes:
        mean: Mean of the differences by seed.
        low: Lower end of its 95 % interval (Student's t); NaN for one seed.
        high: Upper end.
        p: Two-sided p of Wilcoxon's signed-rank test, uncorrected; seeds without a difference are left out of it.
        cliffs_delta: Over all pairs of seeds, the share with after > before less the share with after < before.
        win_rate: Share of the seeds whose difference is positive; no difference counts half.
    """

    mean: float
    low: float
    high: float
    p: float
    cliffs_delta: float
    win_rate: float


def difference(before: Any, after: Any) -> Difference:
    """Returns the paired comparison of scores [seeds] of the same seeds, after minus before.

    If a score is not finite, all figures are NaN: nothing can be claimed.

    References:
        Wilcoxon, Biometrics Bulletin 1, 80 (1945); Cliff, Psychological Bulletin 114, 494 (1993).
    """
    before, after = seed_scores("before", before), seed_scores("after", after)
    must = f"have the shape {before.shape}, a score for each seed of `before`"
    checks.require(after.shape == before.shape, "after", must, after.shape)
    if not np.isfinite([before, after]).all():
        return Difference(*[np.nan] * 6)
    change = after - before
    delta = _cliffs_delta(before, after)
    wins = (1 + np.sign(change).mean()) / 2
    interval = predicted_mean(change, count=None)
    return Difference(float(change.mean()), *interval, _signed_rank(change), float(delta), float(wins))


def holm(p_values: Any) -> np.ndarray:
    """Returns p values corrected for testing all of them, by Holm's step-down method; the order is kept.

    NaN stays NaN, and is counted as a test that shows nothing.

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


def _cliffs_delta(before: np.ndarray, after: np.ndarray) -> float:
    """Returns how often a score after exceeds one before, less how often it falls below, over all pairs."""
    ordered = np.sort(before)  # which needs no array of all pairs
    lower, not_higher = (np.searchsorted(ordered, after, side=side).sum() for side in ("left", "right"))
    pairs = len(before) * len(after)
    return float((lower - (pairs - not_higher)) / pairs)


def _signed_rank(change: np.ndarray) -> float:
    """Returns the p of the sum of the positive differences' ranks among all signs that they could have had."""
    from scipy.stats import rankdata, wilcoxon

    moved = change[change != 0]
    if len(moved) > EXACT:
        return float(wilcoxon(moved, method="asymptotic").pvalue)
    # scipy is exact only without ties; twice the ranks are whole numbers with them, too.
    ranks = (2 * rankdata(np.abs(moved))).astype(int)
    chances = np.eye(1, ranks.sum() + 1)[0]
    for rank in ranks:
        chances = (chances + np.roll(chances, rank)) / 2
    positive = ranks[moved > 0].sum()
    return min(1.0, 2 * float(min(chances[: positive + 1].sum(), chances[positive:].sum())))
