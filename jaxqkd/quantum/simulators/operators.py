"""What noise does to states and <Z>: angles of gates, Kraus operators of channels, errors of the readout."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.model import NoiseModel
from jaxqkd.quantum.noise.schedule import Instruction, Schedule, row_of

OUTCOMES = np.stack([np.diag([1, 0]), np.diag([0, 1])])
"""The projectors [2, 2, 2] on the outcomes of a measurement."""

NO_MEASUREMENT = np.stack([np.eye(2), np.zeros((2, 2))])
"""The identity and nothing, as many operators as a measurement has."""


def angle(instruction: Instruction, theta: jax.Array, x: jax.Array) -> jax.Array | None:
    """Returns the angle of a gate, given a layer's angles [P] and one example's features [D], or None."""
    if instruction.angle is None:
        return None
    return (x.astype(theta.dtype) if instruction.is_driven else theta)[instruction.angle]


def kraus(schedule: Schedule) -> list[jax.Array]:
    """Returns the Kraus operators of each channel, [n, 2^k, 2^k] or, where qubits or pairs differ, [rows, ...]."""
    return [channels.kraus(channel) for channel in schedule.channels]


def kraus_of(instruction: Instruction, operators: list[jax.Array], is_measured: jax.Array) -> jax.Array:
    """Returns the Kraus operators [n, 2^k, 2^k] of an instruction that is a channel, or a measurement.

    Args:
        instruction: The instruction; the number `len(operators)` stands for a measurement.
        operators: What `kraus` returns.
        is_measured: Whether each qubit is measured after this layer [Q].
    """
    number, qubit = instruction.name, instruction.qubits[0]
    if number == len(operators):
        measurement, identity = jnp.asarray(OUTCOMES, complex), jnp.asarray(NO_MEASUREMENT, complex)
        return jnp.where(is_measured[qubit], measurement, identity)
    assert isinstance(number, int)
    own = operators[number]
    return own[row_of(instruction)] if own.ndim == 4 else own


def as_read(z: jax.Array, noise: NoiseModel, measured: Sequence[int]) -> jax.Array:
    """Returns <Z> [B, k] with the errors of the readout of the measured qubits."""
    if noise.confusion is None:
        return z
    slope, shift = channels.confusion_line(noise.confusion, measured)
    return slope[None] * z + shift[None]
