"""Losses made of losses: sums of them, and what they are applied to."""

import math
from typing import Any

import jax
from jax.nn import softmax

from jaxqkd import checks
from jaxqkd.losses.directions import deviation
from jaxqkd.losses.logits import hard, soft
from jaxqkd.types import Loss


def kd(temperature: Any = 1.0, alpha: Any = 0.5) -> Loss:
    """Returns knowledge distillation, (1 - alpha) hard + alpha soft(temperature).

    Args:
        temperature: T > 0 of the soft term; see `soft` for the factor T^2.
        alpha: Weight of the soft term in [0, 1]; 0 equals `hard` bit for bit.

    References:
        Hinton, Vinyals, Dean, arXiv:1503.02531 (2015).
    """
    checks.fraction("alpha", alpha)
    return mix((1 - alpha, hard()), (alpha, soft(temperature)))


def mix(*weighted: tuple[Any, Loss]) -> Loss:
    """Returns the weighted sum of losses, given as pairs `(weight, loss)`; weights may be traced.

    Example:
        >>> loss = mix((1.0, hard()), (0.1, soft(2.0)))
    """
    checks.require(len(weighted) > 0, "weighted", "hold at least one pair (weight, loss)", "empty")

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        terms = [weight * term(student, teacher, labels) for weight, term in weighted]
        return sum(terms[1:], start=terms[0])

    return loss


def on(name: str, loss: Loss) -> Loss:
    """Returns the loss of one of several arrays that a model returns, and of the teacher's array of that name.

    A model may return a dict, `logits` [B, C] and taps beside them: features, expectation values or states. A
    teacher that does, too, leaves a dict in `Data.teacher`. A loss that hears no teacher takes one that has no
    array of that name.

    Args:
        name: Name of the array, such as "logits".
        loss: The loss that it goes to.

    Raises:
        ValueError: When called on a model that returns no array of that name.

    Example:
        >>> from jaxqkd.losses import hints
        >>> loss = mix((1.0, on("logits", kd(2.0, 0.5))), (0.1, on("hidden", hints())))
    """

    def chosen(student: Any, teacher: Any, labels: jax.Array) -> jax.Array:
        known = list(student) if isinstance(student, dict) else ["logits alone"]
        found = isinstance(student, dict) and name in student
        checks.require(found, "name", f"be one of what the model returns, {', '.join(known)}", repr(name))
        told = teacher.get(name) if isinstance(teacher, dict) else teacher if name == "logits" else None
        return loss(student[name], told, labels)

    return chosen


def summed(loss: Loss) -> Loss:
    """Returns a loss whose mean over a batch is the sum of the given one: each value times the batch size.

    Its weight beside other losses therefore grows with the batch, and is another on smaller validation data.
    """

    def scaled(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return len(student) * loss(student, teacher, labels)

    return scaled


def standardized(loss: Loss) -> Loss:
    """Returns the loss applied to z-scores: each example's logits less their mean, over their standard deviation.

    The student then learns the teacher's relations among the classes, and not the range of its logits. The
    deviation is the population's (over C, not C - 1); equal logits become zeros. A temperature is the wrapped
    loss's own and acts on the z-scores. Wrap what hears the teacher alone, since labels need the range:

    Example:
        >>> loss = mix((0.5, hard()), (0.5, standardized(soft(2.0))))

    References:
        Sun et al., Logit Standardization in Knowledge Distillation, CVPR 2024.
    """

    def scored(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return loss(_z_scores(student), None if teacher is None else _z_scores(teacher), labels)

    return scored


def on_probabilities(loss: Loss) -> Loss:
    """Returns the loss applied to softmax outputs as if they were logits: a softmax twice.

    This is a pitfall rather than a method: a network that ends in a softmax, under a loss that applies another.
    It bounds the scores by 1, so the cross-entropy of C classes cannot fall below log(1 + (C - 1) / e).
    """

    def twice(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return loss(softmax(student), None if teacher is None else softmax(teacher), labels)

    return twice


def ce_plus_kl(*, kl: str = "sum", on: str = "logits", weight: Any = 1.0) -> Loss:
    """Returns the seed study's loss: cross-entropy + KL(teacher || student), no temperature and no alpha.

    Args:
        kl: "sum" over the examples of the batch, as published, or "mean"; the cross-entropy is a mean.
        on: "logits", or "probabilities" where the network's outputs are softmax probabilities: the
            cross-entropy then applies a second softmax to them, and the divergence compares them as they are.
        weight: Factor of the divergence, 1 as published; 0 trains without a teacher's influence; may be traced.

    References:
        Piperno et al., Quantum Enhanced Knowledge Distillation, QTML 2024.
    """
    checks.one_of("kl", kl, ("sum", "mean"))
    checks.one_of("on", on, ("logits", "probabilities"))
    labels_term = hard() if on == "logits" else on_probabilities(hard())
    teacher_term = summed(soft()) if kl == "sum" else soft()
    return mix((1.0, labels_term), (weight, teacher_term))


def _z_scores(logits: jax.Array) -> jax.Array:
    return math.sqrt(logits.shape[-1]) * deviation(logits)
