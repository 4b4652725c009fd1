"""Parts of models: a linear layer of jax's default float type, and taps beside the logits."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxqkd import checks


def checked_taps(taps: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of taps as a tuple, hashable, as linen wants it."""
    listed = not isinstance(taps, str)
    checks.require(listed, "taps", "be a sequence of names", repr(taps), f"Write ({taps!r},).")
    for tap in taps:
        checks.one_of("taps", tap, known)
    return tuple(taps)


def tapped(logits: jax.Array, taps: dict[str, jax.Array]) -> jax.Array | dict[str, jax.Array]:
    """Returns the logits, or a dict of `logits` and the taps if there are any."""
    return {"logits": logits, **taps} if taps else logits


def dense(width: int, name: str | None = None) -> nn.Dense:
    """Returns a linear layer whose parameters have jax's default float type."""
    return nn.Dense(width, param_dtype=jnp.zeros(()).dtype, name=name)
