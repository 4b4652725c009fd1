"""Metrics against scikit-learn and independent NumPy."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from jaxqkd import metrics

CASES = 1_000
SIZE = 24


def random_cases(classes, count, seed=0):
    """Returns scores [count, SIZE, C] and labels [count, SIZE]; in many cases classes are missing."""
    rng = np.random.default_rng(seed + classes)
    pools = [rng.choice(classes, size=rng.integers(1, classes + 1), replace=False) for _ in range(2 * count)]
    labels, named = np.stack([rng.choice(pool, size=SIZE) for pool in pools]).reshape(2, count, SIZE)
    named = np.where(rng.random(named.shape) < 0.5, labels, named)
    scores = np.eye(classes)[named] * 3 + rng.random((count, SIZE, classes))
    return scores.astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 3, 5, 8])
def test_f1_and_accuracy_equal_scikit_learn(classes):
    scores, labels = random_cases(classes, CASES // 4)
    found = {
        average: jax.jit(jax.vmap(lambda s, y, a=average: metrics.f1(s, y, classes=classes, average=a)))(
            scores, labels
        )
        for average in ("macro", "weighted")
    }
    shares = jax.jit(jax.vmap(metrics.accuracy))(scores, labels)
    for row, (case, truth) in enumerate(zip(scores, labels, strict=True)):
        named = case.argmax(axis=-1)
        assert shares[row] == pytest.approx(accuracy_score(truth, named), abs=1e-6)
        for average, values in found.items():
            wanted = f1_score(truth, named, labels=range(classes), average=average, zero_division=0)
            assert values[row] == pytest.approx(wanted, abs=1e-6)


def test_f1_by_hand():
    labels = jnp.array([0, 0, 0, 1])
    scores = jax.nn.one_hot(jnp.array([0, 0, 1, 1]), 3)
    assert metrics.f1(scores, labels, classes=3) == pytest.approx((4 / 5 + 2 / 3 + 0) / 3, abs=1e-6)
    assert metrics.f1(scores, labels, classes=3, average="weighted") == pytest.approx(3 / 5 + 1 / 6, abs=1e-6)
    assert metrics.f1(jax.nn.one_hot(labels, 2), labels, classes=2) == 1
    assert metrics.f1(jax.nn.one_hot(1 - labels, 2), labels, classes=2) == 0


def test_f1_refuses():
    scores, labels = jnp.ones((3, 2)), jnp.zeros(3, int)
    with pytest.raises(ValueError, match="Argument `average` must be one of 'macro', 'weighted', but is 'micro'"):
        metrics.f1(scores, labels, classes=2, average="micro")
    with pytest.raises(ValueError, match=r"Argument `scores` must have 3 columns .* \(3, 2\)"):
        metrics.f1(scores, labels, classes=3)


def test_predictions_take_the_lowest_among_equals():
    assert metrics.predictions(jnp.array([[1.0, 1.0], [0.0, 1.0]])).tolist() == [0, 1]


def test_agreement_with_a_teacher():
    scores, _ = random_cases(4, 50)
    teacher, _ = random_cases(4, 50, seed=100)
    found = jax.vmap(metrics.agreement)(scores, teacher)
    np.testing.assert_allclose(found, (scores.argmax(-1) == teacher.argmax(-1)).mean(-1), atol=1e-6)
    assert metrics.agreement(scores[0], 2 * scores[0] - 1) == 1


def np_softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_kl_to_teacher():
    rng = np.random.default_rng(0)
    scores, teacher = rng.normal(scale=3, size=(2, 40, SIZE, 5)).astype(np.float32)
    p, q = np_softmax(teacher.astype(float)), np_softmax(scores.astype(float))
    found = jax.jit(jax.vmap(metrics.kl_to_teacher))(scores, teacher)
    np.testing.assert_allclose(found, (p * np.log(p / q)).sum(axis=-1).mean(axis=-1), rtol=1e-5, atol=1e-6)
    near = (teacher * (1 + 1e-6)).astype(np.float32)
    assert np.all(jax.vmap(metrics.kl_to_teacher)(near, teacher) >= 0)
    assert metrics.kl_to_teacher(teacher[0], teacher[0]) == 0
    assert jnp.isfinite(metrics.kl_to_teacher(1e4 * jnp.eye(3), -1e4 * jnp.eye(3)))
    with pytest.raises(ValueError, match="have the student's 5 classes, but is 4 classes"):
        metrics.kl_to_teacher(scores[0], teacher[0, :, :4])


def np_calibration(scores, labels, bins):
    probabilities = np_softmax(scores.astype(float))
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    gaps = []
    for lower, upper in itertools.pairwise(edges):
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            gaps.append(inside.mean() * abs(hit[inside].mean() - confidence[inside].mean()))
    return sum(gaps)


@pytest.mark.parametrize("bins", [1, 4, 15])
def test_calibration_error(bins):
    rng = np.random.default_rng(2)
    scores = rng.normal(scale=rng.uniform(0.1, 5, (60, 1, 1)), size=(60, SIZE, 3)).astype(np.float32)
    labels = rng.integers(0, 3, (60, SIZE))
    found = jax.jit(jax.vmap(lambda s, y: metrics.calibration_error(s, y, bins=bins)))(scores, labels)
    wanted = [np_calibration(s, y, bins) for s, y in zip(scores, labels, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_calibration_error_where_it_is_known():
    sure = 1e4 * jnp.eye(2)
    assert metrics.calibration_error(sure, jnp.array([0, 1])) == 0
    assert metrics.calibration_error(sure, jnp.array([1, 0])) == 1
    assert metrics.calibration_error(jnp.zeros((4, 2)), jnp.array([0, 1, 0, 1])) == pytest.approx(0, abs=1e-6)
    for bins in (0, 2.5):
        with pytest.raises(ValueError, match="Argument `bins`"):
            metrics.calibration_error(sure, jnp.array([0, 1]), bins=bins)


@pytest.mark.parametrize(
    "metric", [metrics.accuracy, functools.partial(metrics.f1, classes=3), metrics.calibration_error]
)
def test_labels_of_another_shape_are_refused(metric):
    scores = jnp.eye(3)
    assert jnp.isfinite(metric(scores, jnp.arange(3)))
    for labels in (jnp.arange(3)[:, None], jnp.arange(2)):
        with pytest.raises(ValueError, match=r"`labels` must have the shape \(3,\)"):
            metric(scores, labels)


def test_a_teacher_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"`teacher` must have the shape \(3, 3\), but is \(1, 3\)"):
        metrics.agreement(jnp.eye(3), jnp.eye(3)[:1])
