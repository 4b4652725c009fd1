"""Components of variance: simulated data whose components are known, and independent estimates."""

import itertools

import numpy as np
import pytest

from jaxqkd.statistics import components, reml

SIZES = (8, 4, 16)
NAMES = ("data", "teacher", "start")
DEVIATIONS = {(0,): 1.0, (1,): 0.5, (2,): 0.3, (0, 1): 0.7, (0, 2): 0.0, (1, 2): 0.4, (0, 1, 2): 0.6}
VARIANCES = np.square(list(DEVIATIONS.values()))


def simulated(generator, sizes=SIZES, deviations=DEVIATIONS, draw=None):
    """Scores of crossed random effects, by default normal."""
    draw = draw or (lambda shape: generator.normal(size=shape))
    scores = np.zeros(sizes)
    for axes in itertools.chain(*(itertools.combinations(range(len(sizes)), n + 1) for n in range(len(sizes)))):
        shape = [size if axis in axes else 1 for axis, size in enumerate(sizes)]
        scores = scores + deviations.get(axes, 0) * draw(shape)
    return scores


@pytest.fixture(scope="module")
def found():
    generator = np.random.default_rng(0)
    return [components(simulated(generator), NAMES) for _ in range(300)]


def test_effects_are_all_sets_of_factors(found):
    assert found[0].effects == tuple(tuple(NAMES[axis] for axis in axes) for axes in DEVIATIONS)
    assert found[0].with_factor("teacher") == [effect for effect in found[0].effects if "teacher" in effect]


def test_estimates_are_unbiased(found):
    estimates = np.asarray([each.variances for each in found])
    error = estimates.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(estimates.mean(axis=0) - VARIANCES) < 3.5 * error)
    assert np.any(estimates < 0)  # which an estimate that is cut off at 0 would not be


def test_intervals_hold_known_components_shares_and_means(found):
    held = np.mean([(each.low <= VARIANCES) & (each.high >= VARIANCES) for each in found], axis=0)
    assert np.all((held > 0.91) & (held < 0.995))
    share = VARIANCES[[2, 4, 5, 6]].sum() / VARIANCES.sum()
    shares = [each.share(each.with_factor("start")) for each in found]
    assert 0.91 < np.mean([own.low <= share <= own.high for own in shares]) < 0.995
    assert 0.91 < np.mean([each.mean_low <= 0 <= each.mean_high for each in found]) <= 0.995


def test_intervals_are_too_narrow_where_one_level_in_ten_stands_apart():
    generator = np.random.default_rng(1)
    rare = [
        components(simulated(generator, draw=lambda shape: (generator.random(shape) < 0.1) / 0.3), NAMES)
        for _ in range(200)
    ]
    held = np.mean([(each.low <= VARIANCES) & (each.high >= VARIANCES) for each in rare], axis=0)
    assert 0.4 < held.min() < 0.7  # as the docstring says


def test_one_factor_is_the_sample_variance():
    scores = np.random.default_rng(0).normal(size=12)
    one = components(scores, ["seed"])
    assert one.variances == pytest.approx([scores.var(ddof=1)])
    assert one.mean == pytest.approx(scores.mean())
    assert one.share([("seed",)]) == (1.0, 1.0, 1.0)


def test_two_factors_by_hand():
    # rows differ by 2, columns by 4, nothing else: mean squares 4, 16 and 0
    two = components([[0.0, 4.0], [2.0, 6.0]], ["a", "b"])
    assert two.variances == pytest.approx([2.0, 8.0, 0.0], abs=1e-12)
    assert two.mean == 3.0


def test_shifts_do_not_matter_and_scales_are_squared():
    scores = simulated(np.random.default_rng(2))
    first, second = components(scores, NAMES), components(3 * scores + 5, NAMES)
    np.testing.assert_allclose(second.variances, 9 * first.variances, atol=1e-9)
    np.testing.assert_allclose(second.high, 9 * first.high, atol=1e-9)
    assert second.mean == pytest.approx(3 * first.mean + 5)


