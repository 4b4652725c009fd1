"""Metrics of scores [N, C] against labels [N] or a teacher's scores; usable under jit and vmap.

The scores of a diverged model are NaN, which metrics of predictions count as class 0: see `diverged` in the
history of `jaxqkd.fit`.
"""

import jax
import jax.numpy as jnp
from jax.nn import softmax

from jaxqkd import checks
from jaxqkd.losses import soft

__all__ = [
    "UNITS",
    "accuracy",
    "agreement",
    "calibration_error",
    "f1",
    "kl_to_teacher",
    "majority",
    "predictions",
]

UNITS = {
    "f1_macro": ("macro F1 on the test set", "1"),
    "f1_weighted": ("F1 on the test set, weighted by the classes' frequencies", "1"),
    "accuracy": ("accuracy on the test set", "1"),
    "teacher_f1": ("macro F1 of the teacher on the test set", "1"),
    "majority_f1_macro": ("macro F1 of always answering the commonest class", "1"),
    "majority_f1_weighted": ("weighted F1 of always answering the commonest class", "1"),
}
"""Long name and unit of scores by the names that results have for them."""


def predictions(scores: jax.Array) -> jax.Array:
    """Returns the classes [N] of the highest scores in [N, C], the lowest class among equal scores."""
    return jnp.argmax(scores, axis=-1)


def accuracy(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """Returns the share of examples whose highest score [N, C] is that of their label [N]."""
    _check_rows(scores, labels)
    return jnp.mean(predictions(scores) == labels, dtype=float)


def f1(scores: jax.Array, labels: jax.Array, *, classes: int, average: str = "macro") -> jax.Array:
    """Returns F1 = 2 TP / (2 TP + FP + FN), averaged over the classes.

    A class that occurs neither among the labels nor among the predictions counts as 0, as in scikit-learn's
    `f1_score(..., labels=range(classes), zero_division=0)`.

    Args:
        scores: Logits or probabilities [N, C].
        labels: Class numbers [N].
        classes: Number of classes C.
        average: "macro" for the mean over classes, "weighted" for the mean weighted by the classes' frequencies.

    Returns:
        A scalar in [0, 1].
    """
    checks.one_of("average", average, ("macro", "weighted"))
    must = f"have {classes} columns for {classes} classes"
    checks.require(scores.shape[-1] == classes, "scores", must, f"of shape {scores.shape}")
    _check_rows(scores, labels)
    predicted = jax.nn.one_hot(predictions(scores), classes)
    actual = jax.nn.one_hot(labels, classes)
    correct = (predicted * actual).sum(axis=0)
    support = actual.sum(axis=0)
    each = 2 * correct / jnp.maximum(predicted.sum(axis=0) + support, 1)
    return each.mean() if average == "macro" else (each * support).sum() / support.sum()


def majority(labels: jax.Array, *, classes: int) -> jax.Array:
    """Returns scores [N, classes] that always predict the commonest class of labels [N], as a baseline."""
    commonest = jnp.argmax(jnp.bincount(labels, length=classes))
    return jnp.broadcast_to(jax.nn.one_hot(commonest, classes), (len(labels), classes))


def agreement(scores: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns the share of examples whose predictions agree, by the student's and the teacher's scores [N, C]."""
    checks.require(scores.shape == teacher.shape, "teacher", f"have the shape {scores.shape}", teacher.shape)
    return jnp.mean(predictions(scores) == predictions(teacher), dtype=float)


def kl_to_teacher(scores: jax.Array, teacher: jax.Array) -> jax.Array:
    """Returns the mean over examples of KL(softmax(teacher) || softmax(scores)) in nats, for logits [N, C]."""
    return soft()(scores, teacher, predictions(teacher)).mean()


def calibration_error(scores: jax.Array, labels: jax.Array, *, bins: int = 15) -> jax.Array:
    """Returns the expected calibration error: the mean gap between confidence and accuracy.

    Confidence is the largest softmax probability. Examples are grouped by it into equal bins (lower, upper], and
    the absolute gap of each bin is weighted by its share of the examples.

    Args:
        scores: Logits [N, C].
        labels: Class numbers [N].
        bins: Number of bins over [0, 1].

    References:
        Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    checks.integer("bins", bins)
    _check_rows(scores, labels)
    confidence = softmax(scores).max(axis=-1)
    correct = predictions(scores) == labels
    index = jnp.clip(jnp.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = jax.ops.segment_sum(correct - confidence, index, bins)
    return jnp.abs(gap).sum() / len(labels)


def _check_rows(scores: jax.Array, labels: jax.Array) -> None:
    must = f"have the shape {scores.shape[:-1]}, one label a row of scores"
    checks.require(scores.ndim == 2 and labels.shape == scores.shape[:-1], "labels", must, labels.shape)
