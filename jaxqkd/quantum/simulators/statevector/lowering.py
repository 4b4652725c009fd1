"""The steps of a layer: its gates sorted, on the host, into the three kinds of product that are fast.

Real one-qubit gates become blocks of neighboring qubits, entanglers that permute the basis become one gather, and
diagonal gates become one vector of phases. Every other gate is written in these. Features turn phases only, so
that what depends on an example is never more than one number a basis state.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd.circuits import FIXED, ROTATIONS, Gate

BLOCK_QUBITS = 4
PERMUTATIONS = {"cnot": (0, 1, 3, 2), "swap": (0, 2, 1, 3), "toffoli": (0, 1, 2, 3, 4, 5, 7, 6)}
"""Where each basis state of a gate's qubits comes from."""
EIGENVALUES = {"rz": (0.5, -0.5), "rzz": (0.5, -0.5, -0.5, 0.5), "crz": (0.0, 0.0, 0.5, -0.5)}
"""Diagonals g of the generators of diagonal rotations exp(-i angle g)."""
DIAGONALS = {"z": (1, -1), "s": (1, 1j), "t": (1, np.exp(0.25j * np.pi)), "cz": (1, 1, 1, -1)}
"""Diagonals of fixed gates."""
EIGENBASES = {"x": (("2h",), ("h/2",)), "y": (("z", "s", "2h"), ("h/2", "s"))}
"""Gates before and after a turn about z that make it one about x or y: H Z H = X and S H Z H S^-1 = Y.

Here H comes as `contraction.SCALED` has it, without the rounding of 1 / sqrt(2), which would add up over layers.
"""


class Pattern(NamedTuple):
    """Qubits with the same sequence of one-qubit gates.

    Attributes:
        names: The gates' names, in order.
        qubits: The n qubits.
        angles: Where the rotations' angles [n, rotations] stand among the layer's.
    """

    names: tuple[str, ...]
    qubits: tuple[int, ...]
    angles: np.ndarray


class Local(NamedTuple):
    """Real one-qubit gates, applied as one matrix a window of at most `BLOCK_QUBITS` neighboring qubits."""

    windows: tuple[tuple[int, ...], ...]
    patterns: tuple[Pattern, ...]


