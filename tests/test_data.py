"""Samplers, label noise, splits, arrays and standardisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import Data
from jaxqkd.data import from_arrays, split, standardise, with_label_noise, xor_bits, xor_grid

KEY = jax.random.key(3)


def within_four_sigma(successes, trials, probability):
    return abs(successes - trials * probability) <= 4 * np.sqrt(trials * probability * (1 - probability))


def numbered(count, classes=3, teacher=True):
    """Returns data whose row i holds i in every field, so that a shuffle can be followed."""
    rows = np.arange(count)
    logits = np.stack([rows, -rows, rows % 5], axis=1).astype(float)
    return Data(
        jnp.asarray(rows[:, None] * 2.0), jnp.asarray(rows % classes), jnp.asarray(logits) if teacher else None
    )


def test_xor_bits_labels_frequencies_and_keys():
    count = 20_000
    data = xor_bits(KEY, count=count, bits=5)
    x, labels = np.asarray(data.x), np.asarray(data.labels)
    assert x.shape == (count, 5)
    assert set(np.unique(x)) == {0.0, 1.0}
    expected = {(0, 0): 0, (1, 1): 0, (0, 1): 1, (1, 0): 2}
    for (first, second), label in expected.items():
        chosen = (x[:, 0] == first) & (x[:, 1] == second)
        assert within_four_sigma(chosen.sum(), count, 1 / 4)
        assert np.all(labels[chosen] == label)
    assert all(within_four_sigma(column.sum(), count, 1 / 2) for column in x.T)
    assert all(within_four_sigma((labels == c).sum(), count, p) for c, p in enumerate((1 / 2, 1 / 4, 1 / 4)))
    again, other = xor_bits(KEY, count=count, bits=5), xor_bits(jax.random.key(4), count=count, bits=5)
    assert np.array_equal(again.x, x)
    assert np.array_equal(again.labels, labels)
    assert not np.array_equal(other.x, x)


def test_xor_grid_with_two_cells_is_xor():
    data = xor_grid(KEY, count=500, classes=2, cells=2, spread=1e-3)
    signs = np.asarray(data.x) > 0
    assert np.array_equal(data.labels, signs[:, 0] ^ signs[:, 1])
    assert np.allclose(np.abs(data.x), 0.5, atol=0.01)


@pytest.mark.parametrize(("classes", "cells", "features"), [(3, 3, 2), (2, 4, 3), (5, 3, 1)])
def test_xor_grid_classes_are_sums_of_cells(classes, cells, features):
    data = xor_grid(KEY, count=400, classes=classes, cells=cells, features=features, spread=1e-3)
    cell = np.rint(np.asarray(data.x) + (cells - 1) / 2).astype(int)
    assert cell.min() == 0
    assert cell.max() == cells - 1
    assert np.array_equal(data.labels, cell.sum(axis=1) % classes)


@pytest.mark.parametrize(("cells", "spread"), [(2, 0.3), (3, 0.1), (5, 1.5)])
def test_xor_grid_moments(cells, spread):
    count = 20_000
    x = np.asarray(xor_grid(KEY, count=count, cells=cells, features=3, spread=spread).x, float)
    variance = (cells**2 - 1) / 12 + spread**2
    fourth = ((x - x.mean(axis=0)) ** 4).mean(axis=0)
    assert np.all(np.abs(x.mean(axis=0)) < 4 * np.sqrt(variance / count))
    assert np.all(np.abs(x.var(axis=0) - variance) < 4 * np.sqrt((fourth - variance**2) / count))


def test_xor_grid_spread_is_traced():
    apart = jax.jit(lambda spread: xor_grid(KEY, count=50, spread=spread).x)
    centre = apart(0.0)
    assert np.allclose(apart(2.0) - centre, 4 * (apart(0.5) - centre), atol=1e-5)


@pytest.mark.parametrize(
    ("sampler", "options"),
    [
        (xor_bits, {"count": 0}),
        (xor_bits, {"count": 3.0}),
        (xor_bits, {"count": 3, "bits": 1}),
        (xor_grid, {"count": -1}),
        (xor_grid, {"count": 3, "classes": 1}),
        (xor_grid, {"count": 3, "cells": 1}),
        (xor_grid, {"count": 3, "features": 0}),
        (xor_grid, {"count": 3, "spread": 0.0}),
        (xor_grid, {"count": 3, "spread": float("nan")}),
    ],
)
def test_samplers_refuse(sampler, options):
    with pytest.raises(ValueError, match=f"Argument `{list(options)[-1]}`"):
        sampler(KEY, **options)


def test_label_noise_at_its_ends_and_between():
    count, classes, rate = 30_000, 4, 0.3
    data = Data(jnp.zeros((count, 1)), jnp.arange(count) % classes, jnp.ones((count, classes)))
    noisy = jax.jit(jax.vmap(lambda rate: with_label_noise(KEY, data, rate, classes=classes)))
    none, some, all_of_them = np.asarray(noisy(jnp.array([0.0, rate, 1.0])).labels)
    clean = np.asarray(data.labels)
    assert np.array_equal(none, clean)
    assert np.all(all_of_them != clean)
    assert within_four_sigma((some != clean).sum(), count, rate)
    assert some.min() >= 0
    assert some.max() < classes
    for shift in range(1, classes):
        assert within_four_sigma(((all_of_them - clean) % classes == shift).sum(), count, 1 / (classes - 1))
        chosen = some != clean
        hits = ((some - clean)[chosen] % classes == shift).sum()
        assert within_four_sigma(hits, chosen.sum(), 1 / (classes - 1))
    static = with_label_noise(KEY, data, rate, classes=classes)
    assert np.array_equal(static.labels, some)
    assert static.x is data.x
    assert static.teacher is data.teacher


@pytest.mark.parametrize(
    ("rate", "classes", "name"),
    [(-0.1, 3, "rate"), (1.1, 3, "rate"), (float("nan"), 3, "rate"), (0.5, 1, "classes"), (0.5, 2, "data.labels")],
)
def test_label_noise_refuses(rate, classes, name):
    with pytest.raises(ValueError, match=f"Argument `{name}`"):
        with_label_noise(KEY, numbered(6), rate, classes=classes)


@pytest.mark.parametrize("fractions", [(1.0,), (0.5, 0.5), (0.8, 0.1, 0.1), (1 / 3, 1 / 3, 1 / 3), (0.1,) * 10])
@pytest.mark.parametrize("count", [10, 37, 1_001])
def test_split_is_a_partition(count, fractions):
    parts = split(KEY, numbered(count, classes=1), fractions)
    rows = np.concatenate([part.x[:, 0] for part in parts]) / 2
    assert np.array_equal(np.sort(rows), np.arange(count))
    for part, wanted in zip(parts, fractions, strict=True):
        assert len(part.x) == len(part.labels) == len(part.teacher)
        assert abs(len(part.x) - count * wanted) <= 1
        whole = numbered(count, classes=1).teacher[(part.x[:, 0] / 2).astype(int)]
        assert np.array_equal(part.teacher, whole)


def test_split_shuffles_by_its_key_alone_and_under_jit():
    data = numbered(60)
    eager = split(KEY, data, (0.5, 0.5))
    traced = jax.jit(lambda key: split(key, data, (0.5, 0.5)))(KEY)
    arrays = jax.tree.map(np.asarray, data)
    from_numpy = jax.jit(lambda key: split(key, arrays, (0.5, 0.5)))(KEY)
    for part, same, also in zip(eager, traced, from_numpy, strict=True):
        assert jax.tree.all(jax.tree.map(np.array_equal, part, same))
        assert jax.tree.all(jax.tree.map(np.array_equal, part, also))
    assert not np.array_equal(eager[0].x, data.x[:30])
    assert not np.array_equal(eager[0].x, split(jax.random.key(9), data, (0.5, 0.5))[0].x)
    assert split(KEY, numbered(60, teacher=False), (0.5, 0.5))[1].teacher is None


def test_split_warns_of_a_class_the_first_part_lacks():
    pair = Data(jnp.zeros((2, 1)), jnp.array([0, 1]))
    with pytest.warns(UserWarning, match=r"Part 1 of the split holds classes \[[01]\] that part 0 lacks"):
        split(KEY, pair, (0.5, 0.5))


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ((0.5, 0.4), "sum to 1"),
        ((0.5, 0.6), "sum to 1"),
        ((), "sum to 1"),
        ((1.5, -0.5), "be positive"),
        ((1.0, 0.0), "be positive"),
        ((0.99, 0.01), "leave each part an example"),
    ],
)
def test_split_refuses_fractions(fractions, message):
    with pytest.raises(ValueError, match=f"Argument `fractions` must {message}"):
        split(KEY, numbered(10), fractions)


@pytest.mark.parametrize("rows", [4, 12])
def test_split_refuses_unequal_lengths(rows):
    with pytest.raises(ValueError, match=f"Argument `data.labels` must .* 9 for {rows} rows"):
        split(KEY, Data(jnp.zeros((rows, 2)), jnp.arange(9) % 2), (0.5, 0.5))


X = np.arange(8.0).reshape(4, 2)
LABELS = np.array([0, 1, 0, 1])


def changed(row, column, value):
    x = X.copy()
    x[row, column] = value
    return x


@pytest.mark.parametrize(
    ("x", "labels", "options", "message"),
    [
        (changed(2, 1, np.nan), LABELS, {}, "`x` must be finite, but is nan at row 2, column 1"),
        (changed(1, 0, np.inf), LABELS, {}, "`x` must be finite, but is inf at row 1, column 0"),
        (changed(3, 0, 1e300), LABELS, {}, "`x` must be finite, but is inf at row 3, column 0"),
        (X.astype(object), LABELS, {}, "`x` must be numbers, but is of dtype object"),
        (X.astype(str), LABELS, {}, "`x` must be numbers, but is of dtype <U"),
        (X.astype(complex), LABELS, {}, "`x` must be numbers, but is of dtype complex"),
        (X[:0], LABELS[:0], {}, "`x` must hold at least one example"),
        (np.zeros((4, 0)), LABELS, {}, "`x` must hold at least one example"),
        (X[:3], LABELS, {}, "`labels` must be as many as the rows of `x`, but is 4 for 3 rows"),
        (X[:, 0], LABELS, {}, r"`x` must have 2 axes \[N, features\], but is of shape \(4,\)"),
        (X, LABELS[:, None], {}, r"`labels` must have 1 axes \[N\]"),
        (X, LABELS * 0 + 2, {}, "`labels` must hold at least two classes, but is class 2 alone"),
        (X, [0, 1, -1, 1], {}, "`labels` must be .* but is -1 at row 2"),
        (X, [0, 1, 1, 2], {"classes": 2}, r"`labels` must be 0 \.\.\. 1 for 2 classes, but is 2 at row 3"),
        (X, [0, 1.5, 0, 1], {}, "`labels` must be .* but is 1.5 at row 1"),
        (X, [0, 1, 0, np.nan], {}, "`labels` must be .* but is nan at row 3"),
        (X, ["a", "b", "a", "b"], {}, "`labels` must be integers, but is of dtype <U1"),
    ],
)
def test_from_arrays_refuses(x, labels, options, message):
    with pytest.raises(ValueError, match=f"Argument {message}"):
        from_arrays(x, labels, **options)


@pytest.mark.parametrize(
    ("x", "labels", "options"),
    [
        (X, LABELS, {}),
        (X.tolist(), LABELS.tolist(), {"classes": 2}),
        (X.astype(int), LABELS.astype(float), {"classes": 5}),
        (X.astype(np.float16), LABELS.astype(bool), {}),
        (jnp.asarray(X), jnp.asarray(LABELS), {"classes": 2}),
    ],
)
def test_from_arrays_accepts(x, labels, options):
    data = from_arrays(x, labels, **options)
    assert np.array_equal(data.x, X)
    assert np.array_equal(data.labels, LABELS)
    assert data.x.dtype == jnp.zeros(()).dtype
    assert data.labels.dtype == jnp.asarray(0).dtype
    assert data.teacher is None


def test_from_arrays_takes_boolean_features():
    assert np.array_equal(from_arrays(X > 2, LABELS).x, (X > 2).astype(float))


def test_standardise_uses_the_statistics_of_train_alone():
    k_train, k_test = jax.random.split(KEY)
    spread, shift = jnp.array([[1.0, 50.0, 1e-3]]), jnp.array([[0.0, -7.0, 3.0]])
    train = Data(jax.random.normal(k_train, (400, 3)) * spread + shift, jnp.zeros(400, int))
    test = Data(jax.random.normal(k_test, (90, 3)) * 2 * spread + 2 * shift, jnp.ones(90, int), jnp.ones((90, 2)))
    moved, other = standardise(train, test)
    assert np.allclose(moved.x.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(moved.x.var(axis=0), 1, atol=1e-4)
    x = np.asarray(train.x, float)
    expected = (np.asarray(test.x, float) - x.mean(axis=0)) / x.std(axis=0)
    assert np.allclose(other.x, expected, rtol=1e-3, atol=1e-3)
    assert other.teacher is test.teacher
    assert np.array_equal(standardise(train)[0].x, moved.x)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3e5, 1e-7])
def test_standardise_only_shifts_a_constant(constant):
    train = Data(jnp.full((1_000, 1), constant), jnp.zeros(1_000, int))
    test = Data(jnp.full((2, 1), constant + 5.0), jnp.zeros(2, int))
    moved, other = standardise(train, test)
    assert np.allclose(moved.x, 0, atol=1e-6 * abs(constant))
    assert np.allclose(other.x, 5, rtol=1e-6, atol=2e-6 * abs(constant))
