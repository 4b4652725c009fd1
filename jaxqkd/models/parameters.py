"""The parameters of a model: how many there are, and which of them are angles of quantum gates."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.types import Model, Params


def is_angle(path: tuple[Any, ...]) -> bool:
    """Returns whether a path, as `jax.tree.leaves_with_path` gives it, leads to angles, a leaf named `theta`."""
    return getattr(path[-1], "key", None) == "theta"


def map_angles(function: Callable[[jax.Array], jax.Array], params: Params) -> Params:
    """Returns the parameters with the function applied to each leaf of angles."""
    return jax.tree.map_with_path(lambda path, leaf: function(leaf) if is_angle(path) else leaf, params)


class ParameterCount(NamedTuple):
    """The number of trained parameters: those of classical layers, and angles of quantum gates."""

    classical: int
    quantum: int

    @property
    def total(self) -> int:
        """The sum of both."""
        return self.classical + self.quantum


def count_parameters(model: Model, features: int) -> ParameterCount:
    """Returns the number of a model's parameters for the given number of features, without computing them.

    Angles are the leaves named `theta`, all other leaves are classical.

    Example:
        >>> from jaxqkd.models import Linear
        >>> count_parameters(Linear(classes=3), features=64)
        ParameterCount(classical=195, quantum=0)
    """
    checks.integer("features", features)
    params: Params = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, features)))
    sizes = {"classical": 0, "quantum": 0}
    for path, leaf in jax.tree.leaves_with_path(params):
        sizes["quantum" if is_angle(path) else "classical"] += leaf.size
    return ParameterCount(**sizes)
