import numpy as np
import pytest
import xarray as xr
from scipy import stats

from jaxqkd.statistics import (
    Difference,
    Summary,
    compare,
    describe,
    difference,
    fewest_seeds,
    holm,
    predicted_mean,
    smallest_effect,
    smallest_p,
    summary,
)


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_summary_of_known_values():
    found = summary([6.0, 1.0, 2.0])
    assert found[:4] == (3.0, 7.0, 2.0, 3.0)
    assert found.mean_low < 3.0 < found.mean_high
    assert np.isnan(found.failed)


def test_summary_of_one_seed_has_no_spread():
    found = summary([0.5], failed_below=0.4)
    assert (found.mean, found.median, found.iqm, found.failed) == (0.5, 0.5, 0.5, 0.0)
    assert np.isnan([found.variance, *found[4:8]]).all()


def test_interquartile_mean_by_hand():
    assert summary([0.0, 10.0, 1.0, 2.0, 3.0, 4.0, 100.0, -50.0]).iqm == (1 + 2 + 3 + 4) / 4


@pytest.mark.parametrize("seeds", range(2, 14))
def test_interquartile_mean_agrees_with_scipy(seeds):
    values = _normal(seeds, seed=seeds)
    assert summary(values).iqm == pytest.approx(stats.trim_mean(values, 0.25), rel=1e-12)


def test_intervals_of_two_seeds_reach_from_one_to_the_other():
    assert summary([0.0, 1.0])[4:8] == (0.0, 1.0, 0.0, 1.0)


def test_intervals_of_equal_scores_have_no_width():
    np.testing.assert_allclose(summary(np.full(12, 0.9))[4:8], 0.9, rtol=1e-12)


@pytest.mark.parametrize("seeds", [12, 40])
def test_the_mean_of_regular_scores_has_students_interval(seeds):
    values = stats.norm.ppf((np.arange(seeds) + 0.5) / seeds)
    found, (low, high) = summary(values), predicted_mean(values, count=None)
    np.testing.assert_allclose([found.mean_low, found.mean_high], [low, high], rtol=0.04)


def test_intervals_agree_with_scipys_bootstrap_at_the_expanded_level():
    values = np.random.default_rng(5).beta(4, 2, size=12)
    level = 1 - 2 * stats.norm.cdf(-np.sqrt(12 / 11) * stats.t.ppf(0.975, 11))
    found = summary(values)
    for statistic, low, high in (
        (np.mean, found.mean_low, found.mean_high),
        (lambda x, axis: stats.trim_mean(x, 0.25, axis=axis), found.iqm_low, found.iqm_high),
    ):
        known = stats.bootstrap((values,), statistic, confidence_level=level, method="percentile", rng=1)
        np.testing.assert_allclose([low, high], known.confidence_interval, atol=0.05 * (high - low))


def test_summary_follows_a_change_of_units_and_ignores_the_order_of_seeds():
    values = np.random.default_rng(3).beta(8, 2, size=15)
    found = np.array(summary(values, failed_below=0.7))
    moved = np.array(summary(2 * values + 1, failed_below=2.4))
    np.testing.assert_allclose(moved[[0, 2, 3, 4, 5, 6, 7]], 2 * found[[0, 2, 3, 4, 5, 6, 7]] + 1, rtol=1e-12)
    np.testing.assert_allclose(moved[[1, 8]], found[[1, 8]] * [4, 1], rtol=1e-12)
    np.testing.assert_allclose(summary(values[::-1], failed_below=0.7), found, rtol=1e-12)


def test_failed_are_those_below_the_bound_and_those_not_finite():
    assert summary([0.1, 0.5, 0.5, 0.9], failed_below=0.5).failed == 0.25
    assert summary([0.1, 0.5, 0.5, 0.9], failed_below=[0.0, 0.6, 0.5, 1.0]).failed == 0.5
    found = summary([np.nan, np.inf, 0.9, 0.2], failed_below=0.5)
    assert found.failed == 0.75
    assert np.isnan(found[:8]).all()


@pytest.mark.parametrize(
    ("values", "bound", "told"),
    [
        ([], None, "`values` must hold at least one score, but is empty"),
        ([[0.1, 0.2]], None, r"`values` must have 1 axes \[seeds\]"),
        ([0.1, 0.2], [0.1, 0.2, 0.3], r"`failed_below` must be a number or have the shape \(2,\)"),
        ([0.1, 0.2], [0.1, np.nan], "`failed_below` must be finite"),
    ],
)
def test_summary_refuses_what_is_no_score_a_seed(values, bound, told):
    with pytest.raises(ValueError, match=told):
        summary(values, failed_below=bound)


