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
    """A multilayer perceptron with ReLU after each hidden layer.

    Attributes:
        features: Widths of the hidden layers.
        classes: Number of classes C.
        taps: What is returned beside the logits: "hidden", the last hidden layer [B, features[-1]]. With taps the
            model returns a dict of `logits` and taps; see `jaxqkd.losses.on`.
        dropout: Probability in [0, 1) of dropping each unit of a hidden layer in training. `fit` passes the key
            by `apply(params, x, rngs={"dropout": key})`; without that key nothing is dropped.

    References:
        Srivastava et al., Dropout, JMLR 15, 1929 (2014).
    """

    features: Sequence[int]
    classes: int
    taps: Sequence[str] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        checks.integer("classes", self.classes, least=2)
        object.__setattr__(self, "features", tuple(self.features))  # hashable, as linen wants it
        for width in self.features:
            checks.integer("features", width)
        object.__setattr__(self, "taps", checked_taps(self.taps, ("hidden",)))
        checks.fraction("dropout", self.dropout)
        checks.require(self.dropout < 1, "dropout", "be less than 1", self.dropout)
        super().__post_init__()

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams that `apply` can draw from."""
        return ("dropout",) if self.dropout else ()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array | dict[str, jax.Array]:
        """Returns logits [B, C] of features x [B, D], and the taps beside them if there are any."""
        for width in self.features:
            x = nn.relu(dense(width)(x))
            if self.dropout:
                x = nn.Dropout(self.dropout, deterministic=not self.has_rng("dropout"))(x)
        return tapped(dense(self.classes, "head")(x), dict.fromkeys(self.taps, x))
