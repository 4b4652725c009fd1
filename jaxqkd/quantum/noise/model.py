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
_STATIC = ["layer_qubits", "mid_circuit", "discarded"]


@functools.partial(jax.tree_util.register_dataclass, data_fields=_TRACED, meta_fields=_STATIC)
@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class NoiseModel:
    """Which channels act where; a pytree whose strengths may be traced, and swept.

    Several channels in one place act in the order given. Encodings are free of noise; the gates of a circuit's
    prefix are not.

    Attributes:
        one_qubit_gates: Channels after every gate on one qubit.
        two_qubit_gates: Channels after every gate on two or more qubits; those on one qubit act on each of them.
        layers: Channels after every layer, on the qubits `layer_qubits`.
        readout: Channels on the measured qubits, before these are read.
        confusion: Matrix [2, 2], or one a qubit [Q, 2, 2], of errors of the readout; row the true outcome, column
            the one that is read. See `jaxqkd.quantum.noise.channels.readout_error`.
        layer_qubits: The qubits of `layers`, all of them for None.
        mid_circuit: For each layer, the qubits that are measured after it, with the outcome thrown away: all their
            coherences are lost. Empty for no such measurement.
        discarded: For each layer, the qubits that are never used again after it. That changes no result; it is
            refused where a later layer acts on such a qubit, or it is measured.
    """

    one_qubit_gates: Channels = ()
    two_qubit_gates: Channels = ()
    layers: Channels = ()
    readout: Channels = ()
    confusion: jax.Array | None = None
    layer_qubits: Sequence[int] | None = None
    mid_circuit: Sequence[Sequence[int]] = ()
    discarded: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        if self.layer_qubits is not None:
            object.__setattr__(self, "layer_qubits", tuple(self.layer_qubits))  # hashable, as jit wants it
        for name in ("mid_circuit", "discarded"):
            object.__setattr__(self, name, tuple(tuple(qubits) for qubits in getattr(self, name)))


def listed(channels: Channels) -> list[Channel]:
    """Returns the channels of one place as a list."""
    return jax.tree.leaves(channels, is_leaf=lambda leaf: isinstance(leaf, Channel))


def check(noise: NoiseModel, circuit: Circuit, measured: Sequence[int]) -> None:
    """Refuses noise that does not fit the circuit: channels, qubits or layers that are not there."""
    for name in _TRACED[:4]:
        for channel in listed(getattr(noise, name)):
            _check_channel(name, channel, circuit)
    _check_qubits("noise.layer_qubits", noise.layer_qubits or (), circuit)
    for name in ("mid_circuit", "discarded"):
        _check_places(f"noise.{name}", getattr(noise, name), circuit)
    _check_discarded(noise.discarded, circuit, measured)
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
    own = np.shape(channel.values)[:-1]
    expected = ((), (circuit.qubits,)) if channel.qubits == 1 else ((),)
    must = f"have strengths that are one number, or on one qubit [{circuit.qubits}] numbers"
    checks.require(own in expected, f"noise.{place}", must, f"of shape {own}")


def _check_qubits(argument: str, qubits: Iterable[int], circuit: Circuit) -> None:
    found = list(qubits)
    inside = all(isinstance(qubit, int | np.integer) and 0 <= qubit < circuit.qubits for qubit in found)
    must = f"name distinct qubits out of 0 ... {circuit.qubits - 1}"
    checks.require(inside and len(set(found)) == len(found), argument, must, found)


def _check_places(argument: str, places: Sequence[Sequence[int]], circuit: Circuit) -> None:
    must = f"have one tuple of qubits for each of the {circuit.layers} layers"
    checks.require(len(places) in (0, circuit.layers), argument, must, places, "Write () for a layer without.")
    for qubits in places:
        _check_qubits(argument, qubits, circuit)


def _check_discarded(discarded: Sequence[Sequence[int]], circuit: Circuit, measured: Sequence[int]) -> None:
    used = {qubit for gate in circuit.gates for qubit in gate.qubits}
    for layer, qubits in enumerate(discarded):
        needed = set(qubits) & (used if layer < circuit.layers - 1 else set())
        cure = "Measure it instead, see `mid_circuit`."
        must = "name no qubit that a later layer acts on"
        checks.require(not needed, "noise.discarded", must, f"{sorted(needed)} after layer {layer}", cure)
        read = sorted(set(qubits) & set(measured))
        checks.require(
            not read, "noise.discarded", "name no qubit that is measured", f"{read} after layer {layer}"
        )