def _coverage(distribution, seeds, *, count=1000):
    """The shares of samples whose two bootstrap intervals hold the true mean and interquartile mean."""
    lower, upper = distribution.ppf([0.25, 0.75])
    middle = distribution.expect(lb=lower, ub=upper, conditional=True)
    samples = distribution.rvs((count, seeds), random_state=seeds)
    found = np.array([summary(sample) for sample in samples])
    inside = [
        (found[:, at] <= truth) & (truth <= found[:, at + 1])
        for at, truth in ((4, distribution.mean()), (6, middle))
    ]
    return np.mean(inside, axis=1)


@pytest.mark.parametrize("seeds", [12, 32, 64])
@pytest.mark.parametrize(
    "distribution", [stats.norm(), stats.uniform(), stats.beta(8, 2)], ids=["normal", "uniform", "beta"]
)
@pytest.mark.slow
def test_bootstrap_intervals_cover_in_95_of_100_cases(distribution, seeds):
    mean, middle = _coverage(distribution, seeds)
    assert 0.92 <= mean <= 0.98
    assert 0.92 <= middle <= 0.98


def test_the_interval_of_the_mean_covers_less_where_few_scores_lie_far_off():
    mean, _ = _coverage(stats.beta(2, 0.3), 12)
    assert mean == pytest.approx(0.90, abs=0.03)


def test_the_interval_of_the_mean_covers_least_where_few_seeds_fail():
    rng, inside = np.random.default_rng(12), 0
    failed = rng.uniform(size=(1000, 12)) < 0.1
    for row in np.where(failed, 0.3, 0.95) + rng.normal(scale=0.02, size=failed.shape):
        found = summary(row)
        inside += found.mean_low <= 0.885 <= found.mean_high
    assert inside / 1000 == pytest.approx(0.71, abs=0.045)
    assert failed.any(axis=1).mean() == pytest.approx(0.72, abs=0.045)  # the others show no failure, and miss


def test_interval_of_the_mean_agrees_with_scipy():
    values = _normal(9)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(predicted_mean(values, count=None), expected, rtol=1e-12)


def test_prediction_is_wider_than_the_interval_of_the_mean_by_its_own_noise():
    values = _normal(12, seed=1)
    low, high = predicted_mean(values, count=None)
    new_low, new_high = predicted_mean(values, count=12)
    assert (new_high - new_low) / (high - low) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("seeds", [4, 12, 32])
def test_prediction_covers_the_mean_of_new_seeds_in_95_of_100_cases(seeds):
    draw = _normal(4000, seeds + 12, seed=seeds)
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
    assert found.win_rate == (3 + 0.5) / 4
    assert found.p == 2 / 2**3
    assert found.low < 0.15 < found.high


def test_cliffs_delta_by_hand():
    # Of nine pairs 2 > 1, 3 > 1, 3 > 2, 4 > 1, 4 > 2 and 4 > 3 rise, 2 < 3 falls, and two are equal.
    assert difference([1, 2, 3], [2, 3, 4]).cliffs_delta == pytest.approx((6 - 1) / 9)


def test_cliffs_delta_is_one_where_all_after_lie_above_all_before():
    assert difference([0.1, 0.2, 0.3], [0.4, 0.9, 0.5])[4:] == (1.0, 1.0)


def test_cliffs_delta_is_mann_whitneys_u_on_another_scale():
    before, after = _normal(2, 15).round(1)
    u = stats.mannwhitneyu(after, before).statistic
    assert difference(before, after).cliffs_delta == pytest.approx(2 * u / 15**2 - 1)


def test_no_change_at_all_has_p_one():
    assert difference(np.ones(5), np.ones(5)) == (0.0, 0.0, 0.0, 1.0, 0.0, 0.5)


def test_the_smallest_p_of_twelve_seeds():
    assert difference(np.zeros(12), np.arange(1.0, 13.0)).p == 2 / 2**12


def test_signed_rank_with_ties_by_hand():
    # Four equal ranks: as improbable as three heads or more, or one or fewer, of four coins.
    assert difference(np.zeros(4), [1, 1, 1, -1]).p == 10 / 16


