"""Power: what so many seeds could have shown, and how many of them a claim needs."""

import functools
import math
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.differences import LEVEL
from jaxqkd.statistics.summaries import seed_scores


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


@functools.lru_cache(maxsize=64)
def detectable(seeds: int, comparisons: int, power: float) -> float:
    """Returns the effect that a paired t test detects, in standard deviations of the differences."""
    from scipy.special import nctdtrinc, stdtrit

    # The chance to find the effect with the wrong sign is left out: below 0.001 at these powers.
    quantile = stdtrit(seeds - 1, 1 - LEVEL / comparisons / 2)
    return float(nctdtrinc(seeds - 1, 1 - power, quantile) / np.sqrt(seeds))
