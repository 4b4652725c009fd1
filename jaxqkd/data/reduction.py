"""Reduction of features to the qubits at hand: standardization, principal components, a range for angles."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data


class Reduction(NamedTuple):
    """A map of features, fitted on training data: `(x - mean) / scale @ components * factor + offset`.

    Arrays only: `numpy.savez(path, **reduction._asdict())` saves it, `Reduction(**numpy.load(path))` loads it.

    Attributes:
        mean: Means [D] of the training features.
        scale: Their standard deviations [D]; 1 where a feature is constant.
        components: Orthonormal columns [D, F].
        factor: Scale [F] of what is returned.
        offset: Shift [F] of what is returned.
        explained: Share [F] of the variance of the standardized training features that each column keeps.
    """

    mean: jax.Array
    scale: jax.Array
    components: jax.Array
    factor: jax.Array
    offset: jax.Array
    explained: jax.Array


def standardize(train: Data, *others: Data) -> tuple[Data, ...]:
    """Returns train and the others shifted and scaled by the mean and standard deviation of train alone.

    Nothing of the validation or test data enters the fit. A constant feature is only shifted.

    Args:
        train: The part that the mean and the standard deviation are computed on.
        *others: Parts that are moved in the same way.

    Returns:
        As many Data as there were arguments; the features of train have mean 0 and variance 1.
    """
    mean, scale, _ = _moments(train.x, jnp.finfo(jnp.result_type(train.x, float)).eps)
    return tuple(part._replace(x=(part.x - mean) / scale) for part in (train, *others))


def fit_reduction(x: Any, *, features: int | None = None, span: tuple[float, float] | None = None) -> Reduction:
    """Returns the reduction of training features: standardized, then projected to their principal components.

    Fit it on the training part alone, on the host and in float64, and give every part to `apply_reduction`. Of the
    two signs of a component, the first of its large weights is positive. `amplitude` encoding pads by itself;
    `angle` encoding needs as many features as qubits, for instance with `span=(0, jnp.pi)`.

    Args:
        x: Training features [N, D], not traced.
        features: The most principal components F, or None to keep the D features as they are. There are fewer
            where the training features span fewer dimensions.
        span: The range that the training part of each returned feature fills; other parts may go beyond. A
            feature that is constant there goes to the middle. None for no such scaling.

    Raises:
        ValueError: If x is traced, not finite or constant, or an option is out of range.

    References:
        Jolliffe, Principal Component Analysis, Springer 2002.
    """
    _check_fit(x, features, span)
    numbers, eps = np.asarray(x, float), float(jnp.finfo(jnp.result_type(float)).eps)
    mean, scale, varies = _moments(numbers, eps)
    checks.require(bool(varies.any()), "x", "vary in some feature", "constant")
    standard = np.where(varies, (numbers - mean) / scale, 0)
    components = np.eye(x.shape[1]) if features is None else _principal(standard, eps)[:, :features]
    reduced = standard @ components
    factor, offset = _onto(span, reduced)
    explained = reduced.var(axis=0) / standard.var(axis=0).sum()
    return Reduction(*map(jnp.asarray, (mean[0], scale[0], components, factor, offset, explained)))


def apply_reduction(reduction: Reduction, x: jax.Array) -> jax.Array:
    """Returns features x [N, D] of any part of the data reduced to [N, F]; may be compiled.

    Raises:
        ValueError: If x has not the D features that the reduction was fitted on.
    """
    checks.numbers("x", x)
    checks.rank("x", x, 2, "[N, D]")
    width = len(reduction.mean)
    checks.require(x.shape[1] == width, "x", f"have the {width} features of the fit", f"of shape {x.shape}")

    def one(row: jax.Array) -> jax.Array:
        standard = (row - reduction.mean) / reduction.scale
        reduced = jnp.matmul(standard, reduction.components, precision="highest")
        return reduced * reduction.factor + reduction.offset

    return jax.vmap(one)(x)


def _check_fit(x: Any, features: int | None, span: tuple[float, float] | None) -> None:
    checks.require(not checks.is_traced(x), "x", "be known on the host", "traced", "Fit before you compile.")
    checks.numbers("x", x)
    checks.rank("x", x, 2, "[N, D]")
    checks.require(len(x) > 1, "x", "hold at least two examples", f"of shape {x.shape}")
    checks.finite_rows("x", x)
    if features is not None:
        checks.integer("features", features)
    if span is not None:
        good = np.shape(span) == (2,) and -np.inf < span[0] < span[1] < np.inf
        checks.require(good, "span", "be two rising finite numbers", span)


def _moments(x: Any, eps: Any) -> tuple[Any, Any, Any]:
    """Returns the means and scales [1, ...] of arrays of NumPy or JAX, and whether each feature varies."""
    mean, deviation = x.mean(axis=0, keepdims=True), x.std(axis=0, keepdims=True)
    varies = deviation > 8 * eps * abs(mean)  # what a constant deviates by
    return mean, deviation * varies + ~varies, varies


def _principal(standard: np.ndarray, eps: float) -> np.ndarray:
    """Returns the principal components as columns [D, rank], the largest variance first."""
    _, sizes, rows = np.linalg.svd(standard, full_matrices=False)
    rows = rows[sizes > 8 * eps * sizes[0]] * standard.any(axis=0)  # a constant, and rounding, have no direction
    # the largest weight itself may be one of two equals, as always where D = 2, and rounding would choose
    large = abs(rows) > 0.5 * abs(rows).max(axis=1, keepdims=True)
    signs = np.sign(np.take_along_axis(rows, large.argmax(axis=1)[:, None], axis=1))
    return (rows * signs).T


def _onto(span: tuple[float, float] | None, reduced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the factor and offset [F] that take each column of the training part onto the span."""
    if span is None:
        return np.ones(reduced.shape[1]), np.zeros(reduced.shape[1])
    least, most = reduced.min(axis=0), reduced.max(axis=0)
    factor = (span[1] - span[0]) / np.where(most > least, most - least, np.inf)
    return factor, (span[0] + span[1]) / 2 - factor * (least + most) / 2
