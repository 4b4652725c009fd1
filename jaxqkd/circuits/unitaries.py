"""Unitary matrices as products: of gates on one qubit, and of rotations that other qubits select.

References:
    Shende, Bullock, Markov, Synthesis of quantum-logic circuits, IEEE TCAD 25, 1000 (2006).
"""

from typing import NamedTuple

import numpy as np

from jaxqkd.circuits.gates import Gate, unitary


class OneQubit(NamedTuple):
    """A unitary matrix [2, 2] on a qubit."""

    qubit: int
    matrix: np.ndarray


class Multiplexed(NamedTuple):
    """A rotation of a qubit, "ry" or "rz", by one of the angles [2^k] that k other qubits select."""

    name: str
    qubit: int
    selectors: tuple[int, ...]
    angles: np.ndarray


def decomposed(matrix: np.ndarray, qubits: tuple[int, ...]) -> list[OneQubit | Multiplexed]:
    """Returns what a unitary matrix [2^k, 2^k] on k qubits is a product of, exactly, in the order of time.

    The cosine-sine decomposition, and the diagonalization of its blocks, leave matrices on one qubit less.
    """
    if len(qubits) == 1:
        return [OneQubit(qubits[0], matrix)]
    from scipy.linalg import cossin

    half = len(matrix) // 2
    (left, left_one), angles, (right, right_one) = cossin(matrix, p=half, q=half, separate=True)
    turn = Multiplexed("ry", qubits[0], qubits[1:], 2 * angles)
    return [*_selected(right, right_one, qubits), turn, *_selected(left, left_one, qubits)]


def euler(matrix: np.ndarray) -> tuple[float, float, float]:
    """Returns the angles of RZ, RY, RZ, in the order of time, whose product is a matrix [2, 2] up to a phase."""
    ((first, second), (third, fourth)) = np.angle(matrix * np.array([[1, -1], [1, 1]]))
    cos, sin = abs(matrix[0, 0]), abs(matrix[1, 0])
    before = second - first  # whatever it is where one of the two is 0
    after = fourth - first - before if cos >= sin else third - first
    return float(before), float(2 * np.arctan2(sin, cos)), float(after)


def factors(matrix: np.ndarray, qubits: tuple[int, ...]) -> list[Gate]:
    """Returns gates whose product is a unitary matrix exactly: diagonal ones, RY, and selected RY.

    A matrix that only permutes basis states and turns their phases is one diagonal and one permutation.
    """
    source = np.argmax(abs(matrix), axis=1)
    permuted = np.eye(len(matrix))[source]
    entries = matrix[np.arange(len(matrix)), source]
    if np.allclose(permuted * entries[:, None], matrix, rtol=0, atol=1e-12):
        return [unitary(permuted, qubits), unitary(np.diag(entries), qubits)]
    return [gate for part in decomposed(matrix, qubits) for gate in _gates(part)]


def _gates(part: OneQubit | Multiplexed) -> list[Gate]:
    if isinstance(part, Multiplexed):
        return [unitary(_selection(part), (part.qubit, *part.selectors))]
    before, turn, after = euler(part.matrix)
    phases = np.array([[np.exp(-0.5j * angle), np.exp(0.5j * angle)] for angle in (before, after)])
    cos, sin = np.cos(turn / 2), np.sin(turn / 2)
    product = phases[1][:, None] * np.array([[cos, -sin], [sin, cos]]) * phases[0]
    place = np.unravel_index(np.argmax(abs(product)), (2, 2))
    phase = part.matrix[place] / product[place]
    first, last = (
        unitary(np.diag(values), (part.qubit,)) for values in (phases[0], phases[1] * phase / abs(phase))
    )
    return [first, Gate("ry", (part.qubit,), offset=turn), last]


def _selection(part: Multiplexed) -> np.ndarray:
    """Returns the matrix of a selected rotation, the rotated qubit first."""
    cos, sin = np.cos(part.angles / 2), np.sin(part.angles / 2)
    if part.name == "rz":
        return np.diag([*(cos - 1j * sin), *(cos + 1j * sin)])
    return np.block([[np.diag(cos), -np.diag(sin)], [np.diag(sin), np.diag(cos)]])


def _selected(zero: np.ndarray, one: np.ndarray, qubits: tuple[int, ...]) -> list[OneQubit | Multiplexed]:
    """Returns the parts of a block matrix, of `zero` where the first qubit is 0, and of `one` where it is 1."""
    from scipy.linalg import schur

    triangle, vectors = schur(zero @ one.conj().T, output="complex")
    halves = np.angle(np.diag(triangle)) / 2
    rest = np.exp(1j * halves)[:, None] * vectors.conj().T @ one
    turn = Multiplexed("rz", qubits[0], qubits[1:], -2 * halves)
    return [*decomposed(rest, qubits[1:]), turn, *decomposed(vectors, qubits[1:])]
