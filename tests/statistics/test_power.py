"""Power: numbers of seeds that comparisons need."""

import numpy as np
import pytest
from scipy import stats

from jaxqkd.statistics import fewest_seeds, resampled_power, seeds_needed, smallest_effect


def power_of(effect, seeds, level):
    """The power of a paired t test by scipy's noncentral t distribution."""
    reach = stats.t.ppf(1 - level / 2, seeds - 1)
    return stats.nct.sf(reach, seeds - 1, effect * np.sqrt(seeds))


@pytest.mark.parametrize(("effect", "comparisons"), [(0.5, 1), (0.3, 8), (1.0, 8), (0.05, 1)])
def test_so_many_seeds_are_enough_and_one_less_is_not(effect, comparisons):
    seeds = seeds_needed(effect, 1.0, comparisons)
    assert power_of(effect, seeds, 0.05 / comparisons) >= 0.8 - 1e-6
    assert power_of(effect, seeds - 1, 0.05 / comparisons) < 0.8


def test_it_is_the_inverse_of_the_smallest_effect():
    change = np.random.default_rng(0).normal(size=40)
    effect = smallest_effect(change, 3)
    assert seeds_needed(effect * (1 + 1e-9), change.std(ddof=1), 3) == 40
    assert seeds_needed(-effect * (1 + 1e-9), change.std(ddof=1), 3) == 40


def test_many_seeds_follow_the_normal_limit():
    wanted = ((stats.norm.ppf(1 - 0.05 / 16) + stats.norm.ppf(0.8)) / 1e-3) ** 2
    assert seeds_needed(1e-3, 1.0, 8) == pytest.approx(wanted, rel=1e-5)
    sizes = [seeds_needed(effect, 1.0) for effect in np.geomspace(0.01, 1, 40)]
    assert sizes == sorted(sizes, reverse=True)


def test_large_effects_need_the_fewest_seeds_and_none_needs_no_end_of_them():
    assert seeds_needed(9.0, 1.0, 8) == fewest_seeds(8) == seeds_needed(0.1, 0.0, 8)
    assert seeds_needed(0.0, 1.0) == np.inf
    assert np.isnan(seeds_needed(np.nan, 1.0))


def test_resampled_power_of_normal_differences_is_that_of_the_t_test():
    change = np.random.default_rng(0).normal(0.5, 1.0, 20_000)
    size = change.mean() / change.std()
    for seeds in (12, 34):
        assert resampled_power(change, seeds) == pytest.approx(power_of(size, seeds, 0.05), abs=0.025)
        assert resampled_power(-change, seeds) == resampled_power(change, seeds)


def test_resampled_power_claims_nothing_of_what_is_not_finite():
    assert np.isnan(resampled_power([0.1, np.nan, 0.2], 2))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: seeds_needed(1.0, -1.0), "`deviation` must not be negative"),
        (lambda: seeds_needed(1.0, 1.0, 0), "`comparisons` must be at least 1"),
        (lambda: seeds_needed(1.0, 1.0, power=0.4), "`power` must be at least 0.5"),
        (lambda: resampled_power([0.0, 1.0], 1), "`seeds` must be at least 2"),
    ],
)
def test_figures_out_of_range_are_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()
