"""Instructions: the gates of a circuit and the channels of its noise, in the order in which they happen."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import Circuit, Gate
from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.channels import Channel
from jaxqkd.quantum.noise.model import NoiseModel, listed


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
    """Instructions before the first layer, of each layer, and after the last one, and the channels they number.

    Attributes:
        prefix: Instructions before the first layer.
        layer: Instructions of a layer.
        final: Instructions after the last layer.
        channels: The channels; a leading axis of length Q of their values holds each qubit's own.
        mid_circuit: Where a qubit is measured after a layer [L, Q]; as a channel its number is `len(channels)`.
    """

    prefix: tuple[Instruction, ...]
    layer: tuple[Instruction, ...]
    final: tuple[Instruction, ...]
    channels: tuple[Channel, ...]
    mid_circuit: np.ndarray


def schedule(circuit: Circuit, noise: NoiseModel, measured: Sequence[int]) -> Schedule:
    """Returns what happens to a state in the circuit under the noise until the measured qubits are read."""
    places = [listed(at) for at in (noise.one_qubit_gates, noise.two_qubit_gates, noise.layers, noise.readout)]
    numbered = list(enumerate(channel for place in places for channel in place))
    one, two, layers, readout = (
        numbered[start : start + len(place)]
        for start, place in zip(np.cumsum([0, *map(len, places)]), places, strict=False)
    )

    def noisy(gates: Sequence[Gate]) -> list[Instruction]:
        after = ((gate, two if len(gate.qubits) > 1 else one) for gate in gates)
        return [instruction for gate, own in after for instruction in (_gate(gate), *_after(own, gate.qubits))]

    mid_circuit = np.zeros((circuit.layers, circuit.qubits), bool)
    for place, qubits in enumerate(noise.mid_circuit):
        mid_circuit[place, list(qubits)] = True
    where = range(circuit.qubits) if noise.layer_qubits is None else noise.layer_qubits
    ends = [
        Instruction(len(numbered), (int(qubit),), scales=True) for qubit in np.flatnonzero(mid_circuit.any(axis=0))
    ]
    layer = (*noisy(circuit.gates), *_after(layers, where), *ends)
    found = tuple(channel for _, channel in numbered)
    return Schedule(tuple(noisy(circuit.prefix)), layer, tuple(_after(readout, measured)), found, mid_circuit)


def transfer_table(found: Schedule) -> list[jax.Array]:
    """Returns the channels of a program in the Pauli basis, [L, Q, ...] on one qubit and [L, ...] on two."""
    layers, qubits = found.mid_circuit.shape
    entries = []
    for channel in found.channels:
        entry = channels.transfer(channel)
        if channel.qubits == 1 and channel.values.ndim == 1:
            entry = jnp.broadcast_to(entry, (qubits, *entry.shape))
        entries.append(jnp.broadcast_to(entry, (layers, *entry.shape)))
    coherent = jnp.asarray(~found.mid_circuit, float)
    one = jnp.ones_like(coherent)
    return [*entries, jnp.stack([one, coherent, coherent, one], axis=-1)]


def _gate(gate: Gate) -> Instruction:
    return Instruction(gate.name, gate.qubits, gate.theta if gate.x is None else gate.x, gate.x is not None)


def _after(numbered: Sequence[tuple[int, Channel]], qubits: Sequence[int]) -> list[Instruction]:
    """Returns the instructions of channels in order: two-qubit channels act on both qubits, others on each."""
    found = []
    for number, channel in numbered:
        groups = [tuple(qubits)] if channel.qubits > 1 else [(qubit,) for qubit in qubits]
        found += [Instruction(number, group, scales=channel.kind == "pauli") for group in groups]
    return found
