"""Losses of the relations within a batch: distances, angles or similarities among its examples.

They take logits or features [B, D], or states; student and teacher may differ in D. The value of an example
depends on the rest of the batch, so that batches of another size, and validation on all data at once, give other
values. The mean over the batch is the published loss. A batch of one example has no relations and is refused.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxqkd.losses.directions import unit
from jaxqkd.losses.inputs import batch_size, require_teacher
from jaxqkd.types import Loss

Kernel = Callable[[jax.Array], jax.Array]
"""A function of arrays [B, D] that returns the similarity of each pair of examples, [B, B]."""

_CONTENT = "logits or features"


def rkd_distance() -> Loss:
    """Returns the Huber distance between the pairwise distances of the student and those of the teacher.

    Distances are Euclidean and divided by their mean, the student's and the teacher's apart, so that rotations,
    translations and scale do not matter. The value of an example is the mean over the other examples; the mean
    over the batch is the mean over all pairs, which the paper writes as a sum. Where two examples coincide, the
    gradient of their distance counts as 0.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Park et al., Relational Knowledge Distillation, CVPR 2019.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        others = batch_size(student) - 1
        values = optax.losses.huber_loss(
            _distances(student), _distances(require_teacher(teacher, student, _CONTENT))
        )
        return values.sum(axis=1) / others

    return loss


def rkd_angle() -> Loss:
    """Returns the Huber distance between the angles within the student's triples of examples and the teacher's.

    Angles are compared by their cosines. The value of an example is the mean over the angles at that example, for
    all pairs of others; the mean over the batch is the mean over all triples, which the paper writes as a sum.
    Memory grows with B^3. Where the vertex coincides with another example, the cosine and its gradient count as 0.

    Raises:
        ValueError: When called without a teacher, or on fewer than three examples.

    References:
        Park et al., Relational Knowledge Distillation, CVPR 2019.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        count = batch_size(student, 3)
        values = optax.losses.huber_loss(_cosines(student), _cosines(require_teacher(teacher, student, _CONTENT)))
        distinct = ~jnp.eye(count, dtype=bool)[None]
        return jnp.where(distinct, values, 0.0).sum(axis=(1, 2)) / ((count - 1) * (count - 2))

    return loss


def similarity_preserving() -> Loss:
    """Returns the squared distance between the similarities G = X X^T of the student and of the teacher, over B^2.

    Each row of G, the similarities of one example to all, is scaled to norm 1. The value of an example is the mean
    over its row.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Tung, Mori, Similarity-Preserving Knowledge Distillation, ICCV 2019.
    """
    return _compared(lambda x: unit(_products(x)), None)


def fidelity(states: jax.Array) -> jax.Array:
    """Returns the fidelities `|<a|b>|^2` [B, B] of all pairs of the pure states [B, 2^Q] of norm 1."""
    products = _products(states)
    return products.real**2 + products.imag**2


def squared_cosine(features: jax.Array) -> jax.Array:
    """Returns the squared cosines [B, B] of all pairs of features [B, D]; 0 for features that are all 0.

    A squared cosine is the fidelity of the states that amplitude encoding prepares from the features.
    """
    return fidelity(unit(features))


def fidelity_relations(kernel: Kernel = squared_cosine, teacher_kernel: Kernel | None = None) -> Loss:
    """Returns the mean squared distance between the student's pairwise fidelities and the teacher's.

    The value of an example is the mean over its row of the kernels, its diagonal entry included.

    Args:
        kernel: The student's kernel: `fidelity` if the model returns states, `squared_cosine` for real features,
            or any function of [B, D] that returns [B, B].
        teacher_kernel: The teacher's kernel; by default the student's.

    Raises:
        ValueError: When called without a teacher, or on fewer than two examples.

    References:
        Liu et al., Quantum Relational Knowledge Distillation, arXiv:2508.13054 (2025).
    """
    return _compared(kernel, teacher_kernel)


def _compared(kernel: Kernel, teacher_kernel: Kernel | None) -> Loss:
    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        batch_size(student)
        targets = (teacher_kernel or kernel)(require_teacher(teacher, student, _CONTENT))
        return jnp.square(kernel(student) - targets).mean(axis=1)

    return loss


def _products(x: jax.Array) -> jax.Array:
    """Returns the inner products [B, B] of the rows."""
    return jnp.matmul(x.conj(), x.T, precision="highest")


def _distances(x: jax.Array) -> jax.Array:
    """Returns the distances of all pairs of rows, over their mean off the diagonal; zeros if all rows coincide."""
    square = jnp.square(x[:, None] - x[None]).sum(axis=-1)
    distinct = square > 0
    distances = jnp.where(distinct, jnp.sqrt(jnp.where(distinct, square, 1.0)), 0.0)  # no derivative at 0
    mean = distances.sum() / (len(x) * (len(x) - 1))
    return distances / jnp.where(mean > 0, mean, 1.0)


def _cosines(x: jax.Array) -> jax.Array:
    """Returns the cosines [B, B, B] of the angles at a first example between a second and a third."""
    sides = unit(x[None] - x[:, None])
    return jnp.einsum("vid,vjd->vij", sides, sides, precision="highest")
