"""Losses of logits: against the labels, and against a teacher's logits of the same classes."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.nn import log_softmax, logsumexp, softmax

from jaxqkd import checks
from jaxqkd.losses.directions import deviation
from jaxqkd.losses.divergence import centered, kl
from jaxqkd.losses.inputs import batch_size, matching_teacher
from jaxqkd.types import Loss


def hard() -> Loss:
    """Returns the cross-entropy with the labels, -log softmax(student)[label]; the teacher is not used.

    It is 0 for an example without a label (-1).
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        targets = jax.nn.one_hot(labels, student.shape[-1], dtype=bool)
        return -jnp.where(targets, log_softmax(student), 0.0).sum(axis=-1)

    return loss


def label_smoothing(smoothing: Any = 0.1) -> Loss:
    """Returns the cross-entropy with smoothed labels.

    These are (1 - smoothing) times the label's one-hot vector, plus smoothing / C for each of the C classes. The
    loss needs no teacher, and is the control for one that knows nothing: up to a constant it equals
    `kd(1, smoothing)` with a teacher whose logits are all equal, and has the same gradient. It is 0 for an example
    without a label (-1).

    Args:
        smoothing: Probability in [0, 1] that is spread over all classes, a number or a traced scalar; 0 gives
            `hard`.

    References:
        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016; for its relation to
        distillation, Müller, Kornblith, Hinton, When Does Label Smoothing Help?, NeurIPS 2019.
    """
    checks.fraction("smoothing", smoothing)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        targets = jax.nn.one_hot(labels, student.shape[-1], dtype=student.dtype)
        values = optax.losses.softmax_cross_entropy(student, optax.losses.smooth_labels(targets, smoothing))
        return jnp.where(labels < 0, 0.0, values)

    return loss


def soft(temperature: Any = 1.0) -> Loss:
    """Returns Hinton's distillation loss, T^2 KL(softmax(teacher / T) || softmax(student / T)).

    The expectation in the divergence is over the teacher's probabilities. The factor T^2 keeps the gradient's
    size about the same as the temperature changes; it is part of this loss, so weights need no correction.

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
        return temperature**2 * kl(matching_teacher(teacher, student), student, temperature)

    return loss


def reverse_kl(temperature: Any = 1.0) -> Loss:
    """Returns T^2 KL(softmax(student / T) || softmax(teacher / T)), `soft` with its two sides swapped.

    The expectation is over the student's probabilities: a student that cannot match its teacher on all classes
    concentrates on the likeliest ones, where `soft` would spread it over all. The factor T^2 is included, as in
    `soft`.

    Args:
        temperature: T > 0, a number or a traced scalar.

    References:
        Gu et al., MiniLLM: Knowledge Distillation of Large Language Models, ICLR 2024.
    """
    checks.positive("temperature", temperature)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return temperature**2 * kl(student, matching_teacher(teacher, student), temperature)

    return loss


def jensen_shannon(temperature: Any = 1.0) -> Loss:
    """Returns T^2 (KL(p || m) + KL(q || m)) / 2 with m = (p + q) / 2.

    Here p = softmax(teacher / T) and q = softmax(student / T). The divergence is symmetric and at most log 2; the
    factor T^2 is included, as in `soft`, so the loss is at most T^2 log 2.

    Args:
        temperature: T > 0, a number or a traced scalar.

    References:
        Lin, Divergence Measures Based on the Shannon Entropy, IEEE Transactions on Information Theory 37 (1991).
    """
    checks.positive("temperature", temperature)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        p, q = (log_softmax(centered(z) / temperature) for z in (matching_teacher(teacher, student), student))
        middle = jnp.logaddexp(p, q)  # logits of the mean, as a common factor does not matter
        return temperature**2 * (kl(p, middle) + kl(q, middle)) / 2

    return loss


def mse_logits() -> Loss:
    """Returns the mean over classes of (student - teacher)^2.

    Unlike a loss of softmax, it depends on an offset that all classes share. Ba and Caruana sum over the classes
    and halve, Kim et al. only sum: weights C / 2 and C in `mix` give their losses. At a high temperature `soft`
    approaches half of this loss for logits whose mean is 0.

    References:
        Ba, Caruana, Do Deep Nets Really Need to be Deep?, NeurIPS 2014; Kim et al., Comparing Kullback-Leibler
        Divergence and Mean Squared Error Loss in Knowledge Distillation, IJCAI 2021.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        return optax.losses.squared_error(student, matching_teacher(teacher, student)).mean(axis=-1)

    return loss


