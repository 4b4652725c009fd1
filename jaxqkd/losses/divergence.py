"""The Kullback-Leibler divergence of logits, accurate at any temperature."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import logsumexp


def kl(teacher: jax.Array, student: jax.Array, temperature: Any = 1.0) -> jax.Array:
    """Returns KL(p || q) [B] of p = softmax(teacher / T) and q = softmax(student / T).

    It is accurate also where p is near q: it sums q - p - p log(q / p), whose terms are not negative, in place of
    -p log(q / p), whose terms cancel. log(q / p) is computed as a difference of logits less a difference of
    normalizers, since an error in the latter shifts all classes alike and drops out of the sum.
    """
    z_p, z_q = centered(teacher) / temperature, centered(student) / temperature
    norm_p, norm_q = logsumexp(z_p, axis=-1, keepdims=True), logsumexp(z_q, axis=-1, keepdims=True)
    p, q = jnp.exp(z_p - norm_p), jnp.exp(z_q - norm_q)
    ratio = (z_q - z_p) - (norm_q - norm_p)
    close = jnp.abs(ratio) < 0.5
    near = jnp.where(close, ratio, 0.0)
    terms = jnp.where(close, p * _exp_less_line(near), q - p - p * ratio)
    return terms.sum(axis=-1)


def centered(logits: jax.Array, axis: int = -1) -> jax.Array:
    """Returns logits less the largest, since division by T would round a common offset."""
    return logits - jax.lax.stop_gradient(logits.max(axis=axis, keepdims=True))


def _exp_less_line(x: jax.Array) -> jax.Array:
    """Returns exp(x) - 1 - x for abs(x) < 1/2, by its series, whose terms do not cancel."""
    factors = [1 / math.factorial(order) for order in range(11, 1, -1)]
    return x**2 * functools.reduce(lambda total, factor: total * x + factor, factors, jnp.zeros_like(x))
