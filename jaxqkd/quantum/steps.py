"""The steps of a layer: its gates sorted, on the host, into the few kinds of product that are fast.

Neighbouring one-qubit gates become blocks, whose small matrices tensorcircuit contracts; entanglers that permute
the basis become one gather; diagonal gates become one vector of phases. The order of the gates is kept.
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
EIGENVALUES = {"rzz": (0.5, -0.5, -0.5, 0.5), "crz": (0.0, 0.0, 0.5, -0.5), "cz": (0.0, 0.0, 0.0, 1.0)}
"""Diagonals g of the generators of diagonal gates exp(-i angle g); cz is the one with angle pi."""


class Block(NamedTuple):
    """Gates on at most `BLOCK_QUBITS` neighbouring qubits, or one dense gate on any: a small matrix."""

    qubits: tuple[int, ...]
    gates: tuple[Gate, ...]
    is_driven: bool


class Permutation(NamedTuple):
    """A gather of the basis: new amplitude i is old amplitude source[i]."""

    source: np.ndarray
    is_driven: bool = False


class Phase(NamedTuple):
    """A diagonal exp(-i sum_k angle_k generators[k]), with generators [gates, 2^Q]."""

    gates: tuple[Gate, ...]
    generators: np.ndarray
    is_driven: bool


Step = Block | Permutation | Phase


@functools.cache
def steps(gates: tuple[Gate, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the gates, in order, on that many qubits."""
    found: list[Step] = []
    for (kind, is_driven), stretch in itertools.groupby(gates, key=_kind):
        run = tuple(stretch)
        if kind == "permutation":
            found.append(Permutation(_sources(run, qubits)))
        elif kind == "phase":
            generators = np.stack([_spread(EIGENVALUES[gate.name], gate, qubits) for gate in run])
            found.append(Phase(run, generators, is_driven))
        elif kind == "local":
            found.extend(_blocks(run, is_driven))
        else:
            found.extend(Block(gate.qubits, (gate,), is_driven) for gate in run)
    return tuple(found)


def _kind(gate: Gate) -> tuple[str, bool]:
    kinds = {1: "local"} | dict.fromkeys((2, 3), "dense")
    named = dict.fromkeys(PERMUTATIONS, "permutation") | dict.fromkeys(EIGENVALUES, "phase")
    return named.get(gate.name, kinds[len(gate.qubits)]), gate.x is not None


def _blocks(gates: Sequence[Gate], is_driven: bool) -> list[Block]:
    """Returns blocks of neighbouring qubits, each from the first qubit with a gate that is in no block yet."""
    touched = sorted({gate.qubits[0] for gate in gates})
    found: list[Block] = []
    while touched:
        window = range(touched[0], min(touched[0] + BLOCK_QUBITS, touched[-1] + 1))
        inside = tuple(gate for gate in gates if gate.qubits[0] in window)
        found.append(Block(tuple(window), inside, is_driven))
        touched = [qubit for qubit in touched if qubit not in window]
    return found


def signs(qubits: int) -> np.ndarray:
    """Returns the eigenvalues [2^Q, Q] of Z of each qubit."""
    return 1 - 2 * _bits(qubits)


def _bits(qubits: int) -> np.ndarray:
    """Returns the bits [2^Q, Q] of the basis states; qubit 0 is the most significant."""
    return (np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1]) & 1


def _local_index(gate: Gate, qubits: int) -> np.ndarray:
    """Returns, for each basis state [2^Q], the index of its bits at the gate's qubits."""
    weights = 2 ** np.arange(len(gate.qubits))[::-1]
    return _bits(qubits)[:, list(gate.qubits)] @ weights


def _spread(values: Sequence[float], gate: Gate, qubits: int) -> np.ndarray:
    """Returns values, one a basis state of the gate's qubits, as a vector [2^Q]."""
    return np.asarray(values)[_local_index(gate, qubits)]


def _sources(gates: Sequence[Gate], qubits: int) -> np.ndarray:
    """Returns, for each new basis state [2^Q], the basis state that its amplitude comes from."""
    source = np.arange(2**qubits)
    for gate in gates:
        places = qubits - 1 - np.asarray(gate.qubits)
        change = _spread(PERMUTATIONS[gate.name], gate, qubits) ^ _local_index(gate, qubits)
        flips = (change[:, None] >> np.arange(len(places))[::-1]) & 1
        source = source[np.arange(2**qubits) ^ (flips << places).sum(axis=1)]
    return source
