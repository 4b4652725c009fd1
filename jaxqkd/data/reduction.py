"""Reduction of features to the qubits at hand: standardization, principal components, a range for angles."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data


class Reduction(NamedTuple):
    """A map of features, fitted on training data: `(x - mean) / scale @ components * factor + offset`.

    All fields are arrays: `numpy.savez(path, **reduction._asdict())` saves them, and
    `Reduction(**numpy.load(path))` loads them.

    Attributes:
        mean: Means [D] of the training features.
        scale: Their standard deviations [D]; 1 for a constant feature.
        components: Orthonormal columns [D, F].
        factor: Scale [F] of the returned features.
        offset: Shift [F] of the returned features.
        explained: Share [F] of the variance of the standardized training features that each column explains.
    """

    mean: jax.Array
    scale: jax.Array
    components: jax.Array
    factor: jax.Array
    offset: jax.Array
    explained: jax.Array


def standardize(train: Data, *others: Data) -> tuple[Data, ...]:
    """Returns train and the others, shifted and scaled by the mean and standard deviation of train alone.

    Validation and test data do not enter the fit. A constant feature is only shifted.

    Args:
        train: The part from which the mean and the standard deviation are computed.
        *others: Parts to shift and scale in the same way.

    Returns:
        One Data for each argument; the features of train have mean 0 and variance 1.
    """
    mean, scale, _ = _moments(train.x, jnp.finfo(jnp.result_type(train.x, float)).eps)
    return tuple(part._replace(x=(part.x - mean) / scale) for part in (train, *others))


def fit_reduction(x: Any, *, features: int | None = None, span: tuple[float, float] | None = None) -> Reduction:
    """Returns the reduction of features: standardization, then projection to the principal components.

    Fit it on the training part alone, and apply it to every part with `apply_reduction`. It is computed on the
    host in float64. The sign of a component is such that the first of its large weights is positive. `amplitude`
    encoding pads by itself; `angle` encoding needs as many features as qubits, for instance with
    `span=(0, jnp.pi)`.

    Args:
        x: Training features [N, D], not traced.
        features: The largest number F of principal components, or None to keep the D features. There are fewer if
            the training features span fewer dimensions.
        span: The range to which each returned feature is scaled on the training part, or None for no scaling;
            other parts may exceed it. A feature that is constant there becomes the middle of the range.

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
        ValueError: If x does not have the D features that the reduction was fitted on.
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
        valid = np.shape(span) == (2,) and -np.inf < span[0] < span[1] < np.inf
        checks.require(valid, "span", "be two rising finite numbers", span)


def _moments(x: Any, eps: Any) -> tuple[Any, Any, Any]:
    """Returns the means and scales [1, ...] of an array of NumPy or JAX, and whether each feature varies."""
    mean, deviation = x.mean(axis=0, keepdims=True), x.std(axis=0, keepdims=True)
    varies = deviation > 8 * eps * abs(mean)  # rounding gives constants a deviation as large
    return mean, deviation * varies + ~varies, varies


def _principal(standard: np.ndarray, eps: float) -> np.ndarray:
    """Returns the principal components as columns [D, rank], in the order of falling variance."""
    _, sizes, rows = np.linalg.svd(standard, full_matrices=False)
    rows = rows[sizes > 8 * eps * sizes[0]] * standard.any(axis=0)  # without constants and rounding errors
    # not the largest weight: two may be equal, as always if D = 2, and rounding would choose between them
    large = abs(rows) > 0.5 * abs(rows).max(axis=1, keepdims=True)
    signs = np.sign(np.take_along_axis(rows, large.argmax(axis=1)[:, None], axis=1))
    return (rows * signs).T


def _onto(span: tuple[float, float] | None, reduced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the factors and offsets [F] that map each column of the training part onto the span."""
    if span is None:
        return np.ones(reduced.shape[1]), np.zeros(reduced.shape[1])
    least, most = reduced.min(axis=0), reduced.max(axis=0)
    factor = (span[1] - span[0]) / np.where(most > least, most - least, np.inf)
    return factor, (span[0] + span[1]) / 2 - factor * (least + most) / 2
