"""Components of variance: what each factor of a crossed design, and each combination of them, adds to a score."""

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.summaries import CONFIDENCE, RESAMPLES, RESAMPLING_SEED

Effect = tuple[str, ...]
"""One factor, or several for their interaction."""


class Share(NamedTuple):
    """A share of the variance with its 95 % interval; NaN where there is no variance.

    Attributes:
        share: The estimate.
        low: Lower end of its interval.
        high: Upper end.
    """

    share: float
    low: float
    high: float


class Components(NamedTuple):
    """Components of variance of a score with crossed random effects.

    Attributes:
        effects: Every factor and every interaction; the last one, of all factors, holds the rest as well.
        variances: The estimates [effects]; an estimate of chance below 0 is kept, so that it is unbiased.
        low: Lower ends of the 95 % intervals [effects], at least 0.
        high: Upper ends [effects].
        mean: The grand mean.
        mean_low: Lower end of its 95 % interval for new levels of every factor.
        mean_high: Upper end.
        draws: Variances [draws, effects] of the distribution of which the intervals are quantiles, at least 0.
    """

    effects: tuple[Effect, ...]
    variances: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: float
    mean_low: float
    mean_high: float
    draws: np.ndarray

    def share(self, effects: Iterable[Effect]) -> Share:
        """Returns the share of the total variance that is due to some of the effects, together."""
        chosen = np.isin(np.arange(len(self.effects)), [self.effects.index(effect) for effect in effects])
        whole = np.maximum(self.variances, 0)
        if not whole.sum() > 0:
            return Share(*[np.nan] * 3)
        shares = self.draws[:, chosen].sum(axis=1) / self.draws.sum(axis=1)
        tail = (1 - CONFIDENCE) / 2
        return Share(float(whole[chosen].sum() / whole.sum()), *map(float, np.quantile(shares, [tail, 1 - tail])))

    def with_factor(self, name: str) -> list[Effect]:
        """Returns the effects that a factor has a part in: its own and its interactions."""
        return [effect for effect in self.effects if name in effect]


def components(scores: Any, factors: Sequence[str]) -> Components:
    """Returns the components of variance of scores [n_1, ..., n_k] with one score for each combination of levels.

    The model is y = mean + a sum of independent random effects, one for each set of factors. The estimates are
    those of the analysis of variance (the method of moments): unbiased, whatever the distributions. Intervals are
    generalized confidence intervals, a parametric bootstrap: quantiles of the estimates from mean squares times
    df / chi^2. In a design of 8 x 4 x 16 levels, 92 to 98 of 100 hold the truth for normal effects and 97 to 100
    for effects of two values; but where one level in ten stands apart, only 54 to 95 do, since few levels may show
    none such. The mean has Student's t interval with Satterthwaite's degrees of freedom.

    If a score is not finite, all figures are NaN. For designs with missing cells see `reml`.

    Args:
        scores: Scores, an axis for each factor, of at least 2 levels each.
        factors: The names of the factors, by axis.

    References:
        Searle, Casella, McCulloch, Variance Components, Wiley 1992, chapter 4; Weerahandi, JASA 88, 899 (1993).
    """
    scores = np.asarray(scores, float)
    names = tuple(factors)
    checks.names("factors", names)
    checks.rank("scores", scores, len(names), f"[{', '.join(names)}]")
    checks.require(min(scores.shape) > 1, "scores", "have at least 2 levels of each factor", scores.shape)
    effects = tuple(_subsets(range(len(names))))
    named = tuple(tuple(names[axis] for axis in effect) for effect in effects)
    squares = np.asarray([_mean_square(scores, effect) for effect in effects])
    freedom = np.asarray([math.prod(scores.shape[axis] - 1 for axis in effect) for effect in effects])
    to_variances = _moments(effects, scores.shape)
    if not np.isfinite(scores).all():
        nothing = np.full(len(effects), np.nan)
        return Components(named, nothing, nothing, nothing, np.nan, np.nan, np.nan, nothing[None])
    draws = np.maximum((squares * _freedom_over_chi2(tuple(freedom))) @ to_variances.T, 0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    variances = to_variances @ squares
    to_mean = np.asarray([1 / math.prod(scores.shape[axis] for axis in effect) for effect in effects])
    mean = float(scores.mean())
    half = _half((to_mean @ to_variances) * squares, freedom)
    return Components(named, variances, low, high, mean, mean - half, mean + half, draws)


def _subsets(axes: Iterable[int]) -> Iterable[tuple[int, ...]]:
    listed = list(axes)
    return itertools.chain.from_iterable(itertools.combinations(listed, n + 1) for n in range(len(listed)))


def _mean_square(scores: np.ndarray, effect: tuple[int, ...]) -> float:
    """Returns the mean square of an effect: of the means over the other axes, centered along its own."""
    others = tuple(axis for axis in range(scores.ndim) if axis not in effect)
    values = scores.mean(axis=others, keepdims=True)
    for axis in effect:
        values = values - values.mean(axis=axis, keepdims=True)
    freedom = math.prod(scores.shape[axis] - 1 for axis in effect)
    return float((values**2).sum() * math.prod(scores.shape[axis] for axis in others) / freedom)


def _moments(effects: Sequence[tuple[int, ...]], sizes: Sequence[int]) -> np.ndarray:
    """Returns the matrix that takes mean squares to variances: the inverse of that of their expectations."""
    repeats = [math.prod(size for axis, size in enumerate(sizes) if axis not in effect) for effect in effects]
    expected = [
        [repeats[at] if set(effect) <= set(other) else 0 for at, other in enumerate(effects)] for effect in effects
    ]
    return np.linalg.inv(np.asarray(expected, float))


@functools.lru_cache(maxsize=8)
def _freedom_over_chi2(freedom: tuple[int, ...]) -> np.ndarray:
    """Returns draws [RESAMPLES, effects] of df / chi^2, the same each time."""
    generator = np.random.default_rng(RESAMPLING_SEED)
    return np.asarray(freedom) / generator.chisquare(freedom, size=(RESAMPLES, len(freedom)))


def _half(parts: np.ndarray, freedom: np.ndarray) -> float:
    """Returns half of a mean's interval, given the parts of its variance and their degrees of freedom."""
    from scipy.stats import t

    variance = float(parts.sum())
    if not variance > 0:  # by chance, or because all scores are equal
        variance = float(np.maximum(parts, 0).max())
    effective = max(variance**2 / float((parts**2 / freedom).sum()), 1.0) if variance > 0 else 1.0
    return float(t.ppf((1 + CONFIDENCE) / 2, effective)) * math.sqrt(variance)
