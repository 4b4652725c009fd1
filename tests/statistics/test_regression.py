"""Linear models with intervals over whole seeds."""

import numpy as np
import pytest

from jaxqkd.statistics import regress


def drawn(seed, *, seeds=20, rows=15, spread=0.5):
    """Rows of y = 1.5 a - b + luck of the seed + noise."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(seeds), rows)
    x = np.stack([generator.normal(size=len(labels)), 0.5 + generator.random(len(labels))], axis=1)
    luck = spread * generator.normal(size=seeds)[labels]
    return x @ [1.5, -1.0] + luck * x[:, 1] + 0.3 * generator.normal(size=len(labels)), x, labels


def test_coefficients_are_those_of_least_squares():
    y, x, seeds = drawn(0)
    fitted = regress(y, x, seeds, names=("a", "b"))
    wanted = np.linalg.lstsq(x, y)[0]
    np.testing.assert_allclose(fitted.coefficients, wanted, rtol=1e-10)
    residual = y - x @ wanted
    assert fitted.r_squared == pytest.approx(1 - residual.var() / y.var() - residual.mean() ** 2 / y.var())
    np.testing.assert_allclose(fitted.predict(x), x @ wanted)
    assert fitted.of("b") == (fitted.coefficients[1], fitted.low[1], fitted.high[1])


def test_an_exact_model_has_intervals_of_no_width():
    _, x, seeds = drawn(0)
    fitted = regress(x @ [2.0, 3.0], x, seeds, names=("a", "b"))
    np.testing.assert_allclose([fitted.low, fitted.high], [[2, 3]] * 2, rtol=1e-8)
    assert fitted.r_squared == pytest.approx(1)


def test_intervals_hold_the_truth_although_rows_of_a_seed_share_its_luck():
    found = [regress(*drawn(seed), names=("a", "b")) for seed in range(60)]
    held = np.mean([(one.low < [1.5, -1.0]) & (one.high > [1.5, -1.0]) for one in found], axis=0)
    assert (held >= 0.85).all()
    of_rows = [regress(y, x, np.arange(len(y)), names=("a", "b")) for y, x, _ in map(drawn, range(20))]
    assert np.mean([(one.low[1] < -1) & (one.high[1] > -1) for one in of_rows]) < 0.85


def test_the_error_is_that_of_the_clusters_and_the_smallest_effect_follows_from_it():
    y, x, seeds = drawn(3, seeds=40)
    fitted = regress(y, x, seeds, names=("a", "b"))
    inverse = np.linalg.inv(x.T @ x)
    scores = np.stack([x[seeds == one].T @ (y - x @ fitted.coefficients)[seeds == one] for one in range(40)])
    sandwich = np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse))
    np.testing.assert_allclose(fitted.error, sandwich, rtol=0.15)
    ratio = fitted.smallest / fitted.error
    np.testing.assert_allclose(ratio, 2.87, atol=0.03)  # t quantiles of 39 degrees at 0.975 and 0.8


def test_units_do_not_matter_and_missing_outcomes_are_left_out():
    y, x, seeds = drawn(1)
    fitted = regress(y, x, seeds, names=("a", "b"))
    other = regress(y, x * [1e-6, 1e6], seeds, names=("a", "b"))
    np.testing.assert_allclose(other.coefficients * [1e-6, 1e6], fitted.coefficients, rtol=1e-8)
    np.testing.assert_allclose(other.low * [1e-6, 1e6], fitted.low, rtol=1e-6)
    longer = regress(np.append(y, np.nan), np.append(x, [[1, 1]], axis=0), np.append(seeds, 99), names=("a", "b"))
    np.testing.assert_array_equal(longer.low, fitted.low)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("a",)}, r"`regressors` must have the shape \(300, 1\)"),
        ({"names": ("a", "a")}, "`names` must hold each value once"),
        ({"seeds": np.zeros(300)}, "`seeds` must hold at least two"),
        ({"seeds": np.zeros(299)}, r"`seeds` must have the shape \(300,\)"),
        ({"regressors": np.ones((300, 2))}, "`regressors` must be linearly independent"),
        ({"regressors": np.full((300, 2), np.nan)}, "`regressors` must be finite"),
    ],
)
def test_bad_input_is_refused(change, message):
    y, x, seeds = drawn(0)
    given = {"outcome": y, "regressors": x, "seeds": seeds, "names": ("a", "b")} | change
    with pytest.raises(ValueError, match=message):
        regress(**given)
