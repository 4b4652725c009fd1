"""Losses: functions `(student [B, C], teacher [B, C] or None, labels [B]) -> [B]`, unreduced.

Factories return them. The arguments of a factory, such as a temperature or a weight, may be numbers or traced
scalars, so that one compiled program sweeps them. `fit` takes the mean over the batch.

Example:
    >>> import jax.numpy as jnp
    >>> logits, labels = jnp.zeros((5, 3)), jnp.zeros(5, int)
    >>> kd(temperature=2.0, alpha=0.5)(logits, logits, labels).shape
    (5,)
"""

from jaxqkd.losses.combinators import kd, mix, on, standardized
from jaxqkd.losses.features import hints
from jaxqkd.losses.logits import dist, dkd, hard, jensen_shannon, label_smoothing, mse_logits, reverse_kl, soft
from jaxqkd.losses.relations import (
    fidelity,
    fidelity_relations,
    rkd_angle,
    rkd_distance,
    similarity_preserving,
    squared_cosine,
)
from jaxqkd.losses.schedules import Scheduled
from jaxqkd.losses.states import infidelity, local_infidelity, reduced, unitary_infidelity

__all__ = [
    "Scheduled",
    "dist",
    "dkd",
    "fidelity",
    "fidelity_relations",
    "hard",
    "hints",
    "infidelity",
    "jensen_shannon",
    "kd",
    "label_smoothing",
    "local_infidelity",
    "mix",
    "mse_logits",
    "on",
    "reduced",
    "reverse_kl",
    "rkd_angle",
    "rkd_distance",
    "similarity_preserving",
    "soft",
    "squared_cosine",
    "standardized",
    "unitary_infidelity",
]
