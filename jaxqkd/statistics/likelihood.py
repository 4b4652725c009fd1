"""Restricted maximum likelihood: components of variance of designs with missing cells."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxqkd import checks

MOST = 3000
"""Scores up to which the covariance matrix is held."""


def reml(scores: Any, levels: Mapping[str, Any]) -> dict[str, float]:
    """Returns the variance of each random effect, and of the `residual`, by restricted maximum likelihood.

    The model is y = mean + a sum of independent normal effects + residual. For a crossed design whose cells are
    all there it gives the estimates of `components`, if none of these is below 0; it never gives less than 0.

    Args:
        scores: Scores [n], finite.
        levels: By effect, the level [n] that each score has: any labels. For an interaction give a label for each
            combination of levels.

    Raises:
        ValueError: If shapes differ, scores are not finite or more than 3000, or an effect has a level for each
            score, which is the residual.

    References:
        Patterson, Thompson, Biometrika 58, 545 (1971); Searle, Casella, McCulloch, Variance Components, 1992.
    """
    from scipy.optimize import minimize

    values = np.asarray(scores, float)
    checks.rank("scores", values, 1, "[n]")
    checks.require(2 < len(values) <= MOST, "scores", f"hold 3 to {MOST} scores", len(values))
    checks.require(bool(np.isfinite(values).all()), "scores", "be finite", "not", "Leave those cells out.")
    shared = [_shared(name, codes, len(values)) for name, codes in levels.items()]
    spread = float(values.var())
    if spread == 0:
        return dict.fromkeys((*levels, "residual"), 0.0)
    unit = (values - values.mean()) / np.sqrt(spread)
    kernels = [*shared, np.eye(len(values))]
    start = np.full(len(kernels), 1 / len(kernels))
    found = minimize(
        _deviance,
        start,
        (unit, kernels),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(shared) + [(1e-9, None)],
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )
    return dict(zip((*levels, "residual"), map(float, spread * found.x), strict=True))


def _shared(name: str, codes: Any, count: int) -> np.ndarray:
    """Returns 1 where two scores share a level of the effect, else 0, [n, n]."""
    codes = np.asarray(codes)
    checks.require(codes.shape == (count,), "levels", f"hold {count} labels of {name}", f"of shape {codes.shape}")
    distinct = len(np.unique(codes))
    must = f"have fewer levels of {name} than scores"
    checks.require(distinct < count, "levels", must, distinct, "That effect is the residual.")
    return (codes[:, None] == codes).astype(float)


def _deviance(variances: np.ndarray, values: np.ndarray, kernels: list[np.ndarray]) -> tuple[float, np.ndarray]:
    """Returns minus twice the restricted log likelihood, up to a constant, and its gradient."""
    covariance = sum(variance * kernel for variance, kernel in zip(variances, kernels, strict=True))
    inverse = np.linalg.inv(covariance)
    sums = inverse.sum(axis=1)
    total = sums.sum()
    projector = inverse - np.outer(sums, sums) / total
    residual = projector @ values
    value = np.linalg.slogdet(covariance)[1] + np.log(total) + values @ residual
    slopes = [np.vdot(projector, kernel) - residual @ kernel @ residual for kernel in kernels]
    return float(value), np.asarray(slopes)