@pytest.mark.parametrize("seeds", [1, 2, 5, 12, 33, 50, 51, 80])
def test_signed_rank_agrees_with_scipy(seeds):
    change = _normal(seeds, seed=seeds) + 0.3
    assert difference(np.zeros(seeds), change).p == pytest.approx(stats.wilcoxon(change).pvalue, rel=1e-9)


def test_signed_rank_with_ties_agrees_with_scipys_permutations():
    change = np.array([0.2, 0.2, -0.1, 0.3, 0.0, 0.3, 0.3, -0.2])
    expected = stats.wilcoxon(change, method=stats.PermutationMethod()).pvalue
    assert difference(np.zeros(8), change).p == pytest.approx(expected)


@pytest.mark.parametrize("seeds", [1, 7, 60])
def test_difference_is_antisymmetric_and_ignores_the_order_of_seeds(seeds):
    before, after = _normal(2, seeds).round(1)
    mean, low, high, p, delta, wins = difference(before, after)
    np.testing.assert_allclose(difference(after, before), (-mean, -high, -low, p, -delta, 1 - wins), rtol=1e-12)
    order = np.random.default_rng(1).permutation(seeds)
    np.testing.assert_allclose(
        difference(before[order], after[order]), (mean, low, high, p, delta, wins), rtol=1e-9
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_score_that_is_not_finite_makes_all_of_a_difference_unknown(bad):
    assert np.isnan(difference([bad, 0.1, 0.2], [bad, 0.3, 0.4])).all()
    assert np.isnan(smallest_effect([0.1, bad, 0.2]))


def test_difference_refuses_unequal_seeds():
    with pytest.raises(ValueError, match=r"`after` must have the shape \(2,\), a score for each seed of `before`"):
        difference([0.1, 0.2], [0.1, 0.2, 0.3])


def test_smallest_effect_of_many_seeds_is_that_of_the_normal_distribution():
    change = np.tile([-1.0, 1.0], 5000)
    assert smallest_effect(change) == pytest.approx((1.959964 + 0.841621) / 100, rel=1e-3)


def test_smallest_effect_has_the_units_of_the_score_and_grows_with_comparisons_and_power():
    change = _normal(12)
    assert smallest_effect(100 * change + 3) == pytest.approx(100 * smallest_effect(change))
    assert smallest_effect(change) < smallest_effect(change, 10) < smallest_effect(change, 10, power=0.95)
    assert np.isnan(smallest_effect([0.1]))


@pytest.mark.parametrize(("seeds", "comparisons"), [(6, 1), (12, 1), (12, 20), (64, 20)])
def test_a_t_test_finds_the_smallest_effect_in_80_of_100_cases(seeds, comparisons):
    scores = stats.zscore(np.arange(seeds), ddof=1)
    drawn = _normal(20_000, seeds) + smallest_effect(scores, comparisons)
    power = np.mean(stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05 / comparisons)
    assert power == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / 20_000))


@pytest.mark.parametrize("seeds", [12, 32])
def test_a_signed_rank_test_finds_a_tenth_more_in_80_of_100_cases(seeds):
    effect = smallest_effect(stats.zscore(np.arange(seeds), ddof=1))
    drawn = _normal(2000, seeds) + 1.1 * effect
    assert 0.8 < np.mean([difference(np.zeros(seeds), change).p < 0.05 for change in drawn]) < 0.9


@pytest.mark.parametrize(
    ("options", "told"),
    [({"comparisons": 0}, "`comparisons`"), ({"power": 0.3}, "`power`"), ({"power": 1}, "`power`")],
)
def test_smallest_effect_refuses_what_has_no_answer(options, told):
    with pytest.raises(ValueError, match=told):
        smallest_effect([0.1, 0.2, 0.3], **options)


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_counts_what_is_unknown_as_a_test():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.03]), [0.03, np.nan, 0.06])


def test_holm_is_monotone():
    for row in np.random.default_rng(4).uniform(size=(50, 8)) ** 3:
        corrected = holm(row)
        assert (np.diff(corrected[np.argsort(row)]) >= 0).all()
        assert (corrected >= row).all()
        assert (corrected <= np.minimum(1, 8 * row)).all()
        raised = row.copy()
        raised[3] = min(1.0, 2 * row[3])
        assert (holm(raised) >= corrected).all()


def test_holm_keeps_the_family_wise_error_below_five_per_cent():
    p_values = np.random.default_rng(2).uniform(size=(4000, 10))
    assert np.mean([holm(row).min() < 0.05 for row in p_values]) < 0.06


