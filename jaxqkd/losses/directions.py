"""Vectors of norm 1, with finite gradients also where a vector has no direction."""

import jax
import jax.numpy as jnp

from jaxqkd.losses.divergence import centered


def unit(x: jax.Array, axis: int = -1) -> jax.Array:
    """Returns x over its norm along the axis; a vector of zeros stays one, and its gradient is 0."""
    largest = jax.lax.stop_gradient(jnp.abs(x).max(axis=axis, keepdims=True))
    some = largest > 0
    x = jnp.where(some, x / jnp.where(some, largest, 1.0), 0.0)  # squares stay in range
    square = jnp.sum(x**2, axis=axis, keepdims=True)
    return x / jnp.sqrt(jnp.where(some, square, 1.0))


def deviation(x: jax.Array, axis: int = -1) -> jax.Array:
    """Returns x less its mean, over the norm of that; two such vectors have Pearson's correlation as product.

    A constant x becomes zeros. It is centered twice, as the mean of a large offset would be rounded.
    """
    x = centered(x, axis)
    return unit(x - x.mean(axis=axis, keepdims=True), axis)
