"""Encodings: functions of features [..., D] that return states [..., 2^Q], one an example."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.quantum.simulators.statevector.lowering import signs

Encoding = Callable[[jax.Array, int], jax.Array]
"""A function `(x [..., D], qubits) -> states [..., 2^Q]`, real where the encoding allows."""


def zero(x: jax.Array, qubits: int) -> jax.Array:
    """Returns `|0...0>` for each example, for circuits whose gates read the features, such as `reuploading`'s.

    Args:
        x: Features [..., D]; their values have no effect.
        qubits: Number of qubits Q.

    Returns:
        Real states [..., 2^Q].
    """
    return jax.nn.one_hot(jnp.zeros(x.shape[:-1], int), 2**qubits, dtype=jnp.result_type(x, float))


def amplitude(x: jax.Array, qubits: int) -> jax.Array:
    """Returns the real states whose amplitudes are the features, padded with zeros and normalized.

    The first feature is the amplitude of `|0...0>`. A vector of zeros cannot be normalized: it is refused where
    its value is known on the host, and gives NaN inside a compiled program, where `fit` flags it as diverged.

    Args:
        x: Features [..., D] with D <= 2^Q.
        qubits: Number of qubits Q.

    Returns:
        States [..., 2^Q] of norm 1.

    Raises:
        ValueError: On too many features, or a vector of zeros.
    """
    size, room = x.shape[-1], 2**qubits
    cure = f"Reduce the features to {room}, or use {max(size - 1, 1).bit_length()} qubits."
    must = f"have at most 2^{qubits} = {room} features for amplitude encoding on {qubits} qubits"
    checks.require(size <= room, "x", must, f"{size} features", cure)
    _check_directions(x)
    x = x / jax.lax.stop_gradient(jnp.max(jnp.abs(x), axis=-1, keepdims=True))  # squares stay in range
    norm = jnp.sqrt(jnp.sum(x**2, axis=-1, keepdims=True))
    padding = [(0, 0)] * (x.ndim - 1) + [(0, room - size)]
    return jnp.pad(x / norm, padding)


def angle(x: jax.Array, qubits: int, axis: str = "y") -> jax.Array:
    """Returns the product states in which qubit i is rotated about the axis by feature i, in radians.

    About x or y a qubit starts in `|0>`; about z it starts in `(|0> + |1>) / sqrt(2)`, since a rotation of `|0>`
    about z has no effect. The y axis gives real states, which are the fastest. Choose another axis with
    `functools.partial(angle, axis="x")`.

    Args:
        x: Features [..., Q], angles in radians.
        qubits: Number of qubits Q.
        axis: "x", "y" or "z".

    Returns:
        States [..., 2^Q] of norm 1, complex for the axes x and z.

    Raises:
        ValueError: If the number of features is not the number of qubits.
    """
    checks.one_of("axis", axis, ("x", "y", "z"))
    _check_width(x, qubits, "angle", qubits)
    cosine, sine = jnp.cos(x / 2), jnp.sin(x / 2)
    if axis == "y":
        single = jnp.stack([cosine, sine], axis=-1)
    elif axis == "x":
        single = jnp.stack([cosine + 0j, -1j * sine], axis=-1)
    else:
        single = jnp.stack([cosine - 1j * sine, cosine + 1j * sine], axis=-1) / math.sqrt(2)
    return _product(single)


def dense_angle(x: jax.Array, qubits: int) -> jax.Array:
    """Returns the product states of qubits cos(a / 2) `|0>` + exp(i b) sin(a / 2) `|1>`, two features a qubit.

    Qubit i has the polar angle a = x[2 i] and the azimuthal angle b = x[2 i + 1] on the Bloch sphere: a rotation
    by a about y, then by b about z, up to a global phase. The paper's angles are pi and 2 pi times its features.

    Args:
        x: Features [..., 2 Q], angles in radians.
        qubits: Number of qubits Q.

    Returns:
        Complex states [..., 2^Q] of norm 1.

    Raises:
        ValueError: If the number of features is not twice the number of qubits.

    References:
        LaRose, Coyle, Robust data encodings for quantum classifiers, Phys. Rev. A 102, 032420 (2020).
    """
    _check_width(x, 2 * qubits, "dense angle", qubits)
    polar, azimuthal = x[..., ::2] / 2, x[..., 1::2]
    return _product(jnp.stack([jnp.cos(polar) + 0j, jnp.exp(1j * azimuthal) * jnp.sin(polar)], axis=-1))


def iqp(x: jax.Array, qubits: int, repeats: int = 2) -> jax.Array:
    """Returns the states (D(x) H^Q)^repeats `|0...0>`: Hadamards on all qubits, then phases, repeated.

    D(x) = exp(-i / 2 (sum_i x_i Z_i + sum_{i<j} x_i x_j Z_i Z_j)) is RZ by each feature and a ZZ rotation by the
    product of each pair. The paper has D = exp(i (...)) with angles (pi - x_i)(pi - x_j) of the pairs; PennyLane's
    `IQPEmbedding` agrees with ours. Choose other repeats with `functools.partial(iqp, repeats=1)`.

    Args:
        x: Features [..., Q], angles in radians. Scale them to about 1, since their products are angles as well.
        qubits: Number of qubits Q.
        repeats: Number of repetitions. After one, all amplitudes have the same modulus.

    Returns:
        Complex states [..., 2^Q] of norm 1.

    Raises:
        ValueError: If the number of features is not the number of qubits, or repeats is not a positive integer.

    References:
        Havlíček et al., Supervised learning with quantum-enhanced feature spaces, Nature 567, 209 (2019).
    """
    checks.integer("repeats", repeats)
    _check_width(x, qubits, "IQP", qubits)
    x = x.astype(jnp.result_type(x, float))
    total = jnp.matmul(x, jnp.asarray(signs(qubits).T, x.dtype), precision="highest")  # sum_i x_i z_i
    pairs = (total**2 - jnp.sum(x**2, axis=-1, keepdims=True)) / 2  # each z_i^2 is 1
    phases = jnp.exp(-0.5j * (total + pairs))
    state = phases / math.sqrt(2**qubits)
    for _ in range(repeats - 1):
        state = phases * _hadamards(state, qubits)
    return state


def _product(single: jax.Array) -> jax.Array:
    """Returns the product states [..., 2^Q] of the qubits' states [..., Q, 2]."""
    *batch, qubits, _ = single.shape
    state = single[..., 0, :]
    for qubit in range(1, qubits):
        pair = state[..., :, None] * single[..., qubit, None, :]
        state = pair.reshape(*batch, 2 ** (qubit + 1))
    return state


def _hadamards(states: jax.Array, qubits: int) -> jax.Array:
    """Returns the states [..., 2^Q] after a Hadamard on every qubit, computed by additions alone."""
    shape = states.shape
    for qubit in range(qubits):
        halves = states.reshape(*shape[:-1], 2**qubit, 2, 2 ** (qubits - 1 - qubit))
        upper, lower = halves[..., 0, :], halves[..., 1, :]
        states = jnp.stack([upper + lower, upper - lower], axis=-2).reshape(shape)
    return states / math.sqrt(2**qubits)


def _check_width(x: jax.Array, width: int, encoding: str, qubits: int) -> None:
    cure = f"Reduce the features to {width}, or give the student `input_width={width}`."
    must = f"have {width} features for {encoding} encoding on {qubits} qubits"
    checks.require(x.shape[-1] == width, "x", must, f"{x.shape[-1]} features", cure)


def _check_directions(x: jax.Array) -> None:
    if checks.is_traced(x):
        return
    empty = np.flatnonzero(~np.any(np.asarray(x).reshape(-1, x.shape[-1]), axis=-1))
    if len(empty):
        cure = "Drop that row, or append a constant feature."
        checks.require(False, "x", "have a direction in each row", f"all zeros at row {empty[0]}", cure)
