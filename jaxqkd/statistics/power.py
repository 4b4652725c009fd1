"""Power: what so many seeds could have shown, and how many of them a claim needs."""

import bisect
import functools
import math
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.differences import LEVEL
from jaxqkd.statistics.summaries import RESAMPLING_SEED, seed_scores

LARGEST = 2**40
"""Seeds beyond which no number is enough."""
NORMAL = 5000
"""Seeds beyond which differences of that many are taken as normal."""
STUDIES = 4000
"""Resamples of which a power is the share."""


def smallest_effect(change: Any, comparisons: int = 1, power: float = 0.8) -> float:
    """Returns the smallest mean difference that so many seeds would have shown, in the score's units.

    That is the mean at which a two-sided paired t test at level 0.05 / comparisons finds a difference with
    probability `power`, by the noncentral t distribution, for normal differences that spread as `change` [seeds]
    does. A signed-rank test needs about a tenth more, or a quarter with hardly more than `fewest_seeds`. NaN for
    one seed, or if a difference is not finite.

    Raises:
        ValueError: If power is below 0.5 or not below 1, or comparisons is not a positive integer.

    References:
        Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988, section 2.3.
    """
    change = seed_scores("change", change)
    checks.integer("comparisons", comparisons)
    checks.require(0.5 <= power < 1, "power", "be at least 0.5 and below 1", power)
    if len(change) < 2 or not np.isfinite(change).all():
        return np.nan
    return float(change.std(ddof=1)) * detectable(len(change), comparisons, power)


def seeds_needed(effect: float, deviation: float, comparisons: int = 1, power: float = 0.8) -> float:
    """Returns the smallest number of seeds that would show a mean difference: the inverse of `smallest_effect`.

    It is at least `fewest_seeds`, infinite for an effect of 0, and NaN if a figure is.

    Args:
        effect: The mean difference, of either sign.
        deviation: The standard deviation of the differences by seed. For scores that are not paired, whose
            variances are v and w, that is sqrt(v + w).
        comparisons: The number of tests that are corrected for.
        power: The probability with which the difference is to be found.

    Raises:
        ValueError: If power is below 0.5 or not below 1, the deviation is negative, or comparisons is not a
            positive integer.

    >>> seeds_needed(0.5, 1.0)
    34
    """
    checks.integer("comparisons", comparisons)
    checks.require(0.5 <= power < 1, "power", "be at least 0.5 and below 1", power)
    checks.require(not deviation < 0, "deviation", "not be negative", deviation)
    if np.isnan(effect) or np.isnan(deviation):
        return np.nan
    if effect == 0:
        return np.inf
    size, least = abs(effect) / deviation if deviation else np.inf, fewest_seeds(comparisons)
    enough = functools.partial(_is_enough, size, comparisons, power)
    high = least
    while not enough(high):
        if high > LARGEST:
            return np.inf
        high *= 2
    low = max(least, high // 2)
    return low + bisect.bisect_left(range(low, high), True, key=enough)


def resampled_power(change: Any, seeds: int, comparisons: int = 1) -> float:
    """Returns how often so many seeds, drawn with repetition from differences [seeds], show their mean's sign.

    That is the share of resamples whose paired t test at level 0.05 / comparisons finds a difference of the sign
    of the mean. Unlike `seeds_needed` it knows nothing of normal differences, but needs many of them. NaN if a
    difference is not finite.

    Args:
        change: Differences [seeds], many more than are drawn.
        seeds: Number of seeds of a resample, at least 2.
        comparisons: The number of tests that are corrected for.
    """
    from scipy.special import stdtrit

    change = seed_scores("change", change)
    checks.integer("seeds", seeds, least=2)
    checks.integer("comparisons", comparisons)
    if not np.isfinite(change).all():
        return np.nan
    generator = np.random.default_rng(RESAMPLING_SEED)
    drawn = change[generator.integers(len(change), size=(STUDIES, seeds))]
    reach = stdtrit(seeds - 1, 1 - LEVEL / comparisons / 2) * drawn.std(axis=1, ddof=1) / np.sqrt(seeds)
    return float(np.mean(np.sign(change.mean()) * drawn.mean(axis=1) > reach))


def smallest_p(seeds: int) -> float:
    """Returns the smallest two-sided p that a signed-rank test of so many seeds can have: 2^(1 - seeds).

    It is reached if every difference has the same sign.

    >>> smallest_p(6)
    0.03125
    """
    checks.integer("seeds", seeds)
    return 2.0 ** (1 - seeds)


def fewest_seeds(comparisons: int) -> int:
    """Returns the number of seeds from which a signed-rank p can pass Holm's correction over so many comparisons.

    That is the least n with comparisons * smallest_p(n) below 0.05.

    >>> fewest_seeds(1)
    6
    """
    checks.integer("comparisons", comparisons)
    return math.ceil(1 - math.log2(LEVEL / comparisons))


def _is_enough(size: float, comparisons: int, power: float, seeds: int) -> bool:
    """Returns whether so many seeds detect an effect of that size, in standard deviations."""
    return detectable(seeds, comparisons, power) <= size


@functools.lru_cache(maxsize=1024)
def detectable(seeds: int, comparisons: int, power: float) -> float:
    """Returns the effect that a paired t test detects, in standard deviations of the differences."""
    from scipy.special import nctdtrinc, ndtri, stdtrit

    # The chance to find the effect with the wrong sign is left out: below 0.001 at these powers.
    quantile = stdtrit(seeds - 1, 1 - LEVEL / comparisons / 2)
    if seeds > NORMAL:  # where scipy's inverse loses digits, and Student's t is normal
        return float((quantile + ndtri(power)) / np.sqrt(seeds))
    return float(nctdtrinc(seeds - 1, 1 - power, quantile) / np.sqrt(seeds))
