"""Mixtures, and their posterior under label noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import teachers
from jaxqkd.data import Mixture, gaussian_mixture, posterior, with_label_noise, xor_grid, xor_mixture

KEY = jax.random.key(5)
BLOBS = xor_mixture(classes=3, features=2, cells=3, spread=0.4)


def by_hand(x, mixture, classes, rate):
    """Bayes' rule, one point and one blob at a time."""
    found = np.zeros((len(x), classes))
    for row, point in enumerate(np.asarray(x, float)):
        for center, label in zip(np.asarray(mixture.centers, float), np.asarray(mixture.labels), strict=True):
            found[row, label] += np.exp(-np.sum((point - center) ** 2) / (2 * float(mixture.spread) ** 2))
        found[row] /= found[row].sum()
    return (1 - rate) * found + rate * (1 - found) / (classes - 1)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.9, 1.0])
def test_the_posterior_is_bayes_rule(rate):
    data = gaussian_mixture(KEY, BLOBS, count=20)
    found = posterior(data.x, BLOBS, classes=3, rate=rate)
    np.testing.assert_allclose(jnp.exp(found), by_hand(data.x, BLOBS, 3, rate), atol=2e-6)
    traced = jax.jit(lambda rate: posterior(data.x, BLOBS, classes=3, rate=rate))(rate)
    np.testing.assert_allclose(traced, found, rtol=1e-5, atol=1e-5)


def test_the_posterior_is_finite_and_normalized_far_from_every_blob_and_without_one():
    x = jnp.array([[0.0, 0.0], [50.0, -80.0]])
    for rate in (0.0, 0.1):
        found = posterior(x, BLOBS, classes=4, rate=rate)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(jnp.exp(found).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(jnp.exp(posterior(x, BLOBS, classes=4))[:, 3], 0, atol=1e-30)


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_labels_are_distributed_by_their_posterior(rate):
    data = with_label_noise(KEY, gaussian_mixture(KEY, BLOBS, count=20_000), rate, classes=3)
    p = np.asarray(jnp.exp(posterior(data.x, BLOBS, classes=3, rate=rate)), float)
    hit = np.asarray(jax.nn.one_hot(data.labels, 3), float)
    error = np.sqrt((p * (1 - p)).sum(axis=0)) / len(p)
    assert (abs((hit - p).mean(axis=0)) < 4 * error).all()
    for edge in (0.2, 0.4, 0.6):
        inside = (p[:, 0] > edge) & (p[:, 0] < edge + 0.2)
        error = np.sqrt(0.25 / max(inside.sum(), 1))
        assert abs((hit - p)[inside, 0].mean()) < 4 * error


def test_a_mixture_has_the_blobs_of_the_grid():
    fine = xor_mixture(classes=3, features=3, cells=2, spread=1e-3)
    for data in (
        xor_grid(KEY, count=300, features=3, cells=2, spread=1e-3),
        gaussian_mixture(KEY, fine, count=300),
    ):
        nearest = np.argmin(
            np.linalg.norm(np.asarray(data.x)[:, None] - np.asarray(fine.centers), axis=-1), axis=1
        )
        np.testing.assert_array_equal(np.asarray(fine.labels)[nearest], data.labels)
        assert len(set(nearest.tolist())) == 8


def test_the_oracle_teaches_the_posterior():
    data = gaussian_mixture(KEY, BLOBS, count=10)
    taught = teachers.oracle(data, BLOBS, classes=3, rate=0.2)
    np.testing.assert_array_equal(taught.teacher, posterior(data.x, BLOBS, classes=3, rate=0.2))
    np.testing.assert_array_equal(taught.labels, data.labels)


def test_bad_mixtures_are_refused():
    x = jnp.zeros((2, 2))
    bad = {
        "`mixture.centers` must have 2 axes": BLOBS._replace(centers=jnp.zeros(3)),
        "`mixture.spread` must be positive": BLOBS._replace(spread=0.0),
        r"`mixture.labels` must have the shape \(9,\)": BLOBS._replace(labels=jnp.zeros(3, int)),
        "`mixture.labels` must be 0 ... 2": BLOBS._replace(labels=jnp.full(9, 3)),
    }
    for message, mixture in bad.items():
        with pytest.raises(ValueError, match=message):
            posterior(x, mixture, classes=3)
    with pytest.raises(ValueError, match="`rate` must lie between 0 and 1"):
        posterior(x, BLOBS, classes=3, rate=1.1)
    with pytest.raises(ValueError, match="`count` must be at least 1"):
        gaussian_mixture(KEY, BLOBS, count=0)
    assert posterior(x, Mixture(*BLOBS), classes=3).shape == (2, 3)
