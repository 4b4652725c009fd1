"""Regression: linear models of a score over many cells, with intervals that respect the seeds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.power import detectable
from jaxqkd.statistics.summaries import resampling


class Regression(NamedTuple):
    """A least-squares fit, with intervals of a bootstrap over whole seeds.

    Attributes:
        names: Names of the k regressors.
        coefficients: Their coefficients [k].
        low: Lower ends of their 95 % intervals [k].
        high: Upper ends [k].
        error: Their standard errors [k], the deviation over the resamples.
        smallest: The smallest coefficients that would be found with a probability of 80 %, [k].
        r_squared: The share of the outcome's variance that the model explains.
        resampled: Coefficients of each resample [resamples, k], for intervals of what is computed from them.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray
    smallest: np.ndarray
    r_squared: float
    resampled: np.ndarray

    def of(self, name: str) -> tuple[float, float, float]:
        """Returns a coefficient by name, and the ends of its interval."""
        checks.one_of("name", name, self.names)
        at = self.names.index(name)
        return float(self.coefficients[at]), float(self.low[at]), float(self.high[at])

    def predict(self, regressors: Any) -> np.ndarray:
        """Returns the outcomes [rows] that the model expects of regressors [rows, k]."""
        return np.asarray(regressors, float) @ self.coefficients


def regress(outcome: Any, regressors: Any, seeds: Any, *, names: Sequence[str]) -> Regression:
    """Returns the linear model of an outcome, without an intercept unless a regressor is constant.

    Rows of one seed share their data and initialization, so they are not independent however many they are: a
    resample draws whole seeds, and its levels are widened for few of them as those of `summary` are. Rows with an
    outcome that is not finite are left out, as of a training that was not done.

    Args:
        outcome: The outcome [rows].
        regressors: Regressors [rows, k], finite.
        seeds: The seed of each row [rows], at least two different ones.
        names: Names of the regressors [k].

    Raises:
        ValueError: On shapes that do not match, fewer than two seeds, or regressors that depend on each other.

    References:
        Cameron, Gelbach, Miller, Bootstrap-based improvements for inference with clustered errors, Review of
        Economics and Statistics 90, 414 (2008).
    """
    y, x, labels = np.asarray(outcome, float), np.asarray(regressors, float), np.asarray(seeds)
    _check(y, x, labels, names)
    used = np.isfinite(y)
    y, x, (_, cluster) = y[used], x[used], np.unique(labels[used], return_inverse=True)
    count = int(cluster.max()) + 1 if len(cluster) else 0
    checks.require(count > 1, "seeds", "hold at least two different ones", count)
    scale = np.sqrt(np.mean(x**2, axis=0))
    x = x / np.where(scale > 0, scale, 1.0)
    must, cure = "be linearly independent", "Leave one of them out."
    checks.require(np.linalg.matrix_rank(x) == x.shape[1], "regressors", must, list(names), cure)
    moments = np.zeros((count, x.shape[1], x.shape[1]))
    products = np.zeros((count, x.shape[1]))
    for seed in range(count):
        own = x[cluster == seed]
        moments[seed], products[seed] = own.T @ own, own.T @ y[cluster == seed]
    weights, level = resampling(count)
    whole = np.linalg.lstsq(moments.sum(axis=0), products.sum(axis=0))[0]
    resampled = _solved(np.tensordot(weights[0], moments, 1), weights[0] @ products)
    low, high = np.quantile(resampled, [level, 1 - level], axis=0) / scale
    error = resampled.std(axis=0) / scale
    left = np.mean((y - x @ whole) ** 2) / np.mean((y - y.mean()) ** 2)
    smallest = error * np.sqrt(count) * detectable(count, 1, 0.8)
    return Regression(tuple(names), whole / scale, low, high, error, smallest, float(1 - left), resampled / scale)


def _solved(moments: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Returns the coefficients of each resample; where seeds are too few for a model, the least ones."""
    return np.einsum("rij,rj->ri", np.linalg.pinv(moments, rcond=1e-10, hermitian=True), products)


def _check(y: np.ndarray, x: np.ndarray, seeds: np.ndarray, names: Sequence[str]) -> None:
    checks.rank("outcome", y, 1, "[rows]")
    checks.rank("regressors", x, 2, "[rows, k]")
    checks.names("names", names)
    shape = (len(y), len(names))
    checks.require(x.shape == shape, "regressors", f"have the shape {shape}, rows and names", x.shape)
    checks.require(seeds.shape == y.shape, "seeds", f"have the shape {y.shape}, one a row", seeds.shape)
    checks.finite_rows("regressors", x)
