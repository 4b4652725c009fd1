"""Losses that change during a training."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxqkd.types import Loss


class Scheduled(NamedTuple):
    """A loss that changes with the epoch, for `jaxqkd.fit`.

    Its terms are fixed; their temperatures and weights may follow any schedule of optax. Such a schedule counts
    epochs here, whereas one that is given to an optimizer counts updates, of which an epoch of mini-batches has
    several.

    Attributes:
        at: A function of the epoch, counted from 0 and usually traced, that returns the loss of that epoch.

    Example:
        >>> import optax
        >>> from jaxqkd.losses import kd
        >>> cooling = optax.exponential_decay(8.0, transition_steps=100, decay_rate=0.5)
        >>> loss = Scheduled(lambda epoch: kd(cooling(epoch), 0.5))
    """

    at: Callable[[Any], Loss]
