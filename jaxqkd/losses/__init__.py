"""Losses: functions `(student [B, C], teacher [B, C] or None, labels [B]) -> [B]`, unreduced.

Factories return them: what a factory is given (a temperature, a weight) may be a number or a traced scalar, so
that one compiled program sweeps it. `fit` takes the mean over the batch.

Example:
    >>> import jax.numpy as jnp
    >>> logits, labels = jnp.zeros((5, 3)), jnp.zeros(5, int)
    >>> kd(temperature=2.0, alpha=0.5)(logits, logits, labels).shape
    (5,)
"""

from jaxqkd.losses.combinators import ce_plus_kl, kd, mix, on, on_probabilities, standardized, summed
from jaxqkd.losses.features import Projector, hints
from jaxqkd.losses.logits import dist, dkd, hard, jensen_shannon, label_smoothing, mse_logits, reverse_kl, soft
from jaxqkd.losses.relations import (
    fidelity,
    fidelity_relations,
    rkd_angle,
    rkd_distance,
    similarity_preserving,
    squared_cosine,
)
from jaxqkd.losses.schedules import Scheduled, scheduled
from jaxqkd.losses.states import infidelity, local_infidelity, reduced, unitary_infidelity

__all__ = [
    "Projector",
    "Scheduled",
    "ce_plus_kl",
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
    "on_probabilities",
    "reduced",
    "reverse_kl",
    "rkd_angle",
    "rkd_distance",
    "scheduled",
    "similarity_preserving",
    "soft",
    "squared_cosine",
    "standardized",
    "summed",
    "unitary_infidelity",
]
