"""Acts: the gates of a circuit and the channels of its noise, in the order in which they happen."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.quantum import channels
from jaxqkd.quantum.channels import Channel
from jaxqkd.quantum.circuits import Circuit, Gate
from jaxqkd.quantum.noise import Noise, listed


class Act(NamedTuple):
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


class Program(NamedTuple):
    """Acts before the first layer, of each layer, and after the last one, and the channels they number.

    Attributes:
        prefix: Acts before the first layer.
        layer: Acts of a layer.
        final: Acts after the last layer.
        channels: The channels; a leading axis of length Q of their values holds each qubit's own.
        measured: Where a qubit is measured after a layer [L, Q]; as a channel its number is `len(channels)`.
    """

    prefix: tuple[Act, ...]
    layer: tuple[Act, ...]
    final: tuple[Act, ...]
    channels: tuple[Channel, ...]
    measured: np.ndarray


def program(circuit: Circuit, noise: Noise, kept: Sequence[int]) -> Program:
    """Returns what happens to a state in the circuit under the noise until the kept qubits are read."""
    places = [listed(at) for at in (noise.one_qubit_gates, noise.two_qubit_gates, noise.layers, noise.readout)]
    numbered = list(enumerate(channel for place in places for channel in place))
    one, two, layers, readout = (
        numbered[start : start + len(place)]
        for start, place in zip(np.cumsum([0, *map(len, places)]), places, strict=False)
    )

    def noisy(gates: Sequence[Gate]) -> list[Act]:
        after = ((gate, two if len(gate.qubits) > 1 else one) for gate in gates)
        return [act for gate, own in after for act in (_gate(gate), *_after(own, gate.qubits))]

    measured = np.zeros((circuit.layers, circuit.qubits), bool)
    for place, qubits in enumerate(noise.measured):
        measured[place, list(qubits)] = True
    where = range(circuit.qubits) if noise.layer_qubits is None else noise.layer_qubits
    ends = [Act(len(numbered), (int(qubit),), scales=True) for qubit in np.flatnonzero(measured.any(axis=0))]
    layer = (*noisy(circuit.gates), *_after(layers, where), *ends)
    found = tuple(channel for _, channel in numbered)
    return Program(tuple(noisy(circuit.prefix)), layer, tuple(_after(readout, kept)), found, measured)


def table(found: Program) -> list[jax.Array]:
    """Returns the channels of a program in the Pauli basis, [L, Q, ...] on one qubit and [L, ...] on two."""
    layers, qubits = found.measured.shape
    entries = []
    for channel in found.channels:
        entry = channels.transfer(channel)
        if channel.qubits == 1 and channel.values.ndim == 1:
            entry = jnp.broadcast_to(entry, (qubits, *entry.shape))
        entries.append(jnp.broadcast_to(entry, (layers, *entry.shape)))
    coherent = jnp.asarray(~found.measured, float)
    one = jnp.ones_like(coherent)
    return [*entries, jnp.stack([one, coherent, coherent, one], axis=-1)]


def _gate(gate: Gate) -> Act:
    return Act(gate.name, gate.qubits, gate.theta if gate.x is None else gate.x, gate.x is not None)


def _after(numbered: Sequence[tuple[int, Channel]], qubits: Sequence[int]) -> list[Act]:
    """Returns the acts of channels, in order; one on two qubits takes both, one on one qubit each of them."""
    found = []
    for number, channel in numbered:
        groups = [tuple(qubits)] if channel.qubits > 1 else [(qubit,) for qubit in qubits]
        found += [Act(number, group, scales=channel.kind == "pauli") for group in groups]
    return found
