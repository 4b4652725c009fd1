"""Diagnostics of initializations: how the first gradients vary over them, and which trainings failed."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.models.parameters import is_angle
from jaxqkd.types import Data, Key, Loss, Model, Params

__all__ = ["FailureRate", "GradientVariance", "failed", "failure_rate", "gradient_variance"]

BATCH = 32
"""Initializations whose gradients are computed side by side, which bounds the memory."""


class GradientVariance(NamedTuple):
    """Variances of the first gradient over initializations.

    Attributes:
        each: The variance of each component, as a pytree like the model's parameters.
        angles: The mean of the variances of all angles, the leaves named `theta`; NaN for a model without any.
    """

    each: Params
    angles: jax.Array


class FailureRate(NamedTuple):
    """The share of failed initializations with its 95 % confidence interval.

    Attributes:
        rate: The share.
        low: Lower end of the exact interval of Clopper and Pearson.
        high: Upper end of the interval.
    """

    rate: float
    low: float
    high: float


def gradient_variance(key: Key, model: Model, data: Data, loss: Loss, *, seeds: int = 256) -> GradientVariance:
    """Returns the variance of each component of the gradient over random initializations.

    The gradient is that of the mean loss over the data, at `model.init`; the sum of squares is divided by
    seeds - 1. If the variance falls exponentially with the number of qubits, the model has a barren plateau. All
    parameters are drawn anew, including those of a head: `head="none"` shows the circuit alone. Pure: jit it.

    Args:
        key: Random key.
        model: The model.
        data: Examples, as `fit` takes them.
        loss: Unreduced loss. For one expectation value, as in the reference, use
            `lambda z, teacher, labels: z[:, 0]` with a student without a head.
        seeds: Number of initializations; the relative error of a variance is about sqrt(2 / seeds) if the
            components are normally distributed.

    References:
        McClean et al., Barren plateaus in quantum neural network training landscapes, Nat. Commun. 9, 4812 (2018).
    """
    checks.integer("seeds", seeds, least=2)

    def gradient(key: Key) -> Params:
        def objective(params: Params) -> jax.Array:
            return jnp.mean(loss(model.apply(params, data.x), data.teacher, data.labels))

        return jax.grad(objective)(model.init(key, data.x[:1]))

    drawn = jax.lax.map(gradient, jax.random.split(key, seeds), batch_size=min(BATCH, seeds))
    each = jax.tree.map(lambda leaf: jnp.var(leaf, axis=0, ddof=1), drawn)
    angles = [leaf.ravel() for path, leaf in jax.tree.leaves_with_path(each) if is_angle(path)]
    return GradientVariance(each, jnp.mean(jnp.concatenate(angles)) if angles else jnp.asarray(jnp.nan))


def failed(scores: jax.Array, majority: Any, *, margin: Any = 0.05, diverged: Any = False) -> jax.Array:
    """Returns which initializations failed: those that diverged, and those that hardly beat the commonest class.

    A score below majority + margin fails, as does one that is not finite. `jaxqkd.statistics.describe`
    counts by the same rule. The score of a diverged model can look valid, so pass `diverged`.

    Args:
        scores: Scores [..., seeds] of validation or test data, the higher the better.
        majority: The score to beat, such as that of always predicting the commonest class, see
            `jaxqkd.metrics.majority`: a number, or an array that broadcasts to the scores.
        margin: The least difference that counts as beating it.
        diverged: `Fit.history["diverged"]` [..., seeds], or False.

    Returns:
        Booleans [..., seeds].
    """
    scores = jnp.asarray(scores)
    below, flags = (
        _spread(name, values, scores.shape)
        for name, values in (("majority", jnp.asarray(majority) + margin), ("diverged", diverged))
    )
    return (scores < below) | ~jnp.isfinite(scores) | flags.astype(bool)


def failure_rate(failed: Any) -> FailureRate:
    """Returns the share of failed initializations with its 95 % confidence interval, on the host.

    For any number of seeds, the interval covers the true rate in at least 95 of 100 cases. If none of 12 failed,
    rates of up to 26 % remain possible.

    Args:
        failed: Booleans [seeds], as `failed` returns them.

    References:
        Clopper, Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
        Biometrika 26, 404 (1934).
    """
    from scipy.stats import binomtest

    flags = np.asarray(failed)
    checks.rank("failed", flags, 1, "[seeds]")
    checks.require(flags.dtype == bool, "failed", "be booleans", f"of dtype {flags.dtype}")
    checks.require(len(flags) > 0, "failed", "hold at least one initialization", "empty")
    low, high = binomtest(int(flags.sum()), len(flags)).proportion_ci()
    return FailureRate(float(flags.mean()), float(low), float(high))


def _spread(argument: str, values: Any, shape: tuple[int, ...]) -> jax.Array:
    """Returns values broadcast to the shape of the scores."""
    values = jnp.asarray(values)
    sizes = zip(values.shape[::-1], shape[::-1], strict=False)
    fits = values.ndim <= len(shape) and all(size in (1, other) for size, other in sizes)
    checks.require(fits, argument, f"broadcast to the scores' shape {shape}", f"of shape {values.shape}")
    return jnp.broadcast_to(values, shape)
