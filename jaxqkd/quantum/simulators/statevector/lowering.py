"""Lowering: the gates of a layer, on the host, as few steps of the three kinds of product that are fast.

Real one-qubit gates become blocks of neighboring qubits, gates that permute the basis become one gather, and
diagonal gates become one vector of phases. Other gates are written in these where that is possible.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import Gate, GateSpec
from jaxqkd.circuits.angles import check_plain
from jaxqkd.circuits.gates import called, spec_of
from jaxqkd.quantum.simulators.statevector.primitives import Primitive, primitives

BLOCK_QUBITS = 4


class Pattern(NamedTuple):
    """Qubits that have the same sequence of one-qubit gates.

    Attributes:
        names: The gates' names, in order, or their `GateSpec`s where angles are fixed or matrices their own.
        qubits: The n qubits.
        angles: Indices [n, rotations] of the rotations' angles among the layer's.
    """

    names: tuple[str | GateSpec, ...]
    qubits: tuple[int, ...]
    angles: np.ndarray


class Local(NamedTuple):
    """Real one-qubit gates, applied as one matrix a window of at most `BLOCK_QUBITS` neighboring qubits."""

    windows: tuple[tuple[int, ...], ...]
    patterns: tuple[Pattern, ...]


class Permutation(NamedTuple):
    """A gather of the amplitudes: new amplitude i is old amplitude source[i]."""

    source: np.ndarray


class Phase(NamedTuple):
    """A diagonal exp(-i generators . angles) * fixed, with generators [2^Q, rotations] and fixed [2^Q]."""

    angles: np.ndarray
    generators: np.ndarray
    fixed: np.ndarray
    is_driven: bool


Step = Local | Permutation | Phase


@functools.cache
def steps(gates: tuple[Gate, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the gates, in order, on that many qubits.

    A step is driven where its angles are features; else they are trained angles of the layer.

    Raises:
        ValueError: On a gate without a lowering.
    """
    check_plain(gates)
    lacking = sorted({gate.name for gate in gates if not has_lowering(gate)})
    cure = "Use jaxqkd.simulators.exact(), which leaves such circuits to TensorCircuit."
    checks.require(not lacking, "circuit", "have fused kernels for all of its gates", f"one with {lacking}", cure)
    lowered: list[Step] = []
    for (kind, is_driven), parts in _stretches(part for gate in gates for part in primitives(gate)):
        if kind == "local":
            lowered.append(Local(_windows(parts), _patterns(parts)))
        elif kind == "phase":
            lowered.append(_phase(parts, qubits, is_driven))
        else:
            lowered[-1:] = _gathered(lowered[-1:], _sources(parts, qubits))
    return tuple(lowered)


def has_lowering(gate: Gate) -> bool:
    """Returns whether the gate can be written in the three kinds of product; others are left to TensorCircuit."""
    return bool(primitives(gate))


def signs(qubits: int) -> np.ndarray:
    """Returns the eigenvalues [2^Q, Q] of Z of each qubit."""
    return 1 - 2 * _bits(qubits)


def _gathered(last: Sequence[Step], source: np.ndarray) -> list[Step]:
    """Returns a gather after the last step; a phase moves behind it, where it can merge with the next."""
    if last and isinstance(last[0], Phase):
        phase = last[0]
        moved = phase._replace(generators=phase.generators[source], fixed=phase.fixed[source])
        return [Permutation(source), moved]
    return [*last, Permutation(source)]


def _stretches(parts: Iterable[Primitive]) -> list[tuple[tuple[str, bool], list[Primitive]]]:
    """Returns the parts in stretches of one kind, driven or not.

    A part joins the earliest such stretch that it can reach by moving ahead of stretches on other qubits.
    """
    stretches: list[tuple[tuple[str, bool], list[Primitive]]] = []
    for part in parts:
        own_kind = part.kind, part.gate.x is not None
        home = None
        for kind, stretch in reversed(stretches):
            if kind == own_kind:
                home = stretch
            if any(set(part.gate.qubits) & set(other.gate.qubits) for other in stretch):
                break
        if home is None:
            home = []
            stretches.append((own_kind, home))
        home.append(part)
    return stretches


def _windows(parts: Sequence[Primitive]) -> tuple[tuple[int, ...], ...]:
    """Returns runs of neighboring qubits, about equally wide, that cover those with a gate."""
    touched = sorted({part.gate.qubits[0] for part in parts})
    width = math.ceil(len(touched) / math.ceil(len(touched) / BLOCK_QUBITS))
    windows = []
    while touched:
        window = range(touched[0], min(touched[0] + width, touched[-1] + 1))
        windows.append(tuple(window))
        touched = [qubit for qubit in touched if qubit not in window]
    return tuple(windows)


def _patterns(parts: Sequence[Primitive]) -> tuple[Pattern, ...]:
    alike: dict[tuple[str | GateSpec, ...], dict[int, np.ndarray]] = {}
    for qubit in sorted({part.gate.qubits[0] for part in parts}):
        gates = [part.gate for part in parts if part.gate.qubits[0] == qubit]
        alike.setdefault(tuple(map(called, gates)), {})[qubit] = _angles(gates)
    return tuple(Pattern(names, tuple(angles), np.stack([*angles.values()])) for names, angles in alike.items())


def _phase(parts: Sequence[Primitive], qubits: int, is_driven: bool) -> Phase:
    size = 2**qubits
    gates = [part.gate for part in parts]
    diagonals = [part.values[_local_index(part.gate, qubits)] for part in parts]
    turned = [d for d, gate in zip(diagonals, gates, strict=True) if spec_of(gate).is_rotation]
    fixed = [d for d, gate in zip(diagonals, gates, strict=True) if not spec_of(gate).is_rotation]
    generators = np.stack(turned, axis=1) if turned else np.zeros((size, 0))
    return Phase(_angles(gates), generators, math.prod(fixed, start=np.ones(size, complex)), is_driven)


def _angles(gates: Sequence[Gate]) -> np.ndarray:
    """Returns the indices of the rotations' angles among the gates: indices of theta, or of x."""
    indices = [gate.theta if gate.x is None else gate.x for gate in gates]
    # int32 (also in _sources): jax's traces in float64 remember int64 arrays, and break later ones in float32
    return np.asarray([index for index in indices if index is not None], np.int32)


def _bits(qubits: int) -> np.ndarray:
    """Returns the bits [2^Q, Q] of the basis states; qubit 0 is the most significant."""
    return (np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1]) & 1


def _local_index(gate: Gate, qubits: int) -> np.ndarray:
    """Returns, for each basis state [2^Q], the index of its bits at the gate's qubits."""
    return _bits(qubits)[:, list(gate.qubits)] @ 2 ** np.arange(len(gate.qubits))[::-1]


def _sources(parts: Sequence[Primitive], qubits: int) -> np.ndarray:
    """Returns, for each new basis state [2^Q], the basis state that its amplitude comes from."""
    source = np.arange(2**qubits)
    for gate, values in ((part.gate, part.values) for part in parts):
        here = _local_index(gate, qubits)
        flips = ((values[here] ^ here)[:, None] >> np.arange(len(gate.qubits))[::-1]) & 1
        places = qubits - 1 - np.asarray(gate.qubits)
        source = source[np.arange(2**qubits) ^ (flips << places).sum(axis=1)]
    return source.astype(np.int32)
