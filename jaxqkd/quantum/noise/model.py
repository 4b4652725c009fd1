"""Noise: which channels act where in a circuit."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Circuit
from jaxqkd.quantum.noise.channels import Channel, check_confusion

Channels = Channel | Sequence[Channel]

_TRACED = ["one_qubit_gates", "two_qubit_gates", "layers", "readout", "confusion"]
_STATIC = ["layer_qubits", "mid_circuit"]


@functools.partial(jax.tree_util.register_dataclass, data_fields=_TRACED, meta_fields=_STATIC)
@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class NoiseModel:
    """Which channels act where; a pytree whose strengths may be traced, and so swept.

    Several channels in one place act in the order given. The gates of a circuit's prefix are noisy; encodings are
    not.

    Attributes:
        one_qubit_gates: Channels after every gate on one qubit.
        two_qubit_gates: Channels after every gate on two or more qubits; one-qubit channels act on each of them.
        layers: Channels after every layer, on the qubits `layer_qubits`.
        readout: Channels on the measured qubits, just before they are read.
        confusion: Confusion matrix of the readout [2, 2], or one a qubit [Q, 2, 2]: row the true outcome, column
            the outcome that is read. See `jaxqkd.quantum.noise.channels.readout_error`.
        layer_qubits: The qubits that `layers` acts on, or None for all of them.
        mid_circuit: For each layer, the qubits that are measured after it with the outcome thrown away, so that
            they lose all coherences. Empty for no such measurement.
    """

    one_qubit_gates: Channels = ()
    two_qubit_gates: Channels = ()
    layers: Channels = ()
    readout: Channels = ()
    confusion: jax.Array | None = None
    layer_qubits: Sequence[int] | None = None
    mid_circuit: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        if self.layer_qubits is not None:
            object.__setattr__(self, "layer_qubits", tuple(self.layer_qubits))  # hashable, as jit wants it
        object.__setattr__(self, "mid_circuit", tuple(map(tuple, self.mid_circuit)))


def listed(channels: Channels) -> list[Channel]:
    """Returns the channels of one place as a list."""
    return jax.tree.leaves(channels, is_leaf=lambda leaf: isinstance(leaf, Channel))


def check(noise: NoiseModel, circuit: Circuit) -> None:
    """Refuses noise that does not fit the circuit: wrong channels, or qubits or layers that do not exist."""
    for name in _TRACED[:4]:
        for channel in listed(getattr(noise, name)):
            _check_channel(name, channel, circuit)
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


def _check_channel(place: str, channel: Channel, circuit: Circuit) -> None:
    known = isinstance(channel, Channel)
    cure = "See jaxqkd.quantum.channels."
    checks.require(known, f"noise.{place}", "hold channels", f"a {type(channel).__name__}", cure)
    if channel.qubits > 1:
        must = "hold channels on one qubit only"
        checks.require(place == "two_qubit_gates", f"noise.{place}", must, f"one on {channel.qubits}")
        wide = [gate.name for gate in (*circuit.prefix, *circuit.gates) if len(gate.qubits) > channel.qubits]
        must = "hold channels on one qubit where gates are on three"
        checks.require(not wide, f"noise.{place}", must, f"one on {channel.qubits} for {wide}")
    shape = np.shape(channel.values)[:-1]
    expected = ((), (circuit.qubits,)) if channel.qubits == 1 else ((),)
    must = f"have strengths that are one number, or on one qubit [{circuit.qubits}] numbers"
    checks.require(shape in expected, f"noise.{place}", must, f"of shape {shape}")


def _check_qubits(argument: str, qubits: Iterable[int], circuit: Circuit) -> None:
    named = list(qubits)
    inside = all(isinstance(qubit, int | np.integer) and 0 <= qubit < circuit.qubits for qubit in named)
    must = f"name distinct qubits out of 0 ... {circuit.qubits - 1}"
    checks.require(inside and len(set(named)) == len(named), argument, must, named)
