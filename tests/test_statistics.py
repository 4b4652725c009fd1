import numpy as np
import pytest
from scipy import stats

from jaxqkd.studies.statistics import difference, holm, predicted_mean, summary


def test_summary_of_known_values():
    assert summary([1.0, 2.0, 6.0]) == (3.0, 7.0, 2.0)


def test_summary_of_one_seed_has_no_variance():
    found = summary([0.5])
    assert found.mean == found.median == 0.5
    assert np.isnan(found.variance)


def test_interval_of_the_mean_agrees_with_scipy():
    values = np.random.default_rng(0).normal(size=9)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(predicted_mean(values, count=None), expected, rtol=1e-12)


def test_prediction_is_wider_than_the_interval_of_the_mean_by_its_own_noise():
    values = np.random.default_rng(1).normal(size=12)
    low, high = predicted_mean(values, count=None)
    new_low, new_high = predicted_mean(values, count=12)
    assert (new_high - new_low) / (high - low) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("seeds", [4, 12, 32])
def test_prediction_covers_the_mean_of_new_seeds_in_95_of_100_cases(seeds):
    draw = np.random.default_rng(seeds).normal(size=(4000, seeds + 12))
    inside = 0
    for row in draw:
        low, high = predicted_mean(row[:seeds], count=12)
        inside += low <= row[seeds:].mean() <= high
    assert 0.935 <= inside / 4000 <= 0.965


def test_prediction_of_one_seed_is_unknown():
    assert np.isnan(predicted_mean([0.3], count=12)).all()


def test_difference_of_known_pairs():
    before, after = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.2, 0.4, 0.6, 0.4])
    found = difference(before, after)
    assert found.mean == pytest.approx(0.15)
    assert found.gained == 0.75
    assert found.p == pytest.approx(stats.wilcoxon([0.1, 0.2, 0.3]).pvalue)
    assert found.low < 0.15 < found.high


def test_no_change_at_all_has_p_one():
    assert difference(np.ones(5), np.ones(5)) == (0.0, 0.0, 0.0, 1.0, 0.0)


def test_the_smallest_p_of_twelve_seeds():
    assert difference(np.zeros(12), np.arange(1.0, 13.0)).p == pytest.approx(2 / 2**12)


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_keeps_the_family_wise_error_below_five_per_cent():
    p_values = np.random.default_rng(2).uniform(size=(4000, 10))
    assert np.mean([holm(row).min() < 0.05 for row in p_values]) < 0.06