def dkd(temperature: Any = 1.0, alpha: Any = 1.0, beta: Any = 8.0) -> Loss:
    """Returns decoupled distillation, T^2 (alpha KL(target against rest) + beta KL(within the rest)).

    The first divergence compares the probability of the label's class with that of all others together; the second
    compares how the other classes share theirs. Both are KL(teacher || student) at temperature T. `soft` is the
    case of alpha = 1 and of beta = the teacher's probability of the other classes, which is small if the
    teacher is confident. Where the label is missing (-1), the teacher's likeliest class takes its place.

    Args:
        temperature: T > 0, a number or a traced scalar.
        alpha: Weight of the first term, a number or a traced scalar.
        beta: Weight of the second term, likewise, or one weight for each example [B].

    References:
        Zhao et al., Decoupled Knowledge Distillation, CVPR 2022.
    """
    checks.positive("temperature", temperature)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        logits = matching_teacher(teacher, student)
        target = jnp.where(labels < 0, jnp.argmax(logits, axis=-1), labels)
        teachers, students = (_decoupled(z, target, temperature) for z in (logits, student))
        first, second = (kl(*pair, temperature) for pair in zip(teachers, students, strict=True))
        return temperature**2 * (alpha * first + beta * second)

    return loss


def dist(temperature: Any = 1.0, beta: Any = 1.0, gamma: Any = 1.0) -> Loss:
    """Returns T^2 (beta inter + gamma intra), two distances 1 - r by Pearson's correlation r of probabilities.

    The inter-class term correlates rows, an example's softmax(logits / T), of the student and the teacher. The
    intra-class term correlates columns, the probabilities of one class over the batch, and is a mean over the
    classes. For columns u and v of mean 0 and norm 1, 1 - r = sum (u - v)^2 / 2, so an example's share of it is
    B (u - v)^2 / 2: the mean over the batch is the published value, while the value of one example depends on the
    batch. A constant row or column becomes 0, at distance 1/2 from one that varies.

    Args:
        temperature: T > 0, a number or a traced scalar.
        beta: Weight of the inter-class term, a number or a traced scalar.
        gamma: Weight of the intra-class term, a number or a traced scalar.

    Raises:
        ValueError: If the temperature is not positive; when called, on fewer than two examples.

    References:
        Huang et al., Knowledge Distillation from A Stronger Teacher, NeurIPS 2022.
    """
    checks.positive("temperature", temperature)

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        p, q = (softmax(centered(z) / temperature) for z in (matching_teacher(teacher, student), student))
        inter = jnp.square(deviation(p, axis=1) - deviation(q, axis=1)).sum(axis=1) / 2
        intra = jnp.square(deviation(p, axis=0) - deviation(q, axis=0)).mean(axis=1) * batch_size(student) / 2
        return temperature**2 * (beta * inter + gamma * intra)

    return loss


def _decoupled(logits: jax.Array, labels: jax.Array, temperature: Any) -> tuple[jax.Array, jax.Array]:
    """Returns logits [B, 2] of the label's class and of all others together, and the others' logits [B, C - 1]."""
    indices = jnp.arange(logits.shape[-1] - 1)[None, :]
    others = indices + (indices >= labels[:, None])
    z = centered(logits)
    target, rest = (jnp.take_along_axis(z, index, axis=-1) for index in (labels[:, None], others))
    together = temperature * logsumexp(rest / temperature, axis=-1, keepdims=True)
    return jnp.concatenate([target, together], axis=-1), jnp.take_along_axis(logits, others, axis=-1)
