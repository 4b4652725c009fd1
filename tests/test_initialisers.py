import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.quantum.circuits import hea, universal
from jaxqkd.quantum.initialisers import uniform

RANGES = {"a full turn": uniform, "a small one": functools.partial(uniform, low=-0.1, high=0.3)}


@pytest.mark.parametrize(
    ("initialise", "low", "high"), [(RANGES["a full turn"], 0, 2 * np.pi), (RANGES["a small one"], -0.1, 0.3)]
)
def test_angles_follow_the_uniform_law(initialise, low, high):
    circuit = hea(qubits=8, layers=200)
    theta = initialise(jax.random.key(0), circuit)
    assert (theta.shape, theta.dtype) == (circuit.shape, "float32")
    assert theta.min() >= low
    assert theta.max() < high
    size = theta.size
    quantiles = (np.sort(theta, axis=None) - low) / (high - low)
    kolmogorov = np.abs(quantiles - (np.arange(size) + 0.5) / size).max()
    assert kolmogorov < 1.63 / np.sqrt(size)
    rows = np.corrcoef(theta[::2].ravel(), theta[1::2].ravel())[0, 1]
    assert abs(rows) < 4 / np.sqrt(size / 2)


@pytest.mark.parametrize("circuit", [hea(qubits=1, layers=1), universal(qubits=3, layers=2, kept=(0,))])
@pytest.mark.parametrize("initialise", RANGES.values(), ids=RANGES)
def test_the_same_key_gives_the_same_bits_and_another_key_others(initialise, circuit):
    keys = jax.random.split(jax.random.key(3), 4)
    many = jax.vmap(lambda key: initialise(key, circuit))(keys)
    assert many.shape == (4, *circuit.shape)
    np.testing.assert_array_equal(many[2], initialise(keys[2], circuit))
    np.testing.assert_array_equal(many[2], jax.jit(lambda key: initialise(key, circuit))(keys[2]))
    assert len(np.unique(many)) == many.size


def test_angles_have_jaxs_default_precision():
    with jax.enable_x64(True):
        assert uniform(jax.random.key(0), hea(qubits=2, layers=1)).dtype == jnp.float64
