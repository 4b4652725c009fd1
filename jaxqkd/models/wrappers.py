"""Models made of other models: one with a projected tap or frozen angles, an ensemble, a flax nnx module."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.models.layers import dense
from jaxqkd.models.parameters import map_angles
from jaxqkd.models.streams import apply, streams_of
from jaxqkd.types import Key, Model, Params


class Projected(nn.Module):
    """A model one of whose taps passes through a trained linear layer, for hints of another width.

    Attributes:
        model: A model that returns a dict with the tap.
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
        """Returns the model's logits and taps of features x [B, D], with the projected tap [B, width]."""
        out = self.model(x)
        return out | {self.tap: dense(self.width, "projector")(out[self.tap])}


class Frozen(NamedTuple):
    """A model whose angles, the leaves named `theta`, get no gradient; all other parameters are trained.

    An optimizer with weight decay still changes the angles.
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
        """Returns the model's output, with the angles as constants."""
        return apply(self.model, map_angles(jax.lax.stop_gradient, params), x, rngs)


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Several models as one, whose output is the weighted mean of theirs; its parameters are a tuple of theirs.

    Attributes:
        models: The models, with the same classes.
        weights: A positive weight for each, scaled to sum to 1; equal ones by default.
        of: "probabilities" for the mean of the models' probabilities; or "logits", whose mean gives the geometric
            mean of the probabilities, in which confident models count for more.

    Raises:
        ValueError: Without models, or on weights that are not positive, or not as many.

    References:
        Hinton, Vinyals, Dean, Distilling the Knowledge in a Neural Network, arXiv:1503.02531 (2015).
    """

    models: Sequence[Model]
    weights: Sequence[float] | None = None
    of: str = "probabilities"

    def __post_init__(self) -> None:
        count = len(self.models)
        checks.require(count > 0, "models", "hold at least one model", "empty")
        checks.one_of("of", self.of, ("probabilities", "logits"))
        weights = np.ones(count) if self.weights is None else np.asarray(self.weights, float)
        valid = weights.shape == (count,) and bool(np.all((weights > 0) & np.isfinite(weights)))
        checks.require(valid, "weights", f"be {count} positive numbers", self.weights)
        object.__setattr__(self, "models", tuple(self.models))
        object.__setattr__(self, "weights", tuple((weights / weights.sum()).tolist()))

    @property
    def rngs(self) -> tuple[str, ...]:
        """The random streams of all models; each model draws anew from them."""
        return tuple(dict.fromkeys(name for model in self.models for name in streams_of(model)))

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns the parameters of each model, each from a key of its own."""
        return tuple(model.init(jax.random.fold_in(key, index), x) for index, model in enumerate(self.models))

    def apply(self, params: Params, x: jax.Array, /, *, rngs: Mapping[str, Key] | None = None) -> jax.Array:
        """Returns logits [B, C]: the weighted mean of the logits, or the logarithm of the mean probabilities."""
        keys = [
            {name: jax.random.fold_in(key, index) for name, key in (rngs or {}).items()}
            for index in range(len(params))
        ]
        every = zip(self.models, params, keys, strict=True)
        logits = jnp.stack([apply(model, own, x, drawn) for model, own, drawn in every])
        weights = jnp.asarray(self.weights, logits.dtype)[:, None, None]
        if self.of == "logits":
            return jnp.sum(weights * logits, axis=0)
        return jax.nn.logsumexp(jax.nn.log_softmax(logits), axis=0, b=weights)


@dataclasses.dataclass(frozen=True)
class FromNnx:
    """A flax nnx module as a model, for `fit`, `label` and `sweep`; its parameters are the state of `nnx.Param`.

    Attributes:
        build: A function of `flax.nnx.Rngs` that returns the module, whose call takes features [B, D]. All state
            of the module must be of type `nnx.Param`, so that it is a pure function of its parameters: batch
            statistics and dropout are refused.

    Raises:
        ValueError: If the module has state other than parameters.

    Example:
        >>> from flax import nnx
        >>> teacher = FromNnx(lambda rngs: nnx.Linear(4, 3, rngs=rngs))
        >>> params = teacher.init(jax.random.key(0), jnp.zeros((1, 4)))
        >>> teacher.apply(params, jnp.zeros((5, 4))).shape
        (5, 3)
    """

    build: Callable[[Any], Any]

    def __post_init__(self) -> None:
        from flax import nnx

        rest = nnx.split(self._abstract(), nnx.Param, ...)[-1]
        others = sorted({type(leaf).__name__ for _, leaf in nnx.to_flat_state(rest)})
        must = "make a module whose state is parameters alone"
        cure = "Leave out dropout and batch statistics, or label the data yourself."
        checks.require(not others, "build", must, f"with {others}", cure)

    def init(self, key: Key, x: jax.Array, /) -> Params:
        """Returns the parameters of a new module."""
        from flax import nnx

        return nnx.split(self.build(nnx.Rngs(key)))[1]

    def apply(self, params: Params, x: jax.Array, /) -> Any:
        """Returns the module's logits [B, C]."""
        from flax import nnx

        return nnx.merge(nnx.split(self._abstract())[0], params)(x)

    def _abstract(self) -> Any:
        """Returns the module with shapes in place of its parameters."""
        from flax import nnx

        return nnx.eval_shape(lambda: self.build(nnx.Rngs(0)))