@pytest.fixture
def scores():
    """F1 of two students at three alphas over twelve seeds: an alpha of 0.9 helps one and harms the other."""
    rng = np.random.default_rng(6)
    values = 0.6 + 0.05 * rng.normal(size=12) + 0.01 * rng.normal(size=(2, 3, 12))
    values[:, 2] += [[0.2], [-0.2]]
    coordinates = {"student": ["hea", "mlp"], "alpha": [0.0, 0.5, 0.9], "seed": np.arange(12)}
    attributes = {"long_name": "macro F1", "units": "1"}
    return xr.DataArray(values, coordinates, ("student", "alpha", "seed"), name="f1_macro", attrs=attributes)


def test_describe_gives_the_summary_at_each_place(scores):
    found = describe(scores.transpose("seed", "alpha", "student"), majority=0.5)
    assert tuple(found.data_vars) == Summary._fields
    assert dict(found.sizes) == {"alpha": 3, "student": 2}
    at = {"student": "mlp", "alpha": 0.9}
    expected = summary(scores.sel(at).values, failed_below=0.55)
    np.testing.assert_allclose([found[name].sel(at) for name in Summary._fields], expected, rtol=1e-12)
    assert expected.failed > 0.9


def test_describe_names_its_variables_and_their_units(scores):
    found = describe(scores.assign_attrs(units="s"))
    assert found.mean_low.long_name == "macro F1: lower end of the mean's 95 % interval"
    assert (found.iqm.units, found.variance.units, found.failed.units) == ("s", "(s)^2", "1")
    assert np.isnan(found.failed).all()


def test_describe_takes_a_majority_of_each_seed(scores):
    majority = xr.DataArray(np.where(np.arange(12) < 3, 0.95, 0.05), {"seed": scores.seed})
    found = describe(scores, majority=majority, margin=0.1)
    np.testing.assert_allclose(found.failed, 0.25)
    one = scores[0, 0]
    assert describe(one, majority=0.1, margin=float(one.median()) - 0.1).failed == 0.5


@pytest.mark.parametrize(
    ("majority", "told"),
    [
        (xr.DataArray([0.1, 0.2], dims="size"), "`majority` must have no dimension but student, alpha, seed"),
        (xr.DataArray(np.zeros(12), {"seed": np.arange(1, 13)}), "seed"),
        (np.nan, "`failed_below` must be finite"),
    ],
)
def test_describe_refuses_a_majority_that_does_not_fit(scores, majority, told):
    with pytest.raises(ValueError, match=told):
        describe(scores, majority=majority)


def test_describe_and_compare_need_seeds(scores):
    for function in (describe, lambda found: compare(found, "alpha")):
        with pytest.raises(ValueError, match="`scores` must have a dimension `seed`, but is over student, alpha"):
            function(scores.mean("seed"))


def test_compare_pairs_all_values_at_each_place(scores):
    table = compare(scores, "alpha")
    added = ("p_corrected", "cliffs_delta", "win_rate", "smallest_effect", "verdict")
    assert tuple(table) == ("student", "before", "after", "mean", "low", "high", "p", *added)
    places = list(zip(table.student, table.before, table.after, strict=True))
    pairs = [(0.0, 0.5), (0.0, 0.9), (0.5, 0.9)]
    assert places == [(name, *pair) for name in ("hea", "mlp") for pair in pairs]
    for at, (name, before, after) in enumerate(places):
        pair = (scores.sel(student=name, alpha=alpha).values for alpha in (before, after))
        assert tuple(table.loc[at, list(Difference._fields)]) == difference(*pair)
    np.testing.assert_array_equal(table.p_corrected, holm(table.p))
    change = scores.sel(student="mlp", alpha=0.5) - scores.sel(student="mlp", alpha=0.0)
    assert table.smallest_effect[3] == smallest_effect(change.values, comparisons=6)
    none, better, worse = "no difference shown", "better", "worse"
    assert list(table.verdict) == [none, better, better, none, worse, worse]


def test_compare_with_a_baseline(scores):
    table = compare(scores, "alpha", baseline=0.5)
    assert list(zip(table.before, table.after, strict=True)) == [(0.5, 0.0), (0.5, 0.9)] * 2