class Permutation(NamedTuple):
    """A gather of the basis: new amplitude i is old amplitude source[i]."""

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
    """
    found: list[Step] = []
    for (kind, is_driven), stretch in _stretches(part for gate in gates for part in _parts(gate)):
        if kind == "local":
            found.append(Local(_windows(stretch), _patterns(stretch)))
        elif kind == "phase":
            found.append(_phase(stretch, qubits, is_driven))
        else:
            found[-1:] = _gathered(found[-1:], _sources(stretch, qubits))
    return tuple(found)


def signs(qubits: int) -> np.ndarray:
    """Returns the eigenvalues [2^Q, Q] of Z of each qubit."""
    return 1 - 2 * _bits(qubits)


def _parts(gate: Gate) -> list[Gate]:
    """Returns a gate as gates of the three kinds."""
    axis = gate.name[-1]
    if gate.name == "y":  # S X S^-1
        return [gate._replace(name=name) for name in ("z", "s", "x", "s")]
    if gate.name not in ROTATIONS or axis == "z" or (gate.name == "ry" and gate.x is None):
        return [gate]
    if gate.name == "rx" and gate.x is None:  # S^-1 RY S
        fixed = {name: Gate(name, gate.qubits) for name in "sz"}
        return [fixed["s"], gate._replace(name="ry"), fixed["z"], fixed["s"]]
    turned = gate.qubits[1:] if gate.name.startswith("c") else gate.qubits
    before, after = ([Gate(name, (qubit,)) for qubit in turned for name in names] for names in EIGENBASES[axis])
    return [*before, gate._replace(name=gate.name.replace(axis, "z")), *after]


def _gathered(last: Sequence[Step], source: np.ndarray) -> list[Step]:
    """Returns a gather after the last step; phases come after it, where they are one product with what follows."""
    if last and isinstance(last[0], Phase):
        phase = last[0]
        moved = phase._replace(generators=phase.generators[source], fixed=phase.fixed[source])
        return [Permutation(source), moved]
    return [*last, Permutation(source)]


def _stretches(gates: Iterable[Gate]) -> list[tuple[tuple[str, bool], list[Gate]]]:
    """Returns the gates in stretches of one kind; a gate moves ahead of stretches that leave its qubits alone."""
    found: list[tuple[tuple[str, bool], list[Gate]]] = []
    for gate in gates:
        home = None
        for kind, stretch in reversed(found):
            if kind == _kind(gate):
                home = stretch
            if any(set(gate.qubits) & set(other.qubits) for other in stretch):
                break
        if home is None:
            home = []
            found.append((_kind(gate), home))
        home.append(gate)
    return found


def _kind(gate: Gate) -> tuple[str, bool]:
    if gate.name in PERMUTATIONS:
        return "permutation", False
    is_phase = gate.name in EIGENVALUES or gate.name in DIAGONALS
    return "phase" if is_phase else "local", gate.x is not None


def _windows(gates: Sequence[Gate]) -> tuple[tuple[int, ...], ...]:
    """Returns runs of neighboring qubits, about equally wide, that cover those with a gate."""
    touched = sorted({gate.qubits[0] for gate in gates})
    width = math.ceil(len(touched) / math.ceil(len(touched) / BLOCK_QUBITS))
    found = []
    while touched:
        window = range(touched[0], min(touched[0] + width, touched[-1] + 1))
        found.append(tuple(window))
        touched = [qubit for qubit in touched if qubit not in window]
    return tuple(found)


def _patterns(gates: Sequence[Gate]) -> tuple[Pattern, ...]:
    alike: dict[tuple[str, ...], dict[int, np.ndarray]] = {}
    for qubit in sorted({gate.qubits[0] for gate in gates}):
        mine = [gate for gate in gates if gate.qubits[0] == qubit]
        alike.setdefault(tuple(gate.name for gate in mine), {})[qubit] = _angles(mine)
    return tuple(Pattern(names, tuple(found), np.stack([*found.values()])) for names, found in alike.items())


def _phase(gates: Sequence[Gate], qubits: int, is_driven: bool) -> Phase:
    size = 2**qubits
    diagonals = [np.asarray((EIGENVALUES | DIAGONALS)[gate.name])[_local_index(gate, qubits)] for gate in gates]
    turned = [d for d, gate in zip(diagonals, gates, strict=True) if gate.name in EIGENVALUES]
    fixed = [d for d, gate in zip(diagonals, gates, strict=True) if gate.name in DIAGONALS]
    generators = np.stack(turned, axis=1) if turned else np.zeros((size, 0))
    return Phase(_angles(gates), generators, math.prod(fixed, start=np.ones(size, complex)), is_driven)


def _angles(gates: Sequence[Gate]) -> np.ndarray:
    """Returns where the angles of the rotations among the gates stand: indices of theta, or of x."""
    indices = [gate.theta if gate.x is None else gate.x for gate in gates]
    # int32 (also in _sources): jax's traces in float64 remember int64 arrays, and break later ones in float32
    return np.asarray([index for index in indices if index is not None], np.int32)


def _bits(qubits: int) -> np.ndarray:
    """Returns the bits [2^Q, Q] of the basis states; qubit 0 is the most significant."""
    return (np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1]) & 1


def _local_index(gate: Gate, qubits: int) -> np.ndarray:
    """Returns, for each basis state [2^Q], the index of its bits at the gate's qubits."""
    return _bits(qubits)[:, list(gate.qubits)] @ 2 ** np.arange(len(gate.qubits))[::-1]


def _sources(gates: Sequence[Gate], qubits: int) -> np.ndarray:
    """Returns, for each new basis state [2^Q], the basis state that its amplitude comes from."""
    source = np.arange(2**qubits)
    for gate in gates:
        here = _local_index(gate, qubits)
        change = np.asarray(PERMUTATIONS[gate.name])[here] ^ here
        flips = (change[:, None] >> np.arange(len(gate.qubits))[::-1]) & 1
        places = qubits - 1 - np.asarray(gate.qubits)
        source = source[np.arange(2**qubits) ^ (flips << places).sum(axis=1)]
    return source.astype(np.int32)


def has_lowering(gate: Gate) -> bool:
    """Returns whether the gate can be written in the three kinds of product; others are left to TensorCircuit."""
    return gate.name in FIXED or gate.name in ROTATIONS
