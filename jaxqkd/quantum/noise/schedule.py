"""Instructions: the gates of a circuit and the channels of its noise, in the order in which they act."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import Circuit, Gate
from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.channels import Channel
from jaxqkd.quantum.noise.model import NoiseModel, listed

Numbered = Sequence[tuple[int, Channel]]
"""Channels that act one after the other, with their numbers."""


class Instruction(NamedTuple):
    """One gate or channel.

    Attributes:
        name: The gate's name, or the number of the channel.
        qubits: The qubits that it acts on.
        angle: Index of a rotation's angle, else None.
        is_driven: Whether that angle is a feature.
        scales: Whether it is a channel that only scales Pauli strings.
    """

    name: str | int
    qubits: tuple[int, ...]
    angle: int | None = None
    is_driven: bool = False
    scales: bool = False


class Schedule(NamedTuple):
    """Instructions before the first layer, of each layer, and after the last one, and the channels in them.

    Attributes:
        prefix: Instructions before the first layer.
        layer: Instructions of a layer.
        final: Instructions after the last layer.
        channels: The channels, by number; a leading axis of length Q of their values holds one value a qubit.
        mid_circuit: Whether a qubit is measured after a layer [L, Q], which is the channel `len(channels)`; may be
            replaced by a traced array, of which the qubits that are measured in some layer count.
    """

    prefix: tuple[Instruction, ...]
    layer: tuple[Instruction, ...]
    final: tuple[Instruction, ...]
    channels: tuple[Channel, ...]
    mid_circuit: np.ndarray | jax.Array


def schedule(circuit: Circuit, noise: NoiseModel, measured: Sequence[int]) -> Schedule:
    """Returns the instructions of the circuit under the noise, up to the readout of the measured qubits."""
    numbers = itertools.count()
    places = (noise.one_qubit_gates, noise.two_qubit_gates, noise.layers, noise.readout)
    one, two, layers, readout = ([(next(numbers), channel) for channel in listed(place)] for place in places)
    every = tuple(channel for _, channel in (*one, *two, *layers, *readout))
    mid_circuit = np.zeros((circuit.layers, circuit.qubits), bool)
    for layer, qubits in enumerate(noise.mid_circuit):
        mid_circuit[layer, list(qubits)] = True
    dephased = np.flatnonzero(mid_circuit.any(axis=0)).tolist()
    ends = [
        *_after(layers, range(circuit.qubits) if noise.layer_qubits is None else noise.layer_qubits),
        *(Instruction(len(every), (qubit,), scales=True) for qubit in dephased),
    ]
    return Schedule(
        prefix=tuple(_noisy(circuit.prefix, one, two)),
        layer=(*_noisy(circuit.gates, one, two), *ends),
        final=tuple(_after(readout, measured)),
        channels=every,
        mid_circuit=mid_circuit,
    )


def transfer_table(instructions: Schedule) -> list[jax.Array]:
    """Returns the channels of a schedule in the Pauli basis: [L, Q, ...] on one qubit, [L, ...] on two."""
    layers, qubits = instructions.mid_circuit.shape
    entries = []
    for channel in instructions.channels:
        entry = channels.transfer(channel)
        if channel.qubits == 1 and channel.values.ndim == 1:
            entry = jnp.broadcast_to(entry, (qubits, *entry.shape))
        entries.append(jnp.broadcast_to(entry, (layers, *entry.shape)))
    coherent = jnp.asarray(~instructions.mid_circuit, float)
    one = jnp.ones_like(coherent)
    return [*entries, jnp.stack([one, coherent, coherent, one], axis=-1)]


def _noisy(gates: Sequence[Gate], one: Numbered, two: Numbered) -> list[Instruction]:
    """Returns the instructions of gates, each followed by the channels for as many qubits as it has."""
    instructions = []
    for gate in gates:
        angle = gate.theta if gate.x is None else gate.x
        instructions.append(Instruction(gate.name, gate.qubits, angle, gate.x is not None))
        instructions += _after(two if len(gate.qubits) > 1 else one, gate.qubits)
    return instructions


def _after(channels: Numbered, qubits: Sequence[int]) -> list[Instruction]:
    """Returns the instructions of channels in order: two-qubit channels act on both qubits, others on each."""
    instructions = []
    for number, channel in channels:
        groups = [tuple(qubits)] if channel.qubits > 1 else [(qubit,) for qubit in qubits]
        instructions += [Instruction(number, group, scales=channel.kind == "pauli") for group in groups]
    return instructions
