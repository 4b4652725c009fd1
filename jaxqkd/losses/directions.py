"""Vectors of norm 1; their gradients are finite also at vectors of zeros."""

import jax
import jax.numpy as jnp

from jaxqkd.losses.divergence import centered


def unit(x: jax.Array, axis: int = -1) -> jax.Array:
    """Returns x over its norm along the axis; a vector of zeros stays as it is, and its gradient is 0."""
    largest = jax.lax.stop_gradient(jnp.abs(x).max(axis=axis, keepdims=True))
    nonzero = largest > 0
    x = jnp.where(nonzero, x / jnp.where(nonzero, largest, 1.0), 0.0)  # keeps squares in range
    square = jnp.sum(x**2, axis=axis, keepdims=True)
    return x / jnp.sqrt(jnp.where(nonzero, square, 1.0))


def deviation(x: jax.Array, axis: int = -1) -> jax.Array:
    """Returns x less its mean, over the norm of the difference; a constant x becomes zeros.

    The inner product of two such vectors is Pearson's correlation. The input is centered twice, since a large
    offset would make the mean inaccurate.
    """
    x = centered(x, axis)
    return unit(x - x.mean(axis=axis, keepdims=True), axis)
