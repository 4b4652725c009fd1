"""Losses: functions `(student [B, C], teacher [B, C] or None, labels [B]) -> [B]` of logits, unreduced.

Factories return them: what a factory is given (a temperature, a weight) may be a number or a traced scalar, so
that one compiled program sweeps it. `fit` takes the mean over the batch.
"""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import log_softmax, logsumexp, softmax

from jaxqkd import checks
from jaxqkd.types import Loss


def hard() -> Loss:
    """Returns the cross-entropy with the labels, -log softmax(student)[label]; the teacher is not used."""

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        wanted = jax.nn.one_hot(labels, student.shape[-1], dtype=bool)
        return -jnp.where(wanted, log_softmax(student), 0.0).sum(axis=-1)

    return loss


def soft(temperature: Any = 1.0) -> Loss:
    """Returns Hinton's distillation loss, T^2 KL(softmax(teacher / T) || softmax(student / T)).

    The expectation in the divergence is the teacher's. The factor T^2 keeps the gradient's size about the same
    as the temperature changes; it is inside this loss, so weights need no correction.

    Args:
        temperature: T > 0, a number or a traced scalar.

    Raises:
        ValueError: If the temperature is not positive; when called, if there is no teacher, or if the teacher
            has another number of classes than the student.

    References:
        Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural Network, arXiv:1503.02531 (2015).
    """
    checks.positive("temperature", temperature)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        known = _checked(teacher, student)
        return temperature**2 * _kl(known, student, temperature)

    return loss


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


def summed(loss: Loss) -> Loss:
    """Returns a loss whose mean over a batch is the sum of the given one: each value times the batch size.

    Its weight beside other losses therefore grows with the batch, and is another on smaller validation data.
    """

    def scaled(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return len(student) * loss(student, teacher, labels)

    return scaled


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


def _kl(teacher: jax.Array, student: jax.Array, temperature: Any) -> jax.Array:
    """Returns KL(p || q) [B] of p = softmax(teacher / T) and q = softmax(student / T).

    It is accurate also where p is near q. It sums q - p - p log(q / p), whose terms are not negative, in place of
    -p log(q / p), whose terms cancel; log(q / p) is a difference of logits less one of normalisers, since an error
    of the latter shifts all classes alike and drops out of the sum.
    """
    z_p, z_q = _centred(teacher) / temperature, _centred(student) / temperature
    norm_p, norm_q = logsumexp(z_p, axis=-1, keepdims=True), logsumexp(z_q, axis=-1, keepdims=True)
    p, q = jnp.exp(z_p - norm_p), jnp.exp(z_q - norm_q)
    ratio = (z_q - z_p) - (norm_q - norm_p)
    close = jnp.abs(ratio) < 0.5
    near = jnp.where(close, ratio, 0.0)
    terms = jnp.where(close, p * _exp_less_line(near), q - p - p * ratio)
    return terms.sum(axis=-1)


def _exp_less_line(x: jax.Array) -> jax.Array:
    """Returns exp(x) - 1 - x for abs(x) < 1/2 from its series, whose terms do not cancel."""
    factors = [1 / math.factorial(order) for order in range(11, 1, -1)]
    return x**2 * functools.reduce(lambda total, factor: total * x + factor, factors, jnp.zeros_like(x))


def _centred(logits: jax.Array) -> jax.Array:
    """Returns logits less the largest: a common offset, if divided by T, would be rounded."""
    return logits - jax.lax.stop_gradient(logits.max(axis=-1, keepdims=True))


def _checked(teacher: jax.Array | None, student: jax.Array) -> jax.Array:
    cure = "Fill that of the data, and of the validation data, with jaxqkd.label(data, model, params)."
    checks.require(teacher is not None, "teacher", "hold the teacher's logits", teacher, cure)
    assert teacher is not None
    must = f"have the student's {student.shape[-1]} classes"
    checks.require(teacher.shape[-1] == student.shape[-1], "teacher", must, f"{teacher.shape[-1]} classes")
    return teacher
