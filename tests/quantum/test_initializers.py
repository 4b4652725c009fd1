import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jaxqkd.circuits import Circuit, Gate, hea, mirrored, real_amplitudes, reuploading, universal
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum.encodings import zero
from jaxqkd.quantum.initializers import beta, fit_beta, gaussian_by_depth, identity_blocks, normal, uniform
from tests import reference

MANY = hea(qubits=8, layers=200)
RANGES = {"a full turn": uniform, "a small one": functools.partial(uniform, low=-0.1, high=0.3)}
MIRRORED = mirrored(universal(qubits=3, layers=4, measured=(0,)), blocks=2)


@pytest.mark.parametrize(
    ("initialize", "low", "high"), [(RANGES["a full turn"], 0, 2 * np.pi), (RANGES["a small one"], -0.1, 0.3)]
)
def test_angles_follow_the_uniform_law(initialize, low, high):
    theta = initialize(jax.random.key(0), MANY)
    assert (theta.shape, theta.dtype) == (MANY.shape, jnp.zeros(()).dtype)
    assert theta.min() >= low
    assert theta.max() < high
    size = theta.size
    quantiles = (np.sort(theta, axis=None) - low) / (high - low)
    kolmogorov = np.abs(quantiles - (np.arange(size) + 0.5) / size).max()
    assert kolmogorov < 1.63 / np.sqrt(size)
    rows = np.corrcoef(theta[::2].ravel(), theta[1::2].ravel())[0, 1]
    assert abs(rows) < 4 / np.sqrt(size / 2)


@pytest.mark.parametrize(
    ("initialize", "law"),
    [
        (normal, stats.norm(0, 0.1)),
        (functools.partial(normal, stddev=2.0), stats.norm(0, 2)),
        (gaussian_by_depth, stats.norm(0, np.sqrt(1 / (4 * 202)))),
        (functools.partial(gaussian_by_depth, locality=2, depth=4), stats.norm(0, np.sqrt(1 / 48))),
        (beta, stats.beta(2, 2, 0, 2 * np.pi)),
        (functools.partial(beta, a=0.5, b=3.0, low=-1.0, high=1.0), stats.beta(0.5, 3, -1, 2)),
    ],
    ids=["normal", "a wide normal", "by depth", "by locality and depth", "beta", "a skew beta"],
)
def test_angles_follow_their_law(initialize, law):
    theta = np.asarray(initialize(jax.random.key(0), MANY))
    assert (theta.shape, theta.dtype) == (MANY.shape, jnp.zeros(()).dtype)
    assert stats.kstest(theta.ravel(), law.cdf).statistic < 1.95 / np.sqrt(theta.size)  # 1 in 1000 by chance
    assert abs(np.corrcoef(theta[::2].ravel(), theta[1::2].ravel())[0, 1]) < 4 / np.sqrt(theta.size / 2)


@pytest.mark.parametrize("circuit", [hea(qubits=1, layers=1), universal(qubits=3, layers=2, measured=(0,))])
@pytest.mark.parametrize("initialize", RANGES.values(), ids=RANGES)
def test_the_same_key_gives_the_same_bits_and_another_key_others(initialize, circuit):
    keys = jax.random.split(jax.random.key(3), 4)
    many = jax.vmap(lambda key: initialize(key, circuit))(keys)
    assert many.shape == (4, *circuit.shape)
    np.testing.assert_array_equal(many[2], initialize(keys[2], circuit))
    np.testing.assert_array_equal(many[2], jax.jit(lambda key: initialize(key, circuit))(keys[2]))
    assert len(np.unique(many)) == many.size


@pytest.mark.parametrize(
    ("initialize", "options"),
    [
        (uniform, {"low": [-1.0, 0.0, -2.0], "high": [1.0, 3.0, -1.0]}),
        (normal, {"stddev": [0.1, 1.0, 3.0]}),
        (gaussian_by_depth, {"locality": [1.0, 2.0, 3.0], "depth": [1.0, 5.0, 9.0]}),
        (beta, {"a": [0.5, 1.0, 4.0], "b": [2.0, 0.7, 4.0], "low": [0.0, 1.0, 2.0], "high": [6.0, 5.0, 4.0]}),
    ],
)
def test_options_are_swept_in_one_program_with_the_bits_of_the_key(initialize, options):
    keys = jax.random.split(jax.random.key(4), 3)
    options = {name: jnp.array(values) for name, values in options.items()}
    one = jax.vmap(lambda key, option: initialize(key, MIRRORED, **option))
    swept = np.asarray(jax.jit(one)(keys, options))
    for number, key in enumerate(keys):
        chosen = {name: float(values[number]) for name, values in options.items()}
        drawn = initialize(key, MIRRORED, **chosen)
        np.testing.assert_array_equal(drawn, initialize(key, MIRRORED, **chosen))
        np.testing.assert_allclose(swept[number], drawn, rtol=2e-5, atol=1e-6)
    assert len(np.unique(swept)) == swept.size


