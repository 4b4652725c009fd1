"""Instructions: the gates of a circuit and the channels of its noise, in the order in which they act."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd.circuits import Circuit, Gate, GateSpec
from jaxqkd.circuits.angles import check_plain
from jaxqkd.circuits.gates import called
from jaxqkd.quantum.noise import channels
from jaxqkd.quantum.noise.channels import Channel
from jaxqkd.quantum.noise.model import Idle, NoiseModel, place_of, places

Numbered = Sequence[tuple[int, Channel]]
"""Channels that act one after the other, with their numbers."""


class Instruction(NamedTuple):
    """One gate or channel.

    Attributes:
        name: The gate's name, its `GateSpec` where its angle is fixed or its matrix its own, or the number of the
            channel.
        qubits: The qubits that it acts on.
        angle: Index of a rotation's angle, else None.
        is_driven: Whether that angle is a feature.
        scales: Whether it is a channel that only scales Pauli strings.
        row: Where the channel stands along the leading axis of its values, or None for its qubit's place.
    """

    name: str | GateSpec | int
    qubits: tuple[int, ...]
    angle: int | None = None
    is_driven: bool = False
    scales: bool = False
    row: int | None = None


class Schedule(NamedTuple):
    """Instructions before the first layer, of each layer, and after the last one, and the channels in them.

    Attributes:
        prefix: Instructions before the first layer.
        layer: Instructions of a layer.
        final: Instructions after the last layer.
        channels: The channels, by number; a leading axis of their values holds one value a qubit, or a `row`.
        mid_circuit: Whether a qubit is measured after a layer [L, Q], which is the channel `len(channels)`; may be
            replaced by a traced array, of which the qubits that are measured in some layer count.
    """

    prefix: tuple[Instruction, ...]
    layer: tuple[Instruction, ...]
    final: tuple[Instruction, ...]
    channels: tuple[Channel, ...]
    mid_circuit: np.ndarray | jax.Array


def row_of(instruction: Instruction) -> int | None:
    """Returns where a channel stands along the leading axis of its entry of `transfer_table`, None without one."""
    if instruction.row is not None:
        return instruction.row
    return instruction.qubits[0] if len(instruction.qubits) == 1 else None


def schedule(circuit: Circuit, noise: NoiseModel, measured: Sequence[int]) -> Schedule:
    """Returns the instructions of the circuit under the noise, up to the readout of the measured qubits.

    Its angles have to be plain, as `jaxqkd.circuits.resolved` returns them.
    """
    check_plain((*circuit.prefix, *circuit.gates))
    every: list[Channel] = []
    numbered: dict[str, Numbered] = {}
    for place, channels_there in places(noise).items():
        numbered[place] = [(len(every) + number, channel) for number, channel in enumerate(channels_there)]
        every += channels_there
    waits = [(len(every) + number, idle) for number, idle in enumerate(noise.idle)]
    every += [idle.channel for idle in noise.idle]
    mid_circuit = np.zeros((circuit.layers, circuit.qubits), bool)
    for layer, qubits in enumerate(noise.mid_circuit):
        mid_circuit[layer, list(qubits)] = True
    dephased = np.flatnonzero(mid_circuit.any(axis=0)).tolist()
    ends = [
        *_after(numbered["layers"], range(circuit.qubits) if noise.layer_qubits is None else noise.layer_qubits),
        *(Instruction(len(every), (qubit,), scales=True) for qubit in dephased),
    ]

    def noisy(part: str, gates: Sequence[Gate]) -> Iterator[Instruction]:
        for place, gate in enumerate(gates):
            yield from _waiting(waits, part, place)
            yield _performed(gate)
            yield from _after(numbered[place_of(noise, gate)], gate.qubits)
        yield from _waiting(waits, part, len(gates))

    return Schedule(
        prefix=tuple(noisy("prefix", circuit.prefix)),
        layer=(*noisy("layer", circuit.gates), *ends),
        final=tuple(_after(numbered["readout"], measured)),
        channels=tuple(every),
        mid_circuit=mid_circuit,
    )


def transfer_table(instructions: Schedule) -> list[jax.Array]:
    """Returns the channels of a schedule in the Pauli basis: [L, Q, ...] on one qubit, [L, ...] on two.

    A channel whose instructions have a `row` is [L, rows, ...].
    """
    layers, qubits = instructions.mid_circuit.shape
    entries = []
    for channel in instructions.channels:
        entry = channels.transfer(channel)
        if channel.qubits == 1 and not channel.leading:
            entry = jnp.broadcast_to(entry, (qubits, *entry.shape))
        entries.append(jnp.broadcast_to(entry, (layers, *entry.shape)))
    coherent = jnp.asarray(~instructions.mid_circuit, float)
    one = jnp.ones_like(coherent)
    return [*entries, jnp.stack([one, coherent, coherent, one], axis=-1)]


def _performed(gate: Gate) -> Instruction:
    angle = gate.theta if gate.x is None else gate.x
    assert not isinstance(angle, tuple)
    return Instruction(called(gate), gate.qubits, angle, gate.x is not None)


def _after(channels: Numbered, qubits: Sequence[int]) -> list[Instruction]:
    """Returns the instructions of channels in order: two-qubit channels act on both qubits, others on each."""
    instructions = []
    for number, channel in channels:
        groups = [tuple(qubits)] if channel.qubits > 1 else [(qubit,) for qubit in qubits]
        for group in groups:
            row = channel.pairs.index(group) if channel.pairs else None
            instructions.append(Instruction(number, group, scales=channel.kind == "pauli", row=row))
    return instructions


def _waiting(waits: Sequence[tuple[int, Idle]], part: str, before: int) -> Iterator[Instruction]:
    """Yields the channels on qubits that wait before a gate."""
    for number, idle in waits:
        for row, place in enumerate(idle.places):
            if place[:2] == (part, before):
                yield Instruction(number, place[2:], scales=idle.channel.kind == "pauli", row=row)
