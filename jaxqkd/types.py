"""The types behind the five words, Data, Model, Loss and Run, and what `fit` returns."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax

Key = jax.Array
Params = Any
History = dict[str, jax.Array]


class Data(NamedTuple):
    """Examples that share their leading axis N.

    Attributes:
        x: Features [N, D].
        labels: Class numbers [N], integers from 0; -1 stands for no label.
        teacher: The teacher's logits [N, C], or a dict of `logits` and taps, arrays [N, ...]; None where no
            teacher has seen the data.
    """

    x: jax.Array
    labels: jax.Array
    teacher: Any = None


class Fit(NamedTuple):
    """What a training returns: the parameters to go on with, and the history to look at.

    Attributes:
        params: The trained parameters, as `model.apply` takes them.
        history: Arrays by name; see `jaxqkd.fit`.
        last: The parameters at the stop, the same as `params` where those are not the best ones before it.
        checkpoints: The parameters after the epochs that `fit` was asked for, with a leading axis of these; None
            where it was asked for none.
    """

    params: Params
    history: History
    last: Params
    checkpoints: Params = None


class Model(Protocol):
    """Anything with flax linen's pure pair of functions; teacher and student are the same kind of thing.

    A model that draws, such as one with shots or dropout, names its random streams in an attribute `rngs`, such as
    `("shots",)`. It then takes a key for each: `apply(params, x, rngs={"shots": key})`.
    """

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns initial parameters for features x [B, D]."""

    def apply(self, params: Params, x: jax.Array, /) -> Any:
        """Returns the logits [B, C] of features x [B, D]."""


class Loss(Protocol):
    """A function of scores and labels, unreduced: one number an example."""

    def __call__(self, student: jax.Array, teacher: jax.Array | None, labels: jax.Array) -> jax.Array:
        """Returns losses [B] of logits student [B, C], teacher [B, C] or None, and labels [B]."""


Metric = Callable[[jax.Array, jax.Array], jax.Array]
"""A function of scores [B, C] and labels [B] that returns a scalar."""

Run = Callable[[Any, Any], Any]
"""A function `(key, hparams) -> pytree`, written by the user; what it closes over is static, the rest traced."""
