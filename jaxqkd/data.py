"""Samplers that return `Data`, and what prepares it: arrays, splits, label noise, standardisation."""

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data, Key


def xor_bits(key: Key, *, count: int, bits: int = 64) -> Data:
    """Returns random bit vectors whose first two bits set one of three classes ("extended XOR").

    Equal bits are class 0, (0, 1) is class 1 and (1, 0) is class 2, so the classes have probabilities
    1/2, 1/4, 1/4. The other bits carry no information.

    Args:
        key: The random key; the same key gives the same data.
        count: Number of examples N.
        bits: Number of features D, at least 2. A vector of zeros, which amplitude encoding cannot take,
            has probability 2^-bits.

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

    classes=2, cells=2, features=2 is the continuous XOR. Cells lie one unit apart, centred on the origin.

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


def with_label_noise(key: Key, data: Data, rate: Any, *, classes: int) -> Data:
    """Returns data in which each label is, with probability rate, another class drawn uniformly.

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


def split(key: Key, data: Data, fractions: Sequence[float]) -> tuple[Data, ...]:
    """Returns a random partition of data, one part a fraction.

    Args:
        key: The random key of the shuffle.
        data: Examples to divide.
        fractions: Positive numbers that sum to 1. Part sizes are the differences of the rounded
            cumulative sums, so that no example is lost; each part needs at least one.

    Returns:
        As many Data as there are fractions. Warns where a class of a later part is missing in the first.
    """
    checks.positive("fractions", fractions)
    total = sum(fractions)
    checks.require(abs(total - 1) < 1e-6, "fractions", "sum to 1", f"{tuple(fractions)} with sum {total:g}")
    count = len(data.labels)
    found = f"{count} for {len(data.x)} rows of `data.x`"
    checks.require(len(data.x) == count, "data.labels", "be as many as the rows", found)
    ends = [round(count * end / total) for end in itertools.accumulate(fractions)]
    sizes = np.diff([0, *ends])
    cure = f"Give more than {count} examples or fewer parts."
    checks.require(bool(np.all(sizes > 0)), "fractions", "leave each part an example", f"sizes {sizes}", cure)
    order = jax.random.permutation(key, count)
    shuffled = jax.tree.map(lambda leaf: jnp.asarray(leaf)[order], data)
    parts = tuple(
        jax.tree.map(lambda leaf, a=start, b=end: leaf[a:b], shuffled)
        for start, end in itertools.pairwise([0, *ends])
    )
    _warn_of_unseen_classes(parts)
    return parts


def from_arrays(x: Any, labels: Any, *, classes: int | None = None) -> Data:
    """Returns the user's own arrays as Data, validated on the host.

    Args:
        x: Features [N, D], numbers without NaN or infinity.
        labels: Class numbers [N], whole numbers from 0, or booleans; at least two classes occur.
        classes: Number of classes, against which labels are checked; any number where None.

    Returns:
        Data with x of JAX's default float type and labels as integers.

    Raises:
        ValueError: Names the argument and the first bad row and column.
    """
    features, targets = np.asarray(x), np.asarray(labels)
    checks.rank("x", features, 2, "[N, features]")
    checks.rank("labels", targets, 1, "[N]")
    checks.require(features.size > 0, "x", "hold at least one example", f"of shape {features.shape}")
    cure = "Encode other types as numbers first."
    checks.require(features.dtype.kind in "iufb", "x", "be numbers", f"of dtype {features.dtype}", cure)
    found = f"{len(targets)} for {len(features)} rows of `x`"
    checks.require(len(features) == len(targets), "labels", "be as many as the rows of `x`", found)
    with np.errstate(over="ignore"):  # what is too large for the float type is infinite: refused below
        features = features.astype(jnp.zeros(()).dtype)
    checks.finite_rows("x", features)
    targets = targets.astype(int) if targets.dtype == bool else targets
    checks.labels("labels", targets, classes=classes)
    seen = np.unique(targets)
    checks.require(len(seen) > 1, "labels", "hold at least two classes", f"class {seen[0]} alone")
    return Data(jnp.asarray(features), jnp.asarray(targets, int))


def standardise(train: Data, *others: Data) -> tuple[Data, ...]:
    """Returns train and the others shifted and scaled by the mean and standard deviation of train alone.

    Nothing of the validation or test data enters the fit. A constant feature is only shifted.

    Args:
        train: The part that the mean and the standard deviation are computed on.
        *others: Parts that are moved in the same way.

    Returns:
        As many Data as there were arguments; the features of train have mean 0 and variance 1.
    """
    mean, deviation = train.x.mean(axis=0, keepdims=True), train.x.std(axis=0, keepdims=True)
    rounding = 8 * jnp.finfo(mean.dtype).eps * jnp.abs(mean)
    varies = deviation > rounding  # what a constant deviates by
    scale = jnp.where(varies, deviation, 1.0)
    return tuple(part._replace(x=(part.x - mean) / scale) for part in (train, *others))


def _warn_of_unseen_classes(parts: Sequence[Data]) -> None:
    if checks.is_traced([part.labels for part in parts]):
        return
    seen = np.unique(np.asarray(parts[0].labels))
    for number, part in enumerate(parts[1:], start=1):
        unseen = np.setdiff1d(np.asarray(part.labels), seen)
        if len(unseen):
            text = f"Part {number} of the split holds classes {unseen.tolist()} that part 0 lacks."
            warnings.warn(text, stacklevel=3)
