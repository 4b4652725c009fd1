"""Reductions of features: standardization, principal components, ranges."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from jaxqkd import Data
from jaxqkd.data import Reduction, apply_reduction, fit_reduction, split, standardize, wine
from jaxqkd.quantum.encodings import angle

KEY = jax.random.key(3)


def correlated(count=80, features=5, seed=0):
    """Returns features of distinct variances, scales and means."""
    draw = np.random.default_rng(seed)
    mixed = draw.normal(size=(count, features)) @ draw.normal(size=(features, features))
    return jnp.asarray(mixed * 10.0 ** np.arange(-2, features - 2) + np.arange(features))


def test_standardize_uses_the_statistics_of_train_alone():
    k_train, k_test = jax.random.split(KEY)
    spread, shift = jnp.array([[1.0, 50.0, 1e-3]]), jnp.array([[0.0, -7.0, 3.0]])
    train = Data(jax.random.normal(k_train, (400, 3)) * spread + shift, jnp.zeros(400, int))
    test = Data(jax.random.normal(k_test, (90, 3)) * 2 * spread + 2 * shift, jnp.ones(90, int), jnp.ones((90, 2)))
    moved, other = standardize(train, test)
    assert np.allclose(moved.x.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(moved.x.var(axis=0), 1, atol=1e-4)
    x = np.asarray(train.x, float)
    expected = (np.asarray(test.x, float) - x.mean(axis=0)) / x.std(axis=0)
    assert np.allclose(other.x, expected, rtol=1e-3, atol=1e-3)
    assert other.teacher is test.teacher
    assert np.array_equal(standardize(train)[0].x, moved.x)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e5, 1e-7])
def test_standardize_only_shifts_a_constant(constant):
    train = Data(jnp.full((1_000, 1), constant), jnp.zeros(1_000, int))
    test = Data(jnp.full((2, 1), constant + 5.0), jnp.zeros(2, int))
    moved, other = standardize(train, test)
    assert np.allclose(moved.x, 0, atol=1e-6 * abs(constant))
    assert np.allclose(other.x, 5, rtol=1e-6, atol=2e-6 * abs(constant))


@pytest.mark.parametrize("features", [1, 3, 13])
def test_components_are_those_of_scikit_learn_up_to_their_signs(features):
    train, test = split(KEY, wine(), (0.7, 0.3))
    reduction = fit_reduction(train.x, features=features)
    scaler = StandardScaler().fit(np.asarray(train.x, float))
    pca = PCA(features, svd_solver="full").fit(scaler.transform(np.asarray(train.x, float)))
    expected = pca.transform(scaler.transform(np.asarray(test.x, float)))
    signs = np.sign(np.sum(np.asarray(reduction.components) * pca.components_.T, axis=0))
    reduced = np.asarray(apply_reduction(reduction, test.x))
    np.testing.assert_allclose(reduced * signs, expected, rtol=0, atol=2e-5)
    np.testing.assert_allclose(reduction.explained, pca.explained_variance_ratio_, rtol=1e-5)


def test_components_diagonalise_the_correlations():
    x = correlated()
    reduction = fit_reduction(x, features=5)
    values, vectors = np.linalg.eigh(np.corrcoef(np.asarray(x, float), rowvar=False))
    overlap = vectors[:, ::-1].T @ np.asarray(reduction.components, float)
    np.testing.assert_allclose(np.abs(overlap), np.eye(5), rtol=0, atol=1e-5)
    np.testing.assert_allclose(reduction.explained, values[::-1] / 5, rtol=1e-4)
    covariance = np.cov(np.asarray(apply_reduction(reduction, x), float), rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, np.diag(values[::-1]), rtol=0, atol=1e-5)


def test_all_components_give_the_features_back():
    x = correlated()
    reduction = fit_reduction(x, features=5)
    back = apply_reduction(reduction, x) @ reduction.components.T * reduction.scale[None] + reduction.mean[None]
    np.testing.assert_allclose(back, x, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(reduction.explained.sum(), 1, rtol=1e-6)


def test_fewer_components_are_the_first_of_more():
    x = correlated()
    few, more = fit_reduction(x, features=2), fit_reduction(x, features=4)
    assert np.array_equal(few.components, more.components[:, :2])
    assert np.array_equal(few.explained, more.explained[:2])
    assert np.all(np.diff(more.explained) <= 0)


def test_without_components_it_standardizes():
    x = correlated()
    plain = fit_reduction(x)
    expected = standardize(Data(x, jnp.zeros(len(x), int)))[0].x
    np.testing.assert_allclose(apply_reduction(plain, x), expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(plain.explained, 1 / 5, rtol=1e-6)


@pytest.mark.parametrize("features", [None, 2, 5])
@pytest.mark.parametrize("span", [(0.0, np.pi), (-1, 1)])
def test_the_training_part_fills_the_span_linearly(features, span):
    x, other = correlated(), correlated(seed=1)
    plain, onto = fit_reduction(x, features=features), fit_reduction(x, features=features, span=span)
    reached = apply_reduction(onto, x)
    np.testing.assert_allclose(reached.min(axis=0), span[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(reached.max(axis=0), span[1], rtol=0, atol=1e-5)
    raw, moved = np.asarray(apply_reduction(plain, x)), np.asarray(apply_reduction(plain, other))
    expected = span[0] + (span[1] - span[0]) * (moved - raw.min(axis=0)) / np.ptp(raw, axis=0)
    np.testing.assert_allclose(apply_reduction(onto, other), expected, rtol=1e-4, atol=1e-4)


def test_angles_for_the_qubits_at_hand():
    reduction = fit_reduction(wine().x, features=4, span=(0, np.pi))
    states = angle(apply_reduction(reduction, wine().x), 4)
    np.testing.assert_allclose(jnp.sum(states**2, axis=1), 1, rtol=1e-5)


def test_only_the_training_part_enters():
    whole = Data(correlated(), jnp.arange(80) % 2)
    train, test = split(KEY, whole, (0.5, 0.5))
    shifted = np.isin(np.asarray(whole.x[:, 0]), np.asarray(test.x[:, 0]))[:, None]
    again, far = split(KEY, whole._replace(x=jnp.where(shifted, whole.x * 7 + 100, whole.x)), (0.5, 0.5))
    assert not np.any(far.x == test.x)
    before = fit_reduction(train.x, features=3, span=(0, 1))
    chex.assert_trees_all_equal(before, fit_reduction(again.x, features=3, span=(0, 1)))
    assert np.array_equal(standardize(train, test)[0].x, standardize(again, far)[0].x)


@pytest.mark.parametrize("scale", [1.0, 1e-3])
@pytest.mark.parametrize("features", [2, 5])
def test_signs_do_not_depend_on_rounding(scale, features):
    x = correlated(features=features)
    first, second = fit_reduction(x, features=features), fit_reduction(x[::-1] * scale, features=features)
    np.testing.assert_allclose(first.components, second.components, rtol=0, atol=1e-5)
    weights = np.asarray(first.components)
    large = np.abs(weights) > 0.5 * np.abs(weights).max(axis=0)
    assert np.all(weights[large.argmax(axis=0), np.arange(features)] > 0)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e5])
def test_constant_features_stay_finite(constant):
    x = correlated().at[:, 1].set(constant)
    test = x.at[:, 1].add(5.0)
    plain = fit_reduction(x)
    np.testing.assert_allclose(apply_reduction(plain, x)[:, 1], 0, rtol=0, atol=1e-6)
    np.testing.assert_allclose(apply_reduction(plain, test)[:, 1], 5, rtol=1e-6, atol=1e-6)
    assert plain.explained[1] == 0
    onto = fit_reduction(x, span=(0, 3))
    np.testing.assert_allclose(apply_reduction(onto, test)[:, 1], 1.5, rtol=1e-6)
    reduced = fit_reduction(x, features=5, span=(0, 3))
    assert reduced.components.shape == (5, 4)
    assert not reduced.components[1].any()
    assert np.array_equal(apply_reduction(reduced, x), apply_reduction(reduced, test))
    chex.assert_tree_all_finite((plain, onto, reduced))


def test_no_more_components_than_dimensions():
    x = correlated(features=3)
    twice = jnp.concatenate([x, x[:, :2]], axis=1)
    assert fit_reduction(twice, features=5).components.shape == (5, 3)
    assert fit_reduction(twice[:3], features=5).components.shape == (5, 2)
    assert fit_reduction(twice, features=2).components.shape == (5, 2)


def test_a_saved_reduction_does_the_same(tmp_path):
    x = correlated()
    reduction = fit_reduction(x, features=3, span=(0, 1))
    np.savez(tmp_path / "reduction.npz", **reduction._asdict())
    loaded = Reduction(**np.load(tmp_path / "reduction.npz"))
    chex.assert_trees_all_equal(reduction, loaded)
    assert np.array_equal(apply_reduction(reduction, x), apply_reduction(loaded, x))
    compiled = jax.jit(apply_reduction)
    np.testing.assert_allclose(compiled(reduction, x), apply_reduction(reduction, x), rtol=0, atol=1e-6)
    assert all(leaf.dtype == jnp.zeros(()).dtype for leaf in reduction)


def test_gradients_pass_through_a_reduction():
    x = correlated()
    reduction = fit_reduction(x, features=1, span=(0, 1))
    slope = jax.grad(lambda row: apply_reduction(reduction, row[None])[0, 0])(x[0])
    expected = reduction.components[:, 0] * reduction.factor / reduction.scale
    np.testing.assert_allclose(slope, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (jnp.zeros((4, 2)), {}, "`x` must vary in some feature, but is constant"),
        (jnp.zeros(4), {}, r"`x` must have 2 axes \[N, D\]"),
        (jnp.zeros((1, 2)), {}, "`x` must hold at least two examples"),
        (jnp.eye(3).at[1, 2].set(jnp.nan), {}, "`x` must be finite, but is nan at row 1, column 2"),
        ([[1.0], [2.0]], {}, "`x` must be an array of numbers, but is a list"),
        (jnp.eye(3), {"features": 0}, "`features` must be at least 1"),
        (jnp.eye(3), {"features": 2.0}, "`features` must be an integer"),
        (jnp.eye(3), {"span": (1, 1)}, "`span` must be two rising finite numbers"),
        (jnp.eye(3), {"span": (0, np.inf)}, "`span` must be two rising finite numbers"),
        (jnp.eye(3), {"span": 2.0}, "`span` must be two rising finite numbers"),
    ],
)
def test_the_fit_refuses(x, options, message):
    with pytest.raises(ValueError, match=f"Argument {message}"):
        fit_reduction(x, **options)


def test_a_traced_fit_is_refused():
    with pytest.raises(ValueError, match=r"`x` must be known on the host, but is traced\. Fit before you compile"):
        jax.jit(fit_reduction)(jnp.eye(3))


@pytest.mark.parametrize("shape", [(4, 2), (4, 4), (3,), (2, 2, 3)])
def test_a_reduction_refuses_other_features(shape):
    reduction = fit_reduction(jnp.eye(3))
    assert apply_reduction(reduction, jnp.zeros((4, 3))).shape == (4, 3)
    with pytest.raises(ValueError, match=r"Argument `x` must have (the 3 features of the fit|2 axes)"):
        apply_reduction(reduction, jnp.zeros(shape))
