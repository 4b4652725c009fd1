"""Noise: which channels act where in a circuit."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import GATES, Circuit, Gate
from jaxqkd.circuits.gates import UNITARY
from jaxqkd.quantum.noise.channels import Channel, check_confusion

Channels = Channel | Sequence[Channel]

_TRACED = ["one_qubit_gates", "two_qubit_gates", "layers", "readout", "confusion", "gates", "idle"]
_STATIC = ["layer_qubits", "mid_circuit"]


@functools.partial(jax.tree_util.register_dataclass, data_fields=["channel"], meta_fields=["places"])
@dataclass(frozen=True, eq=False)
class Idle:
    """Channels on qubits that wait while gates act on others.

    Attributes:
        channel: A channel on one qubit, whose leading axis holds one channel a place.
        places: Where each acts: "prefix" or "layer", the number of the gate there that it precedes (as many as
            there are gates for after the last one), and the qubit.
    """

    channel: Channel
    places: tuple[tuple[str, int, int], ...]


@functools.partial(jax.tree_util.register_dataclass, data_fields=_TRACED, meta_fields=_STATIC)
@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class NoiseModel:
    """Which channels act where; a pytree whose strengths may be traced, and so swept.

    Several channels in one place act in the order given. The gates of a circuit's prefix are noisy; encodings are
    not.

    Attributes:
        one_qubit_gates: Channels after every gate on one qubit.
        two_qubit_gates: Channels after every gate on two or more qubits; one-qubit channels act on each of them.
            `jaxqkd.quantum.noise.channels.per_pair` makes one that differs by pair.
        layers: Channels after every layer, on the qubits `layer_qubits`.
        readout: Channels on the measured qubits, just before they are read.
        confusion: Confusion matrix of the readout [2, 2], or one a qubit [Q, 2, 2]: row the true outcome, column
            the outcome that is read. See `jaxqkd.quantum.noise.channels.readout_error`.
        layer_qubits: The qubits that `layers` acts on, or None for all of them.
        mid_circuit: For each layer, the qubits that are measured after it with the outcome thrown away, so that
            they lose all coherences. Empty for no such measurement.
        gates: By the name of a gate, the channels after gates of that name, instead of those of `one_qubit_gates`
            or `two_qubit_gates`: `{"rz": ()}` frees RZ from noise.
        idle: Channels on qubits that wait; `jaxqkd.devices` makes them.
    """

    one_qubit_gates: Channels = ()
    two_qubit_gates: Channels = ()
    layers: Channels = ()
    readout: Channels = ()
    confusion: jax.Array | None = None
    layer_qubits: Sequence[int] | None = None
    mid_circuit: Sequence[Sequence[int]] = ()
    gates: Mapping[str, Channels] = field(default_factory=dict)
    idle: Sequence[Idle] = ()

    def __post_init__(self) -> None:
        if self.layer_qubits is not None:
            object.__setattr__(self, "layer_qubits", tuple(self.layer_qubits))  # hashable, as jit wants it
        object.__setattr__(self, "mid_circuit", tuple(map(tuple, self.mid_circuit)))


def listed(channels: Channels) -> list[Channel]:
    """Returns the channels of one place as a list."""
    return jax.tree.leaves(channels, is_leaf=lambda leaf: isinstance(leaf, Channel))


def places(noise: NoiseModel) -> dict[str, list[Channel]]:
    """Returns the lists of channels by where they act: an attribute of the noise, or a gate as "gates[name]"."""
    fixed = {name: listed(getattr(noise, name)) for name in _TRACED[:4]}
    return fixed | {f"gates[{name!r}]": listed(channels) for name, channels in noise.gates.items()}


def place_of(noise: NoiseModel, gate: Gate) -> str:
    """Returns which of the `places` holds the channels after a gate."""
    if gate.name in noise.gates:
        return f"gates[{gate.name!r}]"
    return "two_qubit_gates" if len(gate.qubits) > 1 else "one_qubit_gates"


def check(noise: NoiseModel, circuit: Circuit) -> None:
    """Refuses noise that does not fit the circuit: wrong channels, or qubits or layers that do not exist."""
    for name in noise.gates:
        checks.one_of("noise.gates", name, sorted([*GATES, UNITARY]))
    acting: dict[str, list[Gate]] = {}
    for gate in (*circuit.prefix, *circuit.gates):
        acting.setdefault(place_of(noise, gate), []).append(gate)
    for place, channels in places(noise).items():
        for channel in channels:
            _check_channel(place, channel, circuit, acting.get(place, []))
    _check_idle(noise.idle, circuit)
    _check_qubits("noise.layer_qubits", noise.layer_qubits or (), circuit)
    must = f"have one tuple of qubits for each of the {circuit.layers} layers"
    fits = len(noise.mid_circuit) in (0, circuit.layers)
    checks.require(
        fits, "noise.mid_circuit", must, noise.mid_circuit, "Write () for a layer without a measurement."
    )
    for qubits in noise.mid_circuit:
        _check_qubits("noise.mid_circuit", qubits, circuit)
    if noise.confusion is not None:
        check_confusion(noise.confusion, circuit.qubits)


def _check_channel(place: str, channel: Channel, circuit: Circuit, gates: Sequence[Gate]) -> None:
    """Refuses what is no channel, or has other qubits or strengths than the gates that it follows."""
    known = isinstance(channel, Channel)
    cure = "See jaxqkd.quantum.channels."
    checks.require(known, f"noise.{place}", "hold channels", f"a {type(channel).__name__}", cure)
    if channel.qubits > 1:
        must = "hold channels on one qubit only"
        single = [gate.name for gate in gates if len(gate.qubits) == 1]
        after_pairs = place == "two_qubit_gates" or (place.startswith("gates") and not single)
        checks.require(after_pairs, f"noise.{place}", must, f"one on {channel.qubits}")
        wide = [gate.name for gate in gates if len(gate.qubits) > channel.qubits]
        must = "hold channels on one qubit where gates are on three"
        checks.require(not wide, f"noise.{place}", must, f"one on {channel.qubits} for {wide}")
        lacking = sorted({gate.qubits for gate in gates} - set(channel.pairs)) if channel.pairs else []
        cure = "A pair is (control, target), so (0, 1) is not (1, 0)."
        must = "hold a channel for each pair that a gate acts on"
        checks.require(not lacking, f"noise.{place}", must, f"without {lacking}", cure)
    expected = (
        ((), (circuit.qubits,)) if channel.qubits == 1 else ((len(channel.pairs),) if channel.pairs else (),)
    )
    must = f"have strengths that are one number, or on one qubit [{circuit.qubits}] numbers"
    checks.require(channel.leading in expected, f"noise.{place}", must, f"of shape {channel.leading}")


def _check_idle(idle: Sequence[Idle], circuit: Circuit) -> None:
    ends = {"prefix": len(circuit.prefix), "layer": len(circuit.gates)}
    for waiting in idle:
        must = f"hold one channel on one qubit for each of {len(waiting.places)} places"
        good = waiting.channel.qubits == 1 and waiting.channel.leading == (len(waiting.places),)
        checks.require(good, "noise.idle", must, f"of shape {waiting.channel.leading}")
        for part, before, qubit in waiting.places:
            inside = part in ends and 0 <= before <= ends[part] and 0 <= qubit < circuit.qubits
            checks.require(inside, "noise.idle", "name places of the circuit", (part, before, qubit))


def _check_qubits(argument: str, qubits: Iterable[int], circuit: Circuit) -> None:
    named = list(qubits)
    inside = all(isinstance(qubit, int | np.integer) and 0 <= qubit < circuit.qubits for qubit in named)
    must = f"name distinct qubits out of 0 ... {circuit.qubits - 1}"
    checks.require(inside and len(set(named)) == len(named), argument, must, named)