def test_compare_ignores_the_order_of_seeds_and_of_dimensions(scores):
    known = compare(scores, "alpha")
    found = compare(scores.isel(seed=np.random.default_rng(0).permutation(12)).transpose(), "alpha")
    assert (found.verdict == known.verdict).all()
    numbers = list(known.columns[3:-1])
    np.testing.assert_allclose(found[numbers], known[numbers], rtol=1e-9)


def test_compare_along_the_only_dimension(scores):
    table = compare(scores.sel(alpha=0.9, drop=True), "student")
    assert list(table.columns[:2]) == ["before", "after"]
    assert list(table.verdict) == ["worse"]


def test_too_few_seeds_are_told_and_claim_nothing(scores):
    least = fewest_seeds(6)
    few = compare(scores.isel(seed=slice(least - 1)), "alpha")
    assert set(few.verdict) == {"too few seeds"}
    assert np.isinf(few.smallest_effect).all()
    assert set(compare(scores.isel(seed=slice(least)), "alpha").verdict) >= {"better", "worse"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_claims_nothing_and_counts_in_the_correction(scores, bad):
    scores[0, 1:, 5] = bad
    table = compare(scores, "alpha")
    unknown = table.verdict == "scores not finite"
    assert list(unknown) == [True, True, True, False, False, False]
    assert table.loc[unknown, ["mean", "p", "p_corrected", "win_rate", "smallest_effect"]].isna().all(axis=None)
    assert table.p_corrected.min() == pytest.approx(6 * 2 / 2**12)


def test_a_mean_against_most_seeds_claims_nothing():
    before = np.zeros(12)
    after = np.append(-np.linspace(0.1, 0.2, 11), 9.0)
    pair = xr.DataArray([before, after], {"alpha": [0.0, 0.9]}, ("alpha", "seed"))
    table = compare(pair, "alpha")
    assert table.p_corrected[0] < 0.05
    assert table["mean"][0] > 0
    assert list(table.verdict) == ["no difference shown"]


@pytest.mark.parametrize(
    ("along", "baseline", "told"),
    [
        ("temperature", None, "`along` must be one of 'student', 'alpha', but is 'temperature'"),
        ("seed", None, "`along` must be one of 'student', 'alpha', but is 'seed'"),
        ("alpha", 0.7, r"`baseline` must be one of 0.0, 0.5, 0.9, but is 0.7"),
    ],
)
def test_compare_refuses_what_is_not_there(scores, along, baseline, told):
    with pytest.raises(ValueError, match=told):
        compare(scores, along, baseline=baseline)


def test_compare_refuses_a_single_value_and_a_dimension_named_as_a_column(scores):
    with pytest.raises(ValueError, match="`along` must name a dimension of at least two values"):
        compare(scores.isel(alpha=[0]), "alpha")
    with pytest.raises(ValueError, match=r"`scores` must have no dimension named as a column.*'p'"):
        compare(scores.rename(student="p"), "alpha")


@pytest.mark.parametrize("step", [0.0, 0.1], ids=["continuous", "with ties"])
def test_equal_students_are_told_apart_in_at_most_five_of_100_tables(step):
    rng, tables = np.random.default_rng(8), 300
    drawn = rng.beta(8, 2, size=(tables, 2, 4, 12)) + rng.uniform(size=(tables, 1, 1, 12))
    values = np.round(drawn / step) * step if step else drawn
    found = xr.DataArray(values, dims=("table", "size", "student", "seed"))
    claims = sum(compare(table, "student", baseline=0).verdict.isin(["better", "worse"]).any() for table in found)
    assert claims <= stats.binom.ppf(0.99, tables, 0.05)


@pytest.mark.parametrize("seeds", [3, 6, 12])
def test_the_smallest_p_is_that_of_differences_of_one_sign(seeds):
    found = difference(np.zeros(seeds), np.arange(1.0, seeds + 1))
    assert found.p == smallest_p(seeds) == 2.0 ** (1 - seeds)


def test_the_fewest_seeds_are_the_least_that_can_pass_a_correction():
    assert (fewest_seeds(1), fewest_seeds(24)) == (6, 10)
    for comparisons in (1, 7, 24, 300):
        least = fewest_seeds(comparisons)
        assert comparisons * smallest_p(least) < 0.05 < comparisons * smallest_p(least - 1)


@pytest.mark.parametrize("function", [smallest_p, fewest_seeds])
@pytest.mark.parametrize("number", [0, -3, 2.5])
def test_numbers_of_seeds_and_comparisons_are_positive_integers(function, number):
    with pytest.raises(ValueError, match="must be"):
        function(number)
