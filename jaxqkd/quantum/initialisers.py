"""Initialisers: functions `(key, circuit) -> theta [L, P]` of a student's first angles, in radians."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxqkd.quantum.circuits import Circuit
from jaxqkd.types import Key

Initialiser = Callable[[Key, Circuit], jax.Array]


def uniform(key: Key, circuit: Circuit, low: float = 0.0, high: float = 2 * jnp.pi) -> jax.Array:
    """Returns angles [L, P] uniform in [low, high), a full turn by default."""
    return jax.random.uniform(key, circuit.shape, minval=low, maxval=high)


def normal(key: Key, circuit: Circuit, stddev: float = 0.1) -> jax.Array:
    """Returns angles [L, P] normal about 0 with standard deviation stddev: a circuit near the identity."""
    return stddev * jax.random.normal(key, circuit.shape)
