"""Choice: which qubits a teacher would keep, by the relevance of the amplitudes to its logits."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.types import Model, Params


def relevance(teacher: Model, params: Params, x: jax.Array) -> jax.Array:
    """Returns the relevance [D] of each amplitude to a teacher's logits, of sum 1.

    The encoding normalizes a row: psi = x / |x|. So the gradient by psi is |x| times that by x, without its part
    along psi. The relevance is the square of that of the logits without their mean over classes, summed over rows
    x [N, D] and classes.
    """

    def squares(row: jax.Array) -> jax.Array:
        slopes = jax.jacrev(lambda x: teacher.apply(params, x[None])[0])(row)
        slopes = slopes - slopes.mean(axis=0, keepdims=True)
        psi = row / jnp.linalg.norm(row)
        along = jnp.sum(slopes * psi[None], axis=1, keepdims=True) * psi[None]
        return jnp.sum(row**2) * jnp.sum((slopes - along) ** 2, axis=0)

    total = jax.vmap(squares)(x).sum(axis=0)
    return total / total.sum()


def told_apart(relevance: jax.Array, kept: np.ndarray) -> jax.Array:
    """Returns how often two amplitudes, drawn by their relevance [2^Q], differ in a kept qubit of sets [n, Q]."""
    sets, qubits = kept.shape
    bits = np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1] & 1
    patterns = (bits[None] * kept[:, None]) @ 2 ** np.arange(qubits)[::-1]
    shares = jnp.zeros((sets, 2**qubits), relevance.dtype)
    shares = shares.at[np.arange(sets)[:, None], patterns].add(relevance[None])
    return 1 - jnp.sum(shares**2, axis=1)
