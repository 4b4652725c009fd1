"""Losses of features: a student whose `apply` returns features [B, D] learns those in `Data.teacher`."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from jaxqkd import checks
from jaxqkd.losses.inputs import matching
from jaxqkd.types import Loss


def hints(project: Callable[[jax.Array], jax.Array] | None = None) -> Loss:
    """Returns the mean over features of (project(student) - teacher)^2; the labels are not used.

    The paper sums over the features and halves: the weight D / 2 in `mix` gives that.

    Args:
        project: A fixed function of the student's features [B, D'] that returns as many as the teacher's,
            [B, D]; None where they already are. One that is trained is a part of the student: see `Projector`.

    Raises:
        ValueError: When called without a teacher, or if its features are of another number.

    References:
        Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
    """

    def loss(student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        shown = student if project is None else project(student)
        return optax.losses.squared_error(shown, matching(teacher, shown, "features", "features")).mean(axis=-1)

    return loss


class Projector(nn.Module):
    """A trained linear map of features to the number of the teacher's, the last layer of a student under `hints`.

    `flax.linen.Sequential([body, Projector(width)])` is such a student.

    Attributes:
        width: Number of the teacher's features D.
    """

    width: int

    def __post_init__(self) -> None:
        checks.integer("width", self.width)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Returns features [B, width] of features x [B, D']."""
        return nn.Dense(self.width, param_dtype=jnp.zeros(()).dtype)(x)
