"""Splits: random partitions of data, and their concatenation."""

import itertools
import warnings
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data, Key


def split(key: Key, data: Data, fractions: Sequence[float], *, stratify: bool = False) -> tuple[Data, ...]:
    """Returns a random partition of data, with one part for each fraction.

    It warns if the first part lacks a class of a later one, which `stratify` prevents where a class is not rare.

    Args:
        key: The random key of the shuffle.
        data: Examples to divide.
        fractions: Positive numbers that sum to 1. The sizes of the parts are the differences of the rounded
            cumulative sums, so that no example is lost; each part needs at least one.
        stratify: Whether each part holds the classes in the shares of the whole, up to rounding.

    Returns:
        One Data for each fraction.
    """
    checks.positive("fractions", fractions)
    total = sum(fractions)
    checks.require(abs(total - 1) < 1e-6, "fractions", "sum to 1", f"{tuple(fractions)} with sum {total:g}")
    count = len(data.labels)
    counts = f"{count} for {len(data.x)} rows of `data.x`"
    checks.require(len(data.x) == count, "data.labels", "be as many as the rows", counts)
    ends = [round(count * end / total) for end in itertools.accumulate(fractions)]
    sizes = np.diff([0, *ends])
    cure = f"Give more than {count} examples or fewer parts."
    checks.require(bool(np.all(sizes > 0)), "fractions", "leave each part an example", f"sizes {sizes}", cure)
    order = jax.random.permutation(key, count)
    order = order[jnp.argsort(_ranks(jnp.asarray(data.labels)[order]))] if stratify else order
    shuffled = jax.tree.map(lambda leaf: jnp.asarray(leaf)[order], data)
    parts = tuple(
        jax.tree.map(lambda leaf, a=start, b=end: leaf[a:b], shuffled)
        for start, end in itertools.pairwise([0, *ends])
    )
    _warn_of_unseen_classes(parts)
    return parts


def _ranks(labels: jax.Array) -> jax.Array:
    """Returns each example's place among those of its class [N], as a share of them in (0, 1)."""
    by_class = jnp.argsort(labels)  # stable: within a class the order stays as it is
    ordered = labels[by_class]
    first, last = (jnp.searchsorted(ordered, labels, side=side) for side in ("left", "right"))
    place = jnp.argsort(by_class) - first
    return (place + 0.5) / (last - first)


def join(*parts: Data) -> Data:
    """Returns the examples of all parts, one after the other.

    Raises:
        ValueError: If there are none, their features have different shapes, or only some have a teacher.
    """
    checks.require(len(parts) > 0, "parts", "hold at least one Data", "empty")
    widths = sorted({part.x.shape[1:] for part in parts})
    checks.require(len(widths) == 1, "parts", "have the same features", f"of shapes {widths}")
    labeled = [part.teacher is not None for part in parts]
    same, cure = len(set(labeled)) == 1, "Label them all with jaxqkd.label, before or after."
    checks.require(same, "parts", "all have a teacher, or none", f"with a teacher: {labeled}", cure)
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def unlabeled(x: jax.Array) -> Data:
    """Returns examples x [N, D] without labels, that is, with label -1, for a teacher to label.

    `jaxqkd.fit` trains on them if they have a teacher: the terms of a loss that need the label are 0 there, and
    those that need only the teacher count. Join them to labeled examples with `join`.
    """
    checks.numbers("x", x)
    checks.rank("x", x, 2, "[N, D]")
    return Data(x, jnp.full(len(x), -1))


def _warn_of_unseen_classes(parts: Sequence[Data]) -> None:
    if checks.is_traced([part.labels for part in parts]):
        return
    first = np.unique(np.asarray(parts[0].labels))
    for number, part in enumerate(parts[1:], start=1):
        unseen = np.setdiff1d(np.asarray(part.labels), first)
        if len(unseen):
            text = f"Part {number} of the split holds classes {unseen.tolist()} that part 0 lacks."
            warnings.warn(text, stacklevel=3)
