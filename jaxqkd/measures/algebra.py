"""The Lie algebra that a circuit's rotations generate, on the host in double precision."""

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import GATES, Circuit
from jaxqkd.circuits.gates import spec_of

LARGEST = 5
"""Qubits at most: the algebra of six may have 4,095 elements of 64 x 64 numbers."""

TOLERANCE = 1e-8
"""Distance from a space, of a matrix of norm 1, below which the space is held to contain it."""


def lie_algebra_dimension(circuit: Circuit) -> int:
    """Returns the dimension of the dynamical Lie algebra, at most 4^Q - 1, of any number of the circuit's layers.

    The algebra is the smallest space of matrices that has the generators of the trained rotations and all
    commutators. A generator is conjugated by the fixed gates before it, and the space is closed under those of a
    whole layer. Rotations that share an angle count as the sum of their generators, exact where these commute.

    Args:
        circuit: The circuit, of at most 5 qubits. No feature may drive a gate of its layers.

    References:
        Larocca et al., Diagnosing barren plateaus with tools from quantum optimal control, Quantum 6, 824 (2022).

    Example:
        >>> from jaxqkd.circuits import universal
        >>> lie_algebra_dimension(universal(qubits=2, layers=1))
        15
    """
    fits = circuit.qubits <= LARGEST
    checks.require(fits, "circuit", f"have at most {LARGEST} qubits", f"one of {circuit.qubits}")
    driven = [gate for gate in circuit.gates if gate.x is not None]
    checks.require(not driven, "circuit", "have layers that no feature drives", driven, "Leave these gates out.")
    generators, layer = _generators(circuit)
    return _closed(generators, layer)


def _generators(circuit: Circuit) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns the generators [2^Q, 2^Q] of the angles as they act on the start of a layer, and its fixed gates."""
    before = np.eye(2**circuit.qubits, dtype=complex)
    shared: dict[int, np.ndarray] = {}
    for gate in circuit.gates:
        fixed = spec_of(gate._replace(theta=None, factor=1.0)).terms[0]  # a trained rotation at its offset
        if gate.theta is not None:
            generator = GATES[gate.name].generator
            assert generator is not None
            own = gate.factor * _embedded(generator, gate.qubits, circuit.qubits)
            shared[gate.theta] = shared.get(gate.theta, 0) + before.conj().T @ own @ before
        before = _embedded(fixed, gate.qubits, circuit.qubits) @ before
    return list(shared.values()), before


def _closed(generators: list[np.ndarray], layer: np.ndarray) -> int:
    """Returns the dimension of the space of the generators, closed under their commutators and the layer."""
    size = len(layer)
    space = np.zeros((0, 2 * size**2))
    traceless = [matrix - np.trace(matrix) / size * np.eye(size) for matrix in generators]
    space = _extended(space, traceless)
    done = 0
    while done < len(space) < size**2 - 1:
        element = space[done].view(complex).reshape(size, size)
        commutators = [1j * (element @ matrix - matrix @ element) for matrix in traceless]
        space = _extended(space, [*commutators, layer.conj().T @ element @ layer])
        done += 1
    return len(space)


def _extended(space: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
    """Returns an orthonormal basis [n, 2 N^2] of a space and matrices [N, N], Hermitian ones as real vectors."""
    for matrix in matrices:
        vector = np.ascontiguousarray(matrix).ravel().view(float)
        norm = np.linalg.norm(vector)
        if norm < TOLERANCE:
            continue
        vector = vector / norm
        for _ in range(2):
            vector = vector - (space @ vector) @ space
        if np.linalg.norm(vector) > TOLERANCE:
            space = np.vstack([space, vector / np.linalg.norm(vector)])
    return space


def _embedded(matrix: np.ndarray, places: tuple[int, ...], qubits: int) -> np.ndarray:
    """Returns the matrix [2^Q, 2^Q] of one [2^k, 2^k] on k qubits at places."""
    rest = [qubit for qubit in range(qubits) if qubit not in places]
    wide = np.kron(matrix, np.eye(2 ** len(rest))).reshape([2] * (2 * qubits))
    order = np.argsort([*places, *rest])
    return wide.transpose([*order, *(order + qubits)]).reshape(2**qubits, 2**qubits)
