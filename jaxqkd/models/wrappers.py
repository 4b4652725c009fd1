"""Models made of models: a projected tap, frozen angles, an ensemble, a flax nnx module."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxqkd import checks
from jaxqkd.models.layers import dense
from jaxqkd.models.parameters import map_angles
from jaxqkd.models.streams import apply, streams_of
from jaxqkd.types import Key, Model, Params


class Projected(nn.Module):
    """A model one of whose taps goes through a trained linear layer, for hints of another width.

    Attributes:
        model: A model with the tap.
        tap: Name of the tap.
        width: Number of the teacher's features.

    References:
        Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
    """

    model: nn.Module
    tap: str
    width: int

    def __post_init__(self) -> None:
        checks.integer("width", self.width)
        if hasattr(self.model, "taps"):
            checks.one_of("tap", self.tap, tuple(self.model.taps))
        super().__post_init__()

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of the model."""
        return streams_of(self.model)

    @nn.compact
    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """Returns the model's logits and taps of features x [B, D], the projected one [B, width]."""
        out = self.model(x)
        return out | {self.tap: dense(self.width, "projector")(out[self.tap])}


class Frozen(NamedTuple):
    """A model whose angles, the leaves named `theta`, get no gradient; all other parameters learn.

    An optimizer with weight decay would still move them.
    """

    model: Model

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of the model."""
        return streams_of(self.model)

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns the model's parameters."""
        return self.model.init(key, x)

    def apply(self, params: Params, x: jax.Array, /, *, rngs: Mapping[str, Key] | None = None) -> Any:
        """Returns what the model does, as if the angles were constants."""
        return apply(self.model, map_angles(jax.lax.stop_gradient, params), x, rngs)


class Ensemble(NamedTuple):
    """Several models as one; made by `ensemble`. Its parameters are a tuple, those of each model."""

    models: tuple[Model, ...]
    weights: tuple[float, ...]
    of: str

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of all models; each model draws anew from them."""
        return tuple(dict.fromkeys(name for model in self.models for name in streams_of(model)))

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns the parameters of each model, from keys of their own."""
        return tuple(model.init(jax.random.fold_in(key, at), x) for at, model in enumerate(self.models))

    def apply(self, params: Params, x: jax.Array, /, *, rngs: Mapping[str, Key] | None = None) -> jax.Array:
        """Returns logits [B, C]: the weighted mean of the logits, or the logarithm of the probabilities'."""
        keys = [
            {name: jax.random.fold_in(key, at) for name, key in (rngs or {}).items()} for at in range(len(params))
        ]
        every = zip(self.models, params, keys, strict=True)
        logits = jnp.stack([apply(model, own, x, drawn) for model, own, drawn in every])
        weights = jnp.asarray(self.weights, logits.dtype)[:, None, None]
        if self.of == "logits":
            return jnp.sum(weights * logits, axis=0)
        return jax.nn.logsumexp(jax.nn.log_softmax(logits), axis=0, b=weights)


class FromNnx(NamedTuple):
    """A flax nnx module as a model; made by `nnx`. Its parameters are the module's state of `nnx.Param`."""

    build: Callable[[Any], Any]

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns the parameters of a new module."""
        from flax import nnx as library

        return library.split(self.build(library.Rngs(key)))[1]

    def apply(self, params: Params, x: jax.Array, /) -> Any:
        """Returns the module's logits [B, C]."""
        from flax import nnx as library

        definition, _ = library.split(library.eval_shape(lambda: self.build(library.Rngs(0))))
        return library.merge(definition, params)(x)