def test_a_score_that_is_not_finite_claims_nothing():
    scores = simulated(np.random.default_rng(2))
    scores[0, 0, 0] = np.nan
    lost = components(scores, NAMES)
    assert np.isnan([*lost.variances, *lost.low, lost.mean, *lost.share([("data",)])]).all()


def test_equal_scores_have_no_shares():
    flat = components(np.full((3, 3), 0.7), ["a", "b"])
    assert flat.variances == pytest.approx([0, 0, 0], abs=1e-30)
    assert np.isnan(flat.share([("a",)])).all()


@pytest.mark.parametrize(
    ("scores", "names", "told"),
    [
        (np.zeros((2, 2)), ["a"], "`scores` must have 1 axes"),
        (np.zeros((2, 1)), ["a", "b"], "at least 2 levels"),
        (np.zeros((2, 2)), ["a", "a"], "`factors` must hold each value once"),
    ],
)
def test_components_refuse_other_designs(scores, names, told):
    with pytest.raises(ValueError, match=told):
        components(scores, names)


def crossed(generator):
    scores = simulated(generator, (6, 5), {(0,): 1.0, (1,): 0.8, (0, 1): 0.5})
    return scores.ravel(), *(labels.ravel() for labels in np.indices(scores.shape))


def test_the_likelihood_of_a_whole_design_gives_the_moments():
    generator = np.random.default_rng(3)
    for _ in range(3):
        scores, a, b = crossed(generator)
        moments = components(scores.reshape(6, 5), ["a", "b"]).variances
        assert min(moments) > 0
        assert list(reml(scores, {"a": a, "b": b}).values()) == pytest.approx(moments, rel=1e-4)


def test_the_likelihood_of_a_design_with_missing_cells_finds_known_components():
    generator, found = np.random.default_rng(4), []
    for _ in range(30):
        scores, a, b = crossed(generator)
        kept = generator.random(30) < 0.7
        found.append([*reml(scores[kept], {"a": a[kept], "b": b[kept]}).values()])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(np.mean(found, axis=0) - [1.0, 0.64, 0.25]) < 3.5 * error)


def test_the_likelihood_agrees_with_statsmodels():
    regression = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    generator = np.random.default_rng(5)
    scores, a, b = crossed(generator)
    kept = generator.random(30) < 0.8
    scores, a, b = scores[kept], a[kept], b[kept]
    own = reml(scores, {"a": a, "b": b})
    once = np.ones((len(scores), 1))
    parts = [(codes[:, None] == np.unique(codes)).astype(float) for codes in (a, b)]
    components = regression.VCSpec(
        ["a", "b"], [[[str(n) for n in range(m.shape[1])]] for m in parts], [[m] for m in parts]
    )
    theirs = regression.MixedLM(scores, once, np.zeros(len(scores)), exog_vc=components).fit(reml=True)
    assert [own["a"], own["b"], own["residual"]] == pytest.approx([*theirs.vcomp, theirs.scale], rel=1e-3)


def test_the_likelihood_is_never_below_zero_and_of_equal_scores_zero():
    generator = np.random.default_rng(6)
    alone = reml(generator.normal(size=30), {"a": np.arange(30) % 6})
    assert alone["a"] >= 0
    assert alone["residual"] > 0
    assert reml(np.ones(8), {"a": np.arange(8) % 2}) == {"a": 0.0, "residual": 0.0}


@pytest.mark.parametrize(
    ("scores", "levels", "told"),
    [
        ([0.0, 1.0], {"a": [0, 1]}, "`scores` must hold 3 to 3000 scores"),
        ([0.0, np.nan, 1.0], {"a": [0, 0, 1]}, "`scores` must be finite"),
        ([0.0, 1.0, 2.0], {"a": [0, 1]}, "`levels` must hold 3 labels of a"),
        ([0.0, 1.0, 2.0], {"a": [0, 1, 2]}, "fewer levels of a than scores"),
    ],
)
def test_the_likelihood_refuses_what_it_cannot_split(scores, levels, told):
    with pytest.raises(ValueError, match=told):
        reml(scores, levels)
