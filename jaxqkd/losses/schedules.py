"""Losses that change during a training."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxqkd.types import Loss


class Scheduled(NamedTuple):
    """A loss for each epoch; see `scheduled`.

    Attributes:
        at: A function of the epoch, from 0 and usually traced, that returns the loss of that epoch.
    """

    at: Callable[[Any], Loss]


def scheduled(at: Callable[[Any], Loss]) -> Scheduled:
    """Returns a loss that changes with the epoch: `at(epoch)` is the one of that epoch, counted from 0.

    Which terms there are is fixed; their temperatures and weights may follow any schedule of optax.

    Example:
        >>> import optax
        >>> from jaxqkd.losses import kd
        >>> cooling = optax.exponential_decay(8.0, transition_steps=100, decay_rate=0.5)
        >>> loss = scheduled(lambda epoch: kd(cooling(epoch), 0.5))
    """
    return Scheduled(at)
