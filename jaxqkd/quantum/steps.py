"""The steps of a layer: its gates sorted, on the host, into the few kinds of product that are fast.

One-qubit gates become blocks of neighbouring qubits; entanglers that permute the basis become one gather;
diagonal gates become one vector of phases; what is left stands alone. The order of the gates is kept.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd.quantum.circuits import Gate

BLOCK_QUBITS = 3
PERMUTATIONS = {"cnot": (0, 1, 3, 2), "swap": (0, 2, 1, 3), "toffoli": (0, 1, 2, 3, 4, 5, 7, 6)}
"""Where each basis state of a gate's qubits comes from."""
EIGENVALUES = {"rzz": (0.5, -0.5, -0.5, 0.5), "crz": (0.0, 0.0, 0.5, -0.5), "cz": (0.0, 0.0, 0.0, np.pi)}
"""Diagonals g of the generators of diagonal gates exp(-i angle g); that of cz, without an angle, is exp(-i g)."""


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
    """One-qubit gates, applied as one matrix a window of at most `BLOCK_QUBITS` neighbouring qubits."""

    windows: tuple[tuple[int, ...], ...]
    patterns: tuple[Pattern, ...]
    is_driven: bool


class Permutation(NamedTuple):
    """A gather of the basis: new amplitude i is old amplitude source[i]."""

    source: np.ndarray
    is_driven: bool = False


class Phase(NamedTuple):
    """A diagonal exp(-i (angles . generators + fixed)), with generators [rotations, 2^Q] and fixed [2^Q]."""

    angles: np.ndarray
    generators: np.ndarray
    fixed: np.ndarray
    is_driven: bool


class Dense(NamedTuple):
    """One gate of several qubits that is neither a permutation nor diagonal."""

    name: str
    qubits: tuple[int, ...]
    angles: np.ndarray
    is_driven: bool


Step = Local | Permutation | Phase | Dense


@functools.cache
def steps(gates: tuple[Gate, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the gates, in order, on that many qubits.

    A step is driven where its angles are features; else they are trained angles of the layer.
    """
    found: list[Step] = []
    for (kind, is_driven), stretch in itertools.groupby(gates, key=_kind):
        run = list(stretch)
        if kind == "local":
            found.append(Local(_windows(run), _patterns(run), is_driven))
        elif kind == "permutation":
            found.append(Permutation(_sources(run, qubits)))
        elif kind == "phase":
            found.append(_phase(run, qubits, is_driven))
        else:
            found.extend(Dense(gate.name, gate.qubits, _angles([gate]), is_driven) for gate in run)
    return tuple(found)


def signs(qubits: int) -> np.ndarray:
    """Returns the eigenvalues [2^Q, Q] of Z of each qubit."""
    return 1 - 2 * _bits(qubits)


def _kind(gate: Gate) -> tuple[str, bool]:
    kind = "local" if len(gate.qubits) == 1 else "dense"
    kinds = dict.fromkeys(PERMUTATIONS, "permutation") | dict.fromkeys(EIGENVALUES, "phase")
    return kinds.get(gate.name, kind), gate.x is not None


def _windows(gates: Sequence[Gate]) -> tuple[tuple[int, ...], ...]:
    """Returns runs of neighbouring qubits that cover those with a gate."""
    touched = sorted({gate.qubits[0] for gate in gates})
    found = []
    while touched:
        window = range(touched[0], min(touched[0] + BLOCK_QUBITS, touched[-1] + 1))
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
    diagonals = [np.asarray(EIGENVALUES[gate.name])[_local_index(gate, qubits)] for gate in gates]
    turns = [gate.theta is not None or gate.x is not None for gate in gates]
    generators = [diagonal for diagonal, turn in zip(diagonals, turns, strict=True) if turn]
    fixed = [diagonal for diagonal, turn in zip(diagonals, turns, strict=True) if not turn]
    size = 2**qubits
    return Phase(
        _angles(gates), np.reshape(generators, (-1, size)), np.sum(fixed, axis=0) * np.ones(size), is_driven
    )


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
