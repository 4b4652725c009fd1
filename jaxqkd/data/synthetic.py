"""Samplers: data drawn from a random key, and label noise; all may be compiled."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data, Key


def xor_bits(key: Key, *, count: int, bits: int = 64) -> Data:
    """Returns random bit vectors whose first two bits determine one of three classes ("extended XOR").

    Equal bits are class 0, (0, 1) is class 1 and (1, 0) is class 2, so the classes have probabilities
    1/2, 1/4, 1/4. The other bits carry no information.

    Args:
        key: The random key; the same key gives the same data.
        count: Number of examples N.
        bits: Number of features D, at least 2. A vector of zeros, which amplitude encoding refuses, has
            probability 2^-bits.

    Returns:
        Data with x [N, bits] of 0.0 and 1.0, and labels [N] in 0 ... 2.

    References:
        Piperno et al., Quantum Enhanced Knowledge Distillation, QTML 2024.
    """
    checks.integer("count", count)
    checks.integer("bits", bits, least=2)
    x = jax.random.bernoulli(key, 0.5, (count, bits)).astype(int)
    return Data(x.astype(float), (x[:, 1] - x[:, 0]) % 3)


def xor_grid(
    key: Key, *, count: int, classes: int = 3, features: int = 2, cells: int = 3, spread: float = 0.3
) -> Data:
    """Returns Gaussian blobs on a grid of cells; the class is the sum of the cell's indices modulo classes.

    With classes=2, cells=2 and features=2 it is the continuous XOR. The grid is centered on the origin, with one
    unit between neighboring cells.

    Args:
        key: The random key.
        count: Number of examples N.
        classes: Number of classes C, at least 2.
        features: Number of features D.
        cells: Cells along each feature, at least 2.
        spread: Standard deviation of a blob in units of the distance between cells; may be traced.

    Returns:
        Data with x [N, features] and labels [N] in 0 ... classes - 1.
    """
    checks.integer("count", count)
    checks.integer("classes", classes, least=2)
    checks.integer("features", features)
    checks.integer("cells", cells, least=2)
    checks.positive("spread", spread)
    k_cell, k_noise = jax.random.split(key)
    cell = jax.random.randint(k_cell, (count, features), 0, cells)
    x = cell - (cells - 1) / 2 + spread * jax.random.normal(k_noise, (count, features))
    return Data(x, cell.sum(axis=1) % classes)


def moons(key: Key, *, count: int, noise: Any = 0.1) -> Data:
    """Returns two interleaved half circles, one for each class, as in scikit-learn's `make_moons`.

    Class 0 is the upper half of the unit circle, class 1 the lower half of the unit circle about (1, 1/2). The
    points are evenly spaced; the key determines only their order and their noise.

    Args:
        key: The random key.
        count: Number of examples N, at least 2; the classes differ by at most one.
        noise: Standard deviation of the Gaussian noise on both features; may be 0, and may be traced.

    Returns:
        Data with x [N, 2] and labels [N] in 0 ... 1.
    """
    checks.integer("count", count, least=2)
    _check_below("noise", noise, np.inf)
    upper = _on_circle(jnp.linspace(0, jnp.pi, count // 2))
    lower = jnp.array([[1, 0.5]]) - _on_circle(jnp.linspace(0, jnp.pi, count - count // 2))
    return _shuffled(key, (upper, lower), noise)


def circles(key: Key, *, count: int, noise: Any = 0.05, factor: Any = 0.8) -> Data:
    """Returns two circles about the origin, one for each class, as in scikit-learn's `make_circles`.

    Class 0 has radius 1, class 1 radius factor. The points are evenly spaced; the key determines only their order
    and their noise.

    Args:
        key: The random key.
        count: Number of examples N, at least 2; the classes differ by at most one.
        noise: Standard deviation of the Gaussian noise on both features; may be 0, and may be traced.
        factor: Radius of the inner circle, in [0, 1); may be traced.

    Returns:
        Data with x [N, 2] and labels [N] in 0 ... 1.
    """
    checks.integer("count", count, least=2)
    _check_below("noise", noise, np.inf)
    _check_below("factor", factor, 1)
    outer = _on_circle(jnp.linspace(0, 2 * jnp.pi, count // 2, endpoint=False))
    inner = factor * _on_circle(jnp.linspace(0, 2 * jnp.pi, count - count // 2, endpoint=False))
    return _shuffled(key, (outer, inner), noise)


def with_label_noise(key: Key, data: Data, rate: Any, *, classes: int) -> Data:
    """Returns data in which each label is replaced, with probability rate, by another class drawn uniformly.

    Args:
        key: The random key.
        data: Examples; x and teacher stay as they are.
        rate: Probability in [0, 1] that a label is wrong; may be traced.
        classes: Number of classes C, at least 2.

    Returns:
        Data with noisy labels [N].
    """
    checks.fraction("rate", rate)
    checks.integer("classes", classes, least=2)
    checks.labels("data.labels", data.labels, classes=classes)
    k_which, k_shift = jax.random.split(key)
    wrong = jax.random.bernoulli(k_which, rate, data.labels.shape)
    shift = jax.random.randint(k_shift, data.labels.shape, 1, classes)
    return data._replace(labels=jnp.where(wrong, (data.labels + shift) % classes, data.labels))


def _on_circle(angle: jax.Array) -> jax.Array:
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)


def _shuffled(key: Key, classes: Sequence[jax.Array], noise: Any) -> Data:
    k_order, k_noise = jax.random.split(key)
    x = jnp.concatenate(classes)
    labels = jnp.concatenate([jnp.full(len(rows), number) for number, rows in enumerate(classes)])
    order = jax.random.permutation(k_order, len(x))
    return Data(x[order] + noise * jax.random.normal(k_noise, x.shape), labels[order])


def _check_below(argument: str, value: Any, end: float) -> None:
    if not checks.is_traced(value):
        numbers = np.asarray(value, float)
        checks.require(bool(np.all((numbers >= 0) & (numbers < end))), argument, f"lie in [0, {end:g})", value)
