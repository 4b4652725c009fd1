"""Losses of the relations within a batch: how its examples lie to each other, for the student and the teacher.

They take logits or features [B, D], or states; student and teacher may differ in D. An example's value depends on
the rest of the batch, so batches of another size, and validation on all data at once, give other values. The mean
over the batch is the published loss. One example alone has no relations and is refused.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxqkd.losses.directions import unit
from jaxqkd.losses.inputs import known, several
from jaxqkd.types import Loss

Kernel = Callable[[jax.Array], jax.Array]
"""A function of arrays [B, D] that returns what each pair of examples has in common, [B, B]."""

_WHAT = "logits or features"


def rkd_distance() -> Loss:
    """Returns the Huber distance between the pairwise distances of the student and those of the teacher.

    Distances are Euclidean, each side's over their mean, so that turns, shifts and scale do not matter. An
    example's value is the mean over the other examples; the mean of these is that over all pairs, which the
    paper writes as a sum. Where two examples coincide the gradient of their distance counts as 0.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Park et al., Relational Knowledge Distillation, CVPR 2019.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        others = several(student) - 1
        apart = optax.losses.huber_loss(_distances(student), _distances(known(teacher, _WHAT)))
        return apart.sum(axis=1) / others

    return loss


def rkd_angle() -> Loss:
    """Returns the Huber distance between the angles within the student's triples of examples and the teacher's.

    An angle is told by its cosine. An example's value is the mean over the angles whose vertex it is, of all
    pairs of other examples; the mean of these is that over all triples, which the paper writes as a sum. Memory
    grows with B^3. Where the vertex coincides with another example the cosine, and its gradient, count as 0.

    Raises:
        ValueError: When called without a teacher, or on fewer than three examples.

    References:
        Park et al., Relational Knowledge Distillation, CVPR 2019.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        count = several(student, 3)
        apart = optax.losses.huber_loss(_cosines(student), _cosines(known(teacher, _WHAT)))
        distinct = ~jnp.eye(count, dtype=bool)[None]
        return jnp.where(distinct, apart, 0.0).sum(axis=(1, 2)) / ((count - 1) * (count - 2))

    return loss


def similarity_preserving() -> Loss:
    """Returns the squared distance between the similarities G = X X^T of the student and of the teacher, over B^2.

    Each row of G, what one example has in common with all, is taken to norm 1. An example's value is the mean
    over its row.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Tung, Mori, Similarity-Preserving Knowledge Distillation, ICCV 2019.
    """
    return _compared(lambda x: unit(_products(x)), None)


def fidelity(states: jax.Array) -> jax.Array:
    """Returns the fidelities `|<a|b>|^2` [B, B] of each two of the pure states [B, 2^Q] of norm 1."""
    products = _products(states)
    return products.real**2 + products.imag**2


def squared_cosine(features: jax.Array) -> jax.Array:
    """Returns the squared cosine [B, B] between each two features [B, D]; 0 for features that are all 0.

    It is the fidelity of the states that amplitude encoding makes of the features.
    """
    return fidelity(unit(features))


def fidelity_relations(kernel: Kernel = squared_cosine, teacher_kernel: Kernel | None = None) -> Loss:
    """Returns the mean squared distance between the student's pairwise fidelities and the teacher's.

    An example's value is the mean over its row of the kernels, itself included.

    Args:
        kernel: Of the student: `fidelity` where the model returns states, `squared_cosine` for real features, or
            any function of [B, D] that returns [B, B].
        teacher_kernel: Of the teacher; None for the student's.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Liu et al., Quantum Relational Knowledge Distillation, arXiv:2508.13054 (2025).
    """
    return _compared(kernel, teacher_kernel)


def _compared(kernel: Kernel, teacher_kernel: Kernel | None) -> Loss:
    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        several(student)
        wanted = (teacher_kernel or kernel)(known(teacher, _WHAT))
        return jnp.square(kernel(student) - wanted).mean(axis=1)

    return loss


def _products(x: jax.Array) -> jax.Array:
    """Returns the inner products [B, B] of the rows."""
    return jnp.matmul(x.conj(), x.T, precision="highest")


def _distances(x: jax.Array) -> jax.Array:
    """Returns the distance of each two rows, over the mean of two different rows; zeros if all coincide."""
    square = jnp.square(x[:, None] - x[None]).sum(axis=-1)
    apart = square > 0
    distances = jnp.where(apart, jnp.sqrt(jnp.where(apart, square, 1.0)), 0.0)  # the root has no slope at 0
    mean = distances.sum() / (len(x) * (len(x) - 1))
    return distances / jnp.where(mean > 0, mean, 1.0)


def _cosines(x: jax.Array) -> jax.Array:
    """Returns the cosines [B, B, B] of the angles at the first example between the second and the third."""
    sides = unit(x[None] - x[:, None])
    return jnp.einsum("vid,vjd->vij", sides, sides, precision="highest")
