"""Estimates: values at random angles, and their intervals."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import Circuit
from jaxqkd.quantum.simulators import EXACT
from jaxqkd.types import Key

BATCH = 256
"""Samples that are computed side by side, which bounds the memory."""


class Estimate(NamedTuple):
    """A value with its interval of 95 %: 1.96 standard errors to each side.

    Attributes:
        value: The value.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    value: jax.Array
    low: jax.Array
    high: jax.Array


def random_angles(key: Key, circuit: Circuit) -> jax.Array:
    """Returns angles [L, P], drawn evenly from [0, 2 pi)."""
    return jax.random.uniform(key, circuit.shape, maxval=2 * jnp.pi)


def _zero(circuit: Circuit) -> jax.Array:
    return jnp.zeros((1, 2**circuit.qubits)).at[0, 0].set(1.0)


def state(circuit: Circuit, theta: jax.Array, x: jax.Array | None) -> jax.Array:
    """Returns the state [2^Q] of a circuit at angles theta [L, P] and features x [D]."""
    return EXACT.final_states(circuit, theta, _zero(circuit), x=None if x is None else x[None])[0]


def read_out(circuit: Circuit, theta: jax.Array, x: jax.Array | None, measured: tuple[int, ...]) -> jax.Array:
    """Returns <Z> [k] of the measured qubits at angles theta [L, P] and features x [D]."""
    row = None if x is None else x[None]
    return EXACT.expectations(circuit, theta, _zero(circuit), measured=measured, x=row)[0]


def mapped(function: Callable[[Key], jax.Array], key: Key, count: int) -> jax.Array:
    """Returns the function's values [count, ...] at so many keys."""
    return jax.lax.map(function, jax.random.split(key, count), batch_size=min(BATCH, count))


def mean(values: jax.Array) -> Estimate:
    """Returns the mean over the first axis, with its standard error."""
    return estimate(values.mean(axis=0), jnp.std(values, axis=0, ddof=1) / np.sqrt(len(values)))


def estimate(value: jax.Array, error: jax.Array) -> Estimate:
    """Returns a value with its interval, from its standard error."""
    return Estimate(value, value - 1.96 * error, value + 1.96 * error)
