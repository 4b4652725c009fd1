"""Gaussian mixtures: tasks whose posterior is known exactly, so that a teacher can be the truth itself."""

import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.types import Data, Key


class Mixture(NamedTuple):
    """A mixture of equally likely Gaussian blobs, each of which belongs to a class.

    Attributes:
        centers: Centers of the blobs [K, D].
        labels: The class of each blob [K], from 0.
        spread: Standard deviation of every blob in every direction; may be traced.
    """

    centers: jax.Array
    labels: jax.Array
    spread: Any


def xor_mixture(*, classes: int = 3, features: int = 2, cells: int = 3, spread: Any = 0.3) -> Mixture:
    """Returns the mixture that `xor_grid` draws from, with the same arguments.

    Example:
        >>> blobs = xor_mixture(classes=2, cells=2, spread=0.3)
        >>> blobs.centers.tolist(), blobs.labels.tolist()
        ([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]], [0, 1, 1, 0])
    """
    checks.integer("classes", classes, least=2)
    checks.integer("features", features)
    checks.integer("cells", cells, least=2)
    checks.positive("spread", spread)
    cell = np.array(list(itertools.product(range(cells), repeat=features)))
    return Mixture(jnp.asarray(cell - (cells - 1) / 2, float), jnp.asarray(cell.sum(axis=1) % classes), spread)


def gaussian_mixture(key: Key, mixture: Mixture, *, count: int) -> Data:
    """Returns examples of a mixture: a blob drawn uniformly, its class, and a point about its center.

    Args:
        key: The random key.
        mixture: The blobs.
        count: Number of examples N.

    Returns:
        Data with x [N, D] and labels [N].
    """
    checks.integer("count", count)
    _check(mixture)
    k_blob, k_noise = jax.random.split(key)
    blob = jax.random.randint(k_blob, (count,), 0, len(mixture.centers))
    centers = jnp.asarray(mixture.centers)[blob]
    x = centers + mixture.spread * jax.random.normal(k_noise, centers.shape)
    return Data(x, jnp.asarray(mixture.labels)[blob])


def posterior(x: Any, mixture: Mixture, *, classes: int, rate: Any = 0.0) -> jax.Array:
    """Returns the logarithms of the exact probabilities p(label | x), [N, C], whose softmax gives them again.

    A blob is as likely as `exp(-|x - center|^2 / (2 spread^2))`, a class as all of its blobs together. Under the
    noise of `with_label_noise` a label is that of x with probability 1 - rate, and else one of the others:
    p = (1 - rate) q + rate (1 - q) / (C - 1), for the probabilities q without noise. These are what labels drawn
    in this way are distributed by; their order is that of q up to a rate of (C - 1) / C.

    Args:
        x: Features [N, D].
        mixture: The blobs that x was drawn from.
        classes: Number of classes C; one without a blob has the probability 0 without noise, and the logarithm
            of the smallest positive number.
        rate: Probability in [0, 1] that a label is wrong; may be traced.

    Returns:
        Logits [N, C], finite and normalized.
    """
    checks.integer("classes", classes, least=2)
    checks.fraction("rate", rate)
    _check(mixture, classes)
    x, centers = jnp.asarray(x), jnp.asarray(mixture.centers)
    squared = jnp.sum((x[:, None, :] - centers[None, :, :]) ** 2, axis=-1)
    blobs = jax.nn.log_softmax(-squared / (2 * mixture.spread**2))
    member = jax.nn.one_hot(mixture.labels, classes, dtype=bool).T
    clean = jax.nn.logsumexp(jnp.where(member, blobs[:, None, :], -jnp.inf), axis=-1)
    others = jnp.log(-jnp.expm1(jnp.minimum(clean, 0.0)))
    noisy = jnp.logaddexp(jnp.log1p(-rate) + clean, jnp.log(rate / (classes - 1)) + others)
    return jax.nn.log_softmax(jnp.maximum(noisy, jnp.log(jnp.finfo(clean.dtype).tiny)))


def _check(mixture: Mixture, classes: int | None = None) -> None:
    checks.rank("mixture.centers", mixture.centers, 2, "[K, D]")
    checks.positive("mixture.spread", mixture.spread)
    checks.labels("mixture.labels", mixture.labels, classes=classes)
    count, given = len(mixture.centers), np.shape(mixture.labels)
    checks.require(given == (count,), "mixture.labels", f"have the shape {(count,)}, one a center", given)
