"""Targets: what each teacher says of the training rows, and how much of it is knowledge, noise or softness."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxqkd import controls
from jaxqkd.experiments.mechanisms.setup import CLASSES, TEACHINGS
from jaxqkd.experiments.mechanisms.tasks import Level
from jaxqkd.types import Data, Key

CERTAIN = 14.0
"""Logit of a hard label as a teacher: another class has the probability 1e-6."""


class Knowledge(NamedTuple):
    """What a teacher's targets hold, measured on the training rows before any student is trained.

    Attributes:
        signal: The part g of the posterior in the teacher's probabilities: 1 for the posterior, 0 for shuffled.
        retained: The part c of the labels' noise in them: 0 for a teacher that has not seen the labels, about 1
            for one that has learned them by heart.
        removed: The share of the labels' noise that is gone from the targets, for the weight a of the teacher
            1 - ((1 - a + a c) / (1 - a + a g))^2: noise against signal, so that shrinking both, as smoothing
            does, removes nothing.
        softness: Mean entropy of the teacher's probabilities, in nats.
        risk: The teacher's excess risk, its mean divergence from the posterior of the labels, in nats.
    """

    signal: jax.Array
    retained: jax.Array
    removed: jax.Array
    softness: jax.Array
    risk: jax.Array


def knowledge(teacher: jax.Array, labels: jax.Array, truth: jax.Array, alpha: float) -> Knowledge:
    """Returns what the teacher's logits [N, C] hold of the labels [N] and the log posterior truth [N, C].

    Signal and retained noise are the least-squares coefficients of t - mean(t) on p - mean(p) and y - p, for the
    teacher's probabilities t, the posterior p and the one-hot labels y. The first is kept at 0 or more and the
    second within [0, 1], since few rows of nearly certain labels have little noise to tell them by.
    """
    t, p = jax.nn.softmax(teacher), jnp.exp(truth)
    y = jax.nn.one_hot(labels, CLASSES)
    centered = t - t.mean(axis=0, keepdims=True)
    known, noise = p - p.mean(axis=0, keepdims=True), y - p
    pairs = jnp.stack([known.ravel(), noise.ravel()])
    moments = pairs @ pairs.T / len(labels) + 1e-6 * jnp.eye(2)
    signal, retained = jnp.linalg.solve(moments, pairs @ centered.ravel() / len(labels))
    signal, retained = jnp.maximum(signal, 0), jnp.clip(retained, 0, 1)
    left = (1 - alpha + alpha * retained) / (1 - alpha + alpha * signal)
    log_t = jax.nn.log_softmax(teacher)
    return Knowledge(
        signal,
        retained,
        1 - left**2,
        -jnp.mean(jnp.sum(t * log_t, axis=-1)),
        jnp.mean(jnp.sum(p * (truth - log_t), axis=-1)),
    )


def at_once(key: Key, level: Level, train: Data, truth: jax.Array, place: int) -> dict[str, jax.Array]:
    """Returns logits [n, C] by teacher, of those that need no student.

    Args:
        key: The random key of the shuffled teacher.
        level: The seed's data.
        train: Its first n training rows.
        truth: The log posterior of these.
        place: The index of n among the sizes.
    """
    count = len(train.labels)
    return {
        "none": train.teacher,
        "posterior": truth,
        "clean": CERTAIN * jax.nn.one_hot(level.clean[:count], CLASSES),
        "trained": train.teacher,
        "overfitted": level.overfitted[place, :count],
        "shuffled": train.teacher[jax.random.permutation(key, count)],
        "smoothing": controls.entropy_matched(train.labels, train.teacher),
    }


AT_ONCE = tuple(name for name, way in TEACHINGS.items() if way.teacher != "itself" and not way.transfer)
"""Ways of teaching whose targets are known before the student is trained, on the labeled rows."""
