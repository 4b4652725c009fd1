"""Losses of features [B, D]: the student's approach those in `Data.teacher`."""

from collections.abc import Callable

import jax
import optax

from jaxqkd.losses.inputs import matching_teacher
from jaxqkd.types import Loss


def hints(project: Callable[[jax.Array], jax.Array] | None = None) -> Loss:
    """Returns the mean over features of (project(student) - teacher)^2; the labels are not used.

    The paper sums over the features and halves: the weight D / 2 in `mix` gives that.

    Args:
        project: A fixed function from the student's features [B, D'] to as many as the teacher has, [B, D];
            None where their numbers agree. A trained map is a part of the student: see `jaxqkd.models.Projected`.

    Raises:
        ValueError: When called without a teacher, or with another number of teacher's features.

    References:
        Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        features = student if project is None else project(student)
        targets = matching_teacher(teacher, features, "features", "features")
        return optax.losses.squared_error(features, targets).mean(axis=-1)

    return loss
