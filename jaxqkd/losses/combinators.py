"""Losses made of losses: their weighted sums, and the arrays that they are applied to."""

import math
from typing import Any

import jax
import numpy as np

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
    for pair in weighted:
        _check_pair(pair)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        terms = [weight * term(student, teacher, labels) for weight, term in weighted]
        return sum(terms[1:], start=terms[0])

    return loss


def _check_pair(pair: Any) -> None:
    is_pair = isinstance(pair, tuple) and len(pair) == 2 and not callable(pair[0]) and callable(pair[1])
    cure = "Write mix((0.5, hard()), (0.5, soft(2.0)))."
    checks.require(is_pair, "weighted", "hold pairs (weight, loss)", repr(pair), cure)
    weight = pair[0]
    good = checks.is_traced(weight) or bool(np.all(np.isfinite(np.asarray(weight))))
    checks.require(good, "weighted", "have finite weights", weight)


def on(name: str, loss: Loss) -> Loss:
    """Returns the loss applied to the arrays of one name, the student's and the teacher's.

    A model may return a dict: `logits` [B, C], and taps such as features, expectation values or states. If the
    teacher returned one as well, `Data.teacher` is a dict, too; a bare array there stands for the logits. If the
    teacher has no array of that name, the loss is called without a teacher.

    Args:
        name: Name of the array, such as "logits".
        loss: The loss to apply.

    Raises:
        ValueError: When called on a model that returns no array of that name.

    Example:
        >>> from jaxqkd.losses import hints
        >>> loss = mix((1.0, on("logits", kd(2.0, 0.5))), (0.1, on("hidden", hints())))
    """

    def applied(student: Any, teacher: Any, labels: jax.Array) -> jax.Array:
        if not isinstance(student, dict) or name not in student:
            returned = ", ".join(student) if isinstance(student, dict) else "logits alone"
            raise checks.error("name", f"be one of what the model returns, {returned}", repr(name))
        targets = teacher if isinstance(teacher, dict) else {"logits": teacher}
        return loss(student[name], targets.get(name), labels)

    return applied


def standardized(loss: Loss) -> Loss:
    """Returns the loss applied to z-scores: each example's logits less their mean, over their standard deviation.

    The student then learns the teacher's relations among the classes, and not the range of its logits. The
    standard deviation is that of the population (over C, not C - 1); equal logits become zeros. A temperature of
    the wrapped loss acts on the z-scores. Wrap only losses that ignore the labels, as those need the range:

    Example:
        >>> loss = mix((0.5, hard()), (0.5, standardized(soft(2.0))))

    References:
        Sun et al., Logit Standardization in Knowledge Distillation, CVPR 2024.
    """

    def applied(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return loss(_z_scores(student), None if teacher is None else _z_scores(teacher), labels)

    return applied


def _z_scores(logits: jax.Array) -> jax.Array:
    return math.sqrt(logits.shape[-1]) * deviation(logits)
