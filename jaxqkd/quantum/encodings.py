"""Encodings: functions of features [..., D] that return states [..., 2^Q], one an example."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks

Encoding = Callable[[jax.Array, int], jax.Array]
"""A function `(x [..., D], qubits) -> states [..., 2^Q]`, real where the encoding allows."""


def amplitude(x: jax.Array, qubits: int) -> jax.Array:
    """Returns the real states whose amplitudes are the features, padded with zeros and normalised.

    The first feature is the amplitude of `|0...0>`. A vector of zeros has no direction: it is refused where its
    value is known on the host, and gives NaN inside a compiled program, where `fit` flags it as diverged.

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
    """Returns the product states in which feature i, in radians, turns qubit i about the axis.

    About x or y a qubit starts in `|0>`; about z it starts in `(|0> + |1>) / sqrt(2)`, since a turn of `|0>`
    about z does nothing. The y axis gives real states, which are the fastest. Choose another axis with
    `functools.partial(angle, axis="x")`.

    Args:
        x: Features [..., Q], angles in radians.
        qubits: Number of qubits Q.
        axis: "x", "y" or "z".

    Returns:
        States [..., 2^Q] of norm 1, complex for the axes x and z.

    Raises:
        ValueError: If the features are not as many as the qubits.
    """
    checks.one_of("axis", axis, ("x", "y", "z"))
    cure = f"Reduce the features to {qubits}, or give the student `input_width={qubits}`."
    must = f"have {qubits} features for angle encoding on {qubits} qubits"
    checks.require(x.shape[-1] == qubits, "x", must, f"{x.shape[-1]} features", cure)
    cosine, sine = jnp.cos(x / 2), jnp.sin(x / 2)
    if axis == "y":
        single = jnp.stack([cosine, sine], axis=-1)
    elif axis == "x":
        single = jnp.stack([cosine + 0j, -1j * sine], axis=-1)
    else:
        single = jnp.stack([cosine - 1j * sine, cosine + 1j * sine], axis=-1) / math.sqrt(2)
    state = single[..., 0, :]
    for qubit in range(1, qubits):
        pair = state[..., :, None] * single[..., qubit, None, :]
        state = pair.reshape(*x.shape[:-1], 2 ** (qubit + 1))
    return state


def _check_directions(x: jax.Array) -> None:
    if checks.is_traced(x):
        return
    empty = np.flatnonzero(~np.any(np.asarray(x).reshape(-1, x.shape[-1]), axis=-1))
    if len(empty):
        cure = "Drop that row, or append a constant feature."
        checks.require(False, "x", "have a direction in each row", f"all zeros at row {empty[0]}", cure)
