"""Hints by hand, in a training, and by their gradient."""

import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

from jaxqkd import Data, fit
from jaxqkd.losses import hints, on
from jaxqkd.models import Projected

LABELS = np.zeros(6, int)


def arrays(*widths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(6, width)).astype(np.float32) for width in widths]


def test_hints_equal_the_oracle():
    student, teacher, matrix = arrays(3, 4, 4)
    expected = [sum((a - b) ** 2) / 3 for a, b in zip(student, teacher[:, :3], strict=True)]
    np.testing.assert_allclose(hints()(student, teacher[:, :3], LABELS), expected, rtol=1e-6)
    projected = student.astype(float) @ matrix[:3]
    expected = [sum((a - b) ** 2) / 4 for a, b in zip(projected, teacher, strict=True)]
    found = hints(lambda x: jnp.matmul(x, matrix[:3], precision="highest"))(student, teacher, LABELS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_array_equal(hints()(teacher, teacher, LABELS), 0)


def test_gradients_and_large_features():
    student, teacher = arrays(3, 3)
    gradient = jax.grad(lambda s: hints()(s, 1e4 * teacher, LABELS).sum())(student)
    expected = 2 * (student.astype(float) - 1e4 * teacher.astype(float)) / 3
    np.testing.assert_allclose(gradient, expected, rtol=1e-4)
    with jax.enable_x64(True):
        s, t = jnp.asarray(student, float), jnp.asarray(teacher, float)
        check_grads(lambda s: hints(jnp.sin)(s, t, LABELS), (s,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


class Tapped(nn.Module):
    """A model without parameters, whose features are its inputs."""

    @nn.compact
    def __call__(self, x):
        return {"logits": x, "features": x}


def test_a_trained_projection_finds_the_least_squares():
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=3)), np.float32)
    teacher = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    model = Projected(Tapped(), tap="features", width=5)
    data = Data(jnp.asarray(x), jnp.zeros(8, int), {"logits": jnp.zeros((8, 3)), "features": jnp.asarray(teacher)})
    train = jax.jit(lambda key: fit(key, model, data, on("features", hints()), optax.sgd(1.0), epochs=100))
    found = model.apply(train(jax.random.key(0)).params, data.x)["features"]
    with_bias = np.concatenate([x, np.ones((8, 1))], axis=1)
    expected = with_bias @ np.linalg.lstsq(with_bias, teacher, rcond=None)[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_missing_and_unfit_features_are_refused():
    student, teacher = arrays(3, 4)
    with pytest.raises(ValueError, match="Argument `teacher` must hold the teacher's features, but is None"):
        hints()(student, None, LABELS)
    with pytest.raises(ValueError, match="have the student's 3 features, but is 4 features"):
        hints()(student, teacher, LABELS)
    assert hints()(student, teacher[:, :3], LABELS).shape == (6,)
