"""Initializers: functions `(key, circuit) -> theta [L, P]` that return a student's initial angles, in radians.

Options are given by keyword: `functools.partial(normal, stddev=0.3)` is an initializer. Values may be traced.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit, mirror_angles
from jaxqkd.types import Key

Initializer = Callable[[Key, Circuit], jax.Array]


def uniform(key: Key, circuit: Circuit, low: float = 0.0, high: float = 2 * jnp.pi) -> jax.Array:
    """Returns angles [L, P] uniform in [low, high), a full turn by default."""
    _check_range(low, high)
    return jax.random.uniform(key, circuit.shape, minval=low, maxval=high)


def normal(key: Key, circuit: Circuit, stddev: float = 0.1) -> jax.Array:
    """Returns angles [L, P] normal about 0 with standard deviation stddev: a circuit near the identity."""
    checks.positive("stddev", stddev)
    return stddev * jax.random.normal(key, circuit.shape)


def gaussian_by_depth(key: Key, circuit: Circuit, *, locality: float = 1, depth: float | None = None) -> jax.Array:
    """Returns angles [L, P] drawn from a normal distribution of mean 0 and variance 1 / (4 S (depth + 2)).

    With this variance the gradient's norm is bounded from below by a power of the number of qubits and the depth.
    That is proved for the paper's layers of one rotation a qubit and entanglers, and a heuristic for others.

    Args:
        key: Random key.
        circuit: The circuit.
        locality: Number of qubits S that an observable acts on; 1 for <Z> of single qubits, which students read.
        depth: Number of layers, or None for the circuit's L. Give it where one layer of the circuit holds several
            layers of an ansatz, as in `strongly_entangling` and `mirrored`.

    References:
        Zhang et al., Escaping from the barren plateau via Gaussian initializations in deep variational quantum
        circuits, NeurIPS 2022.
    """
    depth = circuit.layers if depth is None else depth
    checks.positive("locality", locality)
    checks.positive("depth", depth)
    return normal(key, circuit, (4 * locality * (depth + 2)) ** -0.5)


def identity_blocks(key: Key, circuit: Circuit, *, first: Initializer = uniform) -> jax.Array:
    """Returns angles [L, P] at which each block of a mirrored circuit is the identity.

    The first half of each block has random angles; the second half, its inverse, has the negative angles, and
    training changes the two independently. For `mirrored(...)` and `reuploading(mirrored(...), ...)`.

    Args:
        key: Random key.
        circuit: A circuit built by `jaxqkd.circuits.mirrored`.
        first: The initializer of the first halves.

    Raises:
        ValueError: If the circuit is not mirrored.

    References:
        Grant et al., An initialization strategy for addressing barren plateaus, Quantum 3, 214 (2019).
    """
    forth, back = np.asarray(mirror_angles(circuit), np.int32).reshape(-1, 2).T
    theta = first(key, circuit)
    return theta.at[:, back].set(-theta[:, forth])


def beta(
    key: Key, circuit: Circuit, *, a: float = 2.0, b: float = 2.0, low: float = 0.0, high: float = 2 * jnp.pi
) -> jax.Array:
    """Returns angles [L, P] drawn from the beta distribution on [low, high]: low + (high - low) Beta(a, b).

    a = b = 1 is uniform; a = b > 1 has its peak in the middle, a = b < 1 at the ends. `fit_beta` estimates a and b
    from data, as the paper does. The paper's perturbation of gradients is not a part of an initializer.

    References:
        Kulshrestha, Safro, BEINIT: Avoiding barren plateaus in variational quantum algorithms, arXiv:2204.13751.
    """
    checks.positive("a", a)
    checks.positive("b", b)
    _check_range(low, high)
    return low + (high - low) * jax.random.beta(key, a, b, circuit.shape)


def fit_beta(values: Any) -> tuple[jax.Array, jax.Array]:
    """Returns (a, b) of the beta distribution with the mean m and the variance v of the values.

    a = m c and b = (1 - m) c with c = m (1 - m) / v - 1.

    Args:
        values: Numbers of any shape within [0, 1], not all equal and not all at its ends.

    Raises:
        ValueError: If no beta distribution has this mean and this variance.
    """
    checks.fraction("values", values)
    if not checks.is_traced(values):
        distinct = np.unique(values)
        good = len(distinct) > 1 and bool(np.any((distinct > 0) & (distinct < 1)))
        checks.require(good, "values", "vary, with one of them between 0 and 1", distinct)
    values = jnp.asarray(values, float)
    mean, variance = values.mean(), values.var()
    total = mean * (1 - mean) / variance - 1
    return mean * total, (1 - mean) * total


def _check_range(low: Any, high: Any) -> None:
    if not checks.is_traced(low, high):
        good = bool(np.all(np.isfinite(low) & np.isfinite(high) & (np.asarray(low) < np.asarray(high))))
        checks.require(good, "low, high", "be finite and rise", (low, high))
