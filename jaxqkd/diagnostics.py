"""Diagnostics of initializations: how the first gradients vary over them, and which trainings failed."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data, Key, Loss, Model, Params

BATCH = 32
"""Initializations whose gradients are computed side by side, which bounds the memory."""


class GradientVariance(NamedTuple):
    """Variances of the first gradient over initializations.

    Attributes:
        each: Of each parameter's component, in the form of the model's parameters.
        angles: Their mean over all trained angles, the leaves named `theta`; NaN for a model without any.
    """

    each: Params
    angles: jax.Array


class FailureRate(NamedTuple):
    """Share of failed initializations with its 95 % interval.

    Attributes:
        rate: The share.
        low: Lower end of the exact interval of Clopper and Pearson.
        high: Upper end.
    """

    rate: float
    low: float
    high: float


def gradient_variance(key: Key, model: Model, data: Data, loss: Loss, *, seeds: int = 256) -> GradientVariance:
    """Returns how much each component of the gradient varies over random initializations.

    The gradient is that of the mean loss over the data, at `model.init`; the variance is divided by seeds - 1.
    Where it falls exponentially with the qubits, the model has a barren plateau. Each parameter is drawn anew,
    so those of a head count, too: `head="none"` shows the circuit alone. Pure: jit it.

    Args:
        key: Random key.
        model: The model.
        data: Examples, as `fit` takes them.
        loss: Unreduced loss. For one expectation value as in the reference, `lambda z, teacher, labels: z[:, 0]`
            of a student without a head.
        seeds: Number of initializations; the variance's relative error is about sqrt(2 / seeds), where the
            components are normal.

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
    angles = [leaf.ravel() for path, leaf in jax.tree.leaves_with_path(each) if _is_theta(path)]
    return GradientVariance(each, jnp.mean(jnp.concatenate(angles)) if angles else jnp.asarray(jnp.nan))


def failed(scores: jax.Array, majority: Any, *, margin: Any = 0.05, diverged: Any = False) -> jax.Array:
    """Returns which initializations failed: they diverged, or hardly beat the commonest class.

    A score below majority + margin fails, as does one that is not finite. `jaxqkd.statistics.describe`
    counts by the same rule. A diverged model's score can look like an honest one, so pass `diverged`.

    Args:
        scores: Scores [..., seeds] of validation or test data, the higher the better.
        majority: The score of always answering the commonest class, see `jaxqkd.metrics.majority`, or any other
            to beat: a number, or an array that broadcasts to the scores.
        margin: By how much to beat it.
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
    """Returns the share of failed initializations [seeds] with its 95 % interval, on the host.

    The interval holds the truth in at least 95 of 100 cases for any number of seeds: none of 12 failed still
    leaves rates of up to 26 %.

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


def _is_theta(path: tuple[Any, ...]) -> bool:
    return getattr(path[-1], "key", None) == "theta"


def _spread(argument: str, values: Any, shape: tuple[int, ...]) -> jax.Array:
    """Returns values broadcast to the shape of the scores."""
    values = jnp.asarray(values)
    fits = values.ndim <= len(shape) and all(
        mine in (1, other) for mine, other in zip(values.shape[::-1], shape[::-1], strict=False)
    )
    checks.require(fits, argument, f"broadcast to the scores' shape {shape}", f"of shape {values.shape}")
    return jnp.broadcast_to(values, shape)
