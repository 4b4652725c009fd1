import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxqkd.quantum.encodings import amplitude, angle, dense_angle, iqp, zero
from tests import reference


@pytest.mark.parametrize(
    ("x", "state"),
    [
        ([3.0, 4.0], [0.6, 0.8, 0, 0]),
        ([0.0, -2.0, 0.0], [0, -1, 0, 0]),
        ([1.0, 1.0, 1.0, -1.0], [0.5, 0.5, 0.5, -0.5]),
        ([5], [1, 0, 0, 0]),
    ],
)
def test_amplitude_pads_and_normalizes(x, state):
    np.testing.assert_allclose(amplitude(jnp.array(x), 2), state, rtol=0, atol=1e-7)


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 1e5, 1e30])
def test_amplitude_has_norm_1_and_only_the_direction_counts(size):
    x = jax.random.normal(jax.random.key(0), (5, 7))
    states = amplitude(size * x, 3)
    np.testing.assert_allclose(jnp.sum(states**2, axis=-1), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(states, amplitude(x, 3), rtol=0, atol=1e-6)


def test_amplitude_takes_large_integers():
    np.testing.assert_allclose(amplitude(jnp.array([30_000, 40_000, 0]), 2), [0.6, 0.8, 0, 0], rtol=0, atol=1e-7)


def test_the_gradient_of_amplitude_is_the_projection_off_the_state():
    with jax.enable_x64(True):
        x = jax.random.normal(jax.random.key(0), (6,))
        norm = jnp.linalg.norm(x)
        state = amplitude(x, 3)[:6]
        projection = (jnp.eye(6) - jnp.outer(state, state)) / norm
        np.testing.assert_allclose(jax.jacobian(amplitude)(x, 3)[:6], projection, rtol=0, atol=1e-14)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
@pytest.mark.parametrize("qubits", [1, 2, 4])
def test_angle_equals_reference_rotations(axis, qubits):
    x = np.random.default_rng(qubits).normal(scale=3, size=(5, qubits))
    expected = [reference.angle_state(row, axis) for row in x]
    np.testing.assert_allclose(angle(jnp.array(x, "float32"), qubits, axis), expected, rtol=0, atol=1e-6)
    with jax.enable_x64(True):
        np.testing.assert_allclose(angle(jnp.array(x), qubits, axis), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("axis", "state"),
    [("y", [0.5, 0.5, 0.5, 0.5]), ("x", [0.5, -0.5j, -0.5j, -0.5]), ("z", [-0.5j, 0.5, 0.5, 0.5j])],
)
def test_quarter_turns_about_each_axis(axis, state):
    np.testing.assert_allclose(angle(jnp.full(2, jnp.pi / 2), 2, axis), state, rtol=0, atol=1e-6)


def test_feature_0_turns_the_most_significant_qubit():
    np.testing.assert_allclose(angle(jnp.array([jnp.pi, 0.0]), 2), [0, 0, 1, 0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("qubits", [1, 3])
def test_zero_is_the_first_basis_state_whatever_the_features(qubits):
    expected = np.eye(2**qubits)[[0, 0]]
    for x in (jnp.ones((2, 5)), jnp.full((2, 1), jnp.nan)):
        np.testing.assert_array_equal(zero(x, qubits), expected)


@pytest.mark.parametrize("qubits", [1, 2, 4])
def test_dense_angle_turns_about_y_and_then_z_up_to_a_phase(qubits):
    x = np.random.default_rng(qubits).normal(scale=3, size=(5, qubits, 2))

    def single(a, b):
        state = reference.matrix("rz", b) @ reference.matrix("ry", a) @ [1, 0]
        return np.exp(0.5j * b) * state

    expected = [reference.kron(single(a, b) for a, b in row) for row in x]
    with jax.enable_x64(True):
        found = dense_angle(jnp.array(x.reshape(5, -1)), qubits)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_dense_angle_without_phases_is_angle():
    x = jax.random.normal(jax.random.key(2), (4, 3))
    dense = dense_angle(jnp.stack([x, 0 * x], axis=-1).reshape(4, 6), 3)
    np.testing.assert_allclose(dense, angle(x, 3), rtol=0, atol=1e-6)


def _iqp(x, repeats):
    """By Kronecker products: Hadamards, then RZ by each feature and a ZZ rotation by each pair's product."""
    qubits = len(x)
    state = np.eye(2**qubits)[0]
    for _ in range(repeats):
        state = reference.kron([reference.matrix("h")] * qubits) @ state
        for places in [*((i,) for i in range(qubits)), *itertools.combinations(range(qubits), 2)]:
            turn = reference.matrix("rz" + "z" * (len(places) - 1), np.prod(x[list(places)]))
            state = reference.embed(turn, places, qubits) @ state
    return state


@pytest.mark.parametrize(("qubits", "repeats"), [(1, 2), (2, 1), (3, 3), (4, 2)])
def test_iqp_equals_reference_gates(qubits, repeats):
    x = np.random.default_rng(qubits).normal(size=(4, qubits))
    expected = [_iqp(row, repeats) for row in x]
    encode = jax.jit(lambda x: iqp(x, qubits, repeats))
    np.testing.assert_allclose(encode(jnp.array(x, "float32")), expected, rtol=0, atol=3e-6)
    with jax.enable_x64(True):
        np.testing.assert_allclose(encode(jnp.array(x)), expected, rtol=0, atol=1e-14)


def test_iqp_at_the_origin_is_uniform_and_then_back_at_zero():
    x = jnp.zeros((1, 3))
    np.testing.assert_allclose(iqp(x, 3, repeats=1), np.full((1, 8), 8**-0.5), rtol=0, atol=1e-7)
    np.testing.assert_allclose(iqp(x, 3), zero(x, 3), rtol=0, atol=1e-7)


ENCODINGS = [zero, amplitude, *(functools.partial(angle, axis=axis) for axis in "yxz"), dense_angle, iqp]


def _width(encode, qubits):
    return 2 * qubits if encode is dense_angle else qubits


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("batch", [(), (4,), (2, 3), (0,)])
def test_leading_axes_are_examples(encode, batch):
    width = _width(encode, 3)
    x = jax.random.normal(jax.random.key(1), (*batch, width))
    states = jax.jit(encode, static_argnums=1)(x, 3)
    assert states.shape == (*batch, 8)
    np.testing.assert_allclose(jnp.sum(jnp.abs(states) ** 2, axis=-1), 1, rtol=0, atol=1e-6)
    rows = jax.jit(jax.vmap(lambda row: encode(row, 3)))(x.reshape(-1, width))
    np.testing.assert_allclose(states, rows.reshape(states.shape), rtol=0, atol=1e-6)


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_states_are_real_where_the_encoding_allows_and_as_precise_as_the_features(encode, dtype):
    is_real = encode in ENCODINGS[:3]  # angle's axis is y first
    with jax.enable_x64(True):
        states = jax.eval_shape(lambda x: encode(x, 2), jnp.ones((2, _width(encode, 2)), dtype))
    assert jnp.issubdtype(states.dtype, jnp.floating) == is_real
    if dtype != "int32":
        assert jnp.finfo(states.dtype).dtype == dtype


@pytest.mark.parametrize("encode", [dense_angle, iqp])
def test_the_gradient_is_that_of_finite_differences(encode):
    with jax.enable_x64(True):
        x = jnp.linspace(-1, 1, 3 * _width(encode, 2)).reshape(3, -1)
        shifted = jax.jit(lambda x: jnp.abs(1 + encode(x, 2)) ** 2)  # which the phases change, too
        check_grads(shifted, (x,), order=1)


def test_a_row_of_zeros_is_refused_by_its_number():
    x = np.ones((5, 4), "float32")
    x[3] = 0
    x[4] = 0
    with pytest.raises(
        ValueError, match=r"`x` must have a direction in each row, but is all zeros at row 3\. Drop"
    ):
        amplitude(jnp.array(x), 2)
    with pytest.raises(ValueError, match="all zeros at row 0"):
        amplitude(jnp.zeros(4), 2)
    assert amplitude(jnp.array(x[:3]), 2).shape == (3, 4)
    compiled = jax.jit(amplitude, static_argnums=1)(jnp.array(x), 2)
    assert np.isnan(compiled).any(axis=1).tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("encode", "accepted", "refused", "message"),
    [
        (amplitude, 8, 9, r"at most 2\^3 = 8 features for .* on 3 qubits, but is 9 features\. .* use 4 qubits\."),
        (amplitude, 1, 65, r"but is 65 features\. Reduce the features to 8, or use 7 qubits\."),
        (angle, 3, 2, r"`x` must have 3 features for .* on 3 qubits, but is 2 features\. .*`input_width=3`"),
        (angle, 3, 4, r"`x` must have 3 features for .* on 3 qubits, but is 4 features\."),
        (dense_angle, 6, 3, r"`x` must have 6 features for dense angle .* 3 qubits, .* `input_width=6`"),
        (dense_angle, 6, 8, r"`x` must have 6 features for dense angle .* 3 qubits, but is 8 features\. Reduce"),
        (iqp, 3, 4, r"`x` must have 3 features for IQP encoding on 3 qubits, but is 4 features\. .*_width=3`"),
    ],
)
def test_features_that_do_not_fit_are_refused_with_both_numbers(encode, accepted, refused, message):
    assert jax.eval_shape(lambda x: encode(x, 3), jnp.ones((2, accepted))).shape == (2, 8)
    with pytest.raises(ValueError, match=message):
        encode(jnp.ones((2, refused)), 3)
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(lambda x: encode(x, 3), jnp.ones((2, refused)))


def test_an_unknown_axis_is_refused():
    with pytest.raises(ValueError, match=r"`axis` must be one of 'x', 'y', 'z', but is 'w'"):
        angle(jnp.ones(2), 2, axis="w")


@pytest.mark.parametrize(("repeats", "message"), [(0, "at least 1, but is 0"), (1.5, "an integer, but is 1.5")])
def test_repeats_that_make_no_sense_are_refused(repeats, message):
    with pytest.raises(ValueError, match=f"`repeats` must be {message}"):
        iqp(jnp.ones(2), 2, repeats=repeats)