def test_a_students_initializer_takes_a_traced_option():
    def first_angles(stddev):
        law = functools.partial(normal, stddev=stddev)
        model = QuantumStudent(MIRRORED, classes=2, encoding=zero, initializer=law)
        return model.init(jax.random.key(0), jnp.zeros((1, 1)))["params"]["theta"]

    one, three = jax.jit(jax.vmap(first_angles))(jnp.array([1.0, 3.0]))
    np.testing.assert_allclose(three, 3 * one, rtol=1e-6)
    assert np.all(one != 0)


@pytest.mark.parametrize("initialize", [uniform, normal, gaussian_by_depth, identity_blocks])
def test_angles_have_jaxs_default_precision(initialize):
    with jax.enable_x64(True):
        assert initialize(jax.random.key(0), MIRRORED).dtype == jnp.float64


@pytest.mark.parametrize("first", [uniform, functools.partial(normal, stddev=1.0)])
def test_identity_blocks_start_each_layer_as_the_identity(first):
    theta = identity_blocks(jax.random.key(0), MIRRORED, first=first)
    half = MIRRORED.shape[1] // 2
    drawn = first(jax.random.key(0), MIRRORED)
    np.testing.assert_array_equal(theta[:, :half], drawn[:, :half])
    one = Circuit(3, 1, MIRRORED.gates)
    for layer in theta:
        np.testing.assert_allclose(reference.unitary(one, layer[None]), np.eye(8), rtol=0, atol=1e-13)


def test_identity_blocks_leave_the_features_alone_between_them():
    circuit = reuploading(mirrored(real_amplitudes(qubits=2, layers=4), blocks=2), features=4)
    theta = identity_blocks(jax.random.key(1), circuit)
    x = np.array([[0.3, -0.4, 0.2, 0.9]])
    read = reference.expectations(circuit, theta, np.eye(4)[:1], (0, 1), x)
    np.testing.assert_allclose(read, np.cos(2 * (x[:, :2] + x[:, 2:])), rtol=0, atol=1e-13)


def test_identity_blocks_of_a_circuit_without_angles_have_none():
    theta = identity_blocks(jax.random.key(0), mirrored(Circuit(1, 2, (Gate("t", (0,)),))))
    assert theta.shape == (1, 0)


@pytest.mark.parametrize("values", [[0.1, 0.4, 0.5, 0.9], [[0, 1, 1], [1, 1, 0.5]]])
def test_the_fitted_beta_has_the_moments_of_the_values(values):
    a, b = map(float, fit_beta(values))
    np.testing.assert_allclose(stats.beta(a, b).stats("mv"), (np.mean(values), np.var(values)), rtol=1e-5)
    np.testing.assert_allclose(jax.jit(fit_beta)(jnp.array(values)), (a, b), rtol=1e-5)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        *[
            (functools.partial(initialize, low=low, high=high), "`low, high` must be finite and rise, but is")
            for initialize in (uniform, beta)
            for low, high in [(1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (np.nan, 1.0)]
        ],
        (functools.partial(normal, stddev=0.0), "`stddev` must be positive and finite, but is 0.0"),
        (functools.partial(normal, stddev=np.nan), "`stddev` must be positive and finite, but is nan"),
        (functools.partial(gaussian_by_depth, locality=0), "`locality` must be positive and finite, but is 0"),
        (functools.partial(gaussian_by_depth, depth=-1), "`depth` must be positive and finite, but is -1"),
        (functools.partial(beta, a=0.0), "`a` must be positive and finite, but is 0.0"),
        (functools.partial(beta, b=-1.0), "`b` must be positive and finite, but is -1.0"),
        (identity_blocks, "`circuit` must be mirrored, .* Build it by `jaxqkd.circuits.mirrored`"),
    ],
)
def test_options_that_make_no_sense_are_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(jax.random.key(0), hea(qubits=1, layers=1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 1.5], "`values` must lie between 0 and 1"),
        ([0.5, 0.5], r"`values` must vary, with one of them between 0 and 1, but is \[0.5\]"),
        ([0, 1, 1], r"`values` must vary, with one of them between 0 and 1, but is \[0 1\]"),
    ],
)
def test_values_of_no_beta_distribution_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        fit_beta(values)
