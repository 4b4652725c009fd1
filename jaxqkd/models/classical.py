"""Classical models: the linear layer and the multilayer perceptron."""

from collections.abc import Sequence

import flax.linen as nn
import jax

from jaxqkd import checks
from jaxqkd.models.layers import checked_taps, dense, tapped


class Linear(nn.Module):
    """One linear layer from the features to the logits: the smallest classical student.

    Attributes:
        classes: Number of classes C.
    """

    classes: int

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Returns logits [B, C] of features x [B, D]."""
        return dense(self.classes, "head")(x)


class MLP(nn.Module):
    """A multilayer perceptron with ReLU between its layers.

    Attributes:
        features: Widths of the hidden layers.
        classes: Number of classes C.
        taps: What is returned beside the logits: "hidden", the last hidden layer [B, features[-1]]. With taps the
            model returns a dict of `logits` and each of them; see `jaxqkd.losses.on`.
    """

    features: Sequence[int]
    classes: int
    taps: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        object.__setattr__(self, "features", tuple(self.features))  # hashable, as linen wants it
        for width in self.features:
            checks.integer("features", width)
        object.__setattr__(self, "taps", checked_taps(self.taps, ("hidden",)))
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        for width in self.features:
            x = nn.relu(dense(width)(x))
        return tapped(dense(self.classes, "head")(x), dict.fromkeys(self.taps, x))
