"""Random streams: the keys that a model draws from when it is applied, by name, as flax has them."""

from collections.abc import Mapping
from typing import Any

import jax

from jaxqkd.types import Key, Params


def streams_of(model: Any) -> tuple[str, ...]:
    """Returns the names of the streams that a model says it draws from, in its attribute `rngs`."""
    return tuple(getattr(model, "rngs", ()))


def apply(model: Any, params: Params, x: jax.Array, rngs: Mapping[str, Key] | None = None) -> Any:
    """Returns what the model does with its streams' keys; a model without streams need not take any."""
    return model.apply(params, x, rngs=rngs) if rngs else model.apply(params, x)
