"""Samplers, label noise and splits."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import datasets

from jaxqkd import Data
from jaxqkd.data import circles, moons, split, with_label_noise, xor_bits, xor_grid

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


def ordered(x, labels):
    """Returns rows of features and label in an order that does not depend on theirs."""
    rows = np.column_stack([np.round(np.asarray(x, float), 5) + 0.0, labels])
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("count", [2, 7, 60])
@pytest.mark.parametrize(
    ("sampler", "reference", "options"),
    [
        (moons, datasets.make_moons, {}),
        (circles, datasets.make_circles, {"factor": 0.3}),
        (circles, datasets.make_circles, {}),
    ],
)
def test_moons_and_circles_lie_where_those_of_scikit_learn_do(sampler, reference, options, count):
    data = sampler(KEY, count=count, noise=0, **options)
    expected = reference(count, shuffle=False, noise=None, **options)
    np.testing.assert_allclose(ordered(*data[:2]), ordered(*expected), rtol=0, atol=2e-5)


@pytest.mark.parametrize("sampler", [moons, circles])
def test_moons_and_circles_are_noisy_shuffled_and_compiled(sampler):
    count, noise = 20_000, 0.3
    draw = jax.jit(lambda key, noise: sampler(key, count=count, noise=noise))
    clean, noisy, other = draw(KEY, 0.0), draw(KEY, noise), draw(jax.random.key(4), noise)
    assert np.array_equal(clean.labels, noisy.labels)
    steps = np.asarray(noisy.x - clean.x, float) / noise
    assert abs(steps.mean()) < 4 / np.sqrt(steps.size)
    assert abs((steps**2).mean() - 1) < 4 * np.sqrt(2 / steps.size)
    assert abs((steps[:, 0] * steps[:, 1]).mean()) < 4 / np.sqrt(count)
    assert within_four_sigma((noisy.labels[: count // 2] == 0).sum(), count // 2, 1 / 2)
    assert not np.array_equal(noisy.labels, other.labels)
    eager = sampler(KEY, count=count, noise=noise)
    assert np.array_equal(eager.labels, noisy.labels)
    np.testing.assert_allclose(eager.x, noisy.x, rtol=0, atol=1e-6)
    assert (noisy.x.dtype, noisy.labels.dtype) == (jnp.zeros(()).dtype, jnp.zeros((), int).dtype)


def test_the_factor_of_circles_is_traced():
    radii = jax.jit(lambda factor: jnp.linalg.norm(circles(KEY, count=9, noise=0, factor=factor).x, axis=1))
    labels = circles(KEY, count=9).labels
    np.testing.assert_allclose(radii(0.25), np.where(labels == 1, 0.25, 1), rtol=1e-6)


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
        (moons, {"count": 1}),
        (moons, {"count": 3, "noise": -0.1}),
        (moons, {"count": 3, "noise": float("inf")}),
        (circles, {"count": 1}),
        (circles, {"count": 3, "noise": float("nan")}),
        (circles, {"count": 3, "factor": 1.0}),
        (circles, {"count": 3, "factor": -0.1}),
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


@pytest.mark.filterwarnings("ignore:Part 1 of the split holds classes")  # of which there is one example
@pytest.mark.parametrize("shares", [(40, 40, 20), (90, 7, 3), (97, 2, 1)])
@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.6, 0.2, 0.2), (0.1, 0.9)])
def test_a_stratified_split_keeps_the_shares_of_the_classes(shares, fractions):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), shares))
    data = Data(np.arange(100.0)[:, None], labels)
    parts = jax.jit(lambda key: split(key, data, fractions, stratify=True))(KEY)
    chosen = np.concatenate([np.asarray(part.x)[:, 0] for part in parts])
    np.testing.assert_array_equal(np.sort(chosen), np.arange(100))
    for part, fraction in zip(parts, fractions, strict=True):
        assert len(part.x) == round(100 * fraction)
        found = np.bincount(np.asarray(part.labels), minlength=3)
        assert np.all(np.abs(found - fraction * np.asarray(shares)) < 2)  # rounding at both ends of a part
        np.testing.assert_array_equal(labels[np.asarray(part.x)[:, 0].astype(int)], part.labels)
    other = split(jax.random.key(9), data, fractions, stratify=True)
    assert set(np.asarray(other[0].x)[:, 0]) != set(np.asarray(parts[0].x)[:, 0])


def test_split_shuffles_by_its_key_alone_and_under_jit():
    data = numbered(60)
    eager = split(KEY, data, (0.5, 0.5))
    traced = jax.jit(lambda key: split(key, data, (0.5, 0.5)))(KEY)
    arrays = jax.tree.map(np.asarray, data)
    from_numpy = jax.jit(lambda key: split(key, arrays, (0.5, 0.5)))(KEY)
    chex.assert_trees_all_equal(eager, traced, from_numpy)
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
