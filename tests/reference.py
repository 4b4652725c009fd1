"""An independent reference in NumPy and complex128, by Kronecker products; it shares no code with the package.

Qubit 0 is the most significant bit of a basis state's index.
"""

import functools
import itertools

import numpy as np

PAULIS = {
    "i": np.eye(2),
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1, -1]),
}
ZERO, ONE = np.diag([1, 0]), np.diag([0, 1])
FLIP = PAULIS["x"] - np.eye(2)
GATES = {
    **{name: PAULIS[name] for name in "xyz"},
    "h": (PAULIS["x"] + PAULIS["z"]) / np.sqrt(2),
    "s": np.diag([1, 1j]),
    "t": np.diag([1, np.exp(0.25j * np.pi)]),
    "cnot": np.eye(4) + np.kron(ONE, FLIP),
    "cz": np.diag([1, 1, 1, -1]),
    "swap": sum(np.kron(pauli, pauli) for pauli in PAULIS.values()) / 2,
    "toffoli": np.eye(8) + np.kron(np.kron(ONE, ONE), FLIP),
}


def kron(factors):
    return functools.reduce(np.kron, factors)


def matrix(name, angle=None):
    """The matrix of a gate on its own qubits; rotations turn by exp(-i angle G / 2)."""
    if angle is None:
        return GATES[name].astype(complex)
    if name[0] == "c":
        return np.kron(ZERO, np.eye(2)) + np.kron(ONE, matrix(name[1:], angle))
    string = kron(PAULIS[letter] for letter in name[1:])
    return np.cos(angle / 2) * np.eye(len(string)) - 1j * np.sin(angle / 2) * string


def embed(small, places, qubits):
    """The matrix on all qubits of one on the places: a sum of Kronecker products of |row bit><column bit|."""
    full = np.zeros((2**qubits, 2**qubits), complex)
    bits = list(itertools.product((0, 1), repeat=len(places)))
    for row, column in zip(*np.nonzero(small), strict=True):
        factors = [np.eye(2)] * qubits
        for place, left, right in zip(places, bits[row], bits[column], strict=True):
            factors[place] = np.outer(np.eye(2)[left], np.eye(2)[right])
        full += small[row, column] * kron(factors)
    return full


def unitary(circuit, theta, x=None):
    """The matrix of a circuit at angles theta [L, P] and one example's features x [D]."""
    angles = circuit.scale * np.asarray(theta, float)
    full = np.eye(2**circuit.qubits, dtype=complex)
    layers = [(circuit.prefix, None), *((circuit.gates, layer) for layer in angles)]
    for gates, layer in layers:
        for name, places, trained, feature in gates:
            angle = layer[trained] if trained is not None else None if feature is None else float(x[feature])
            full = embed(matrix(name, angle), places, circuit.qubits) @ full
    return full


def final_states(circuit, theta, states, x=None):
    """The states [B, 2^Q] after the circuit, for x [B, D] or None."""
    if x is None:
        return np.asarray(states) @ unitary(circuit, theta).T
    return np.stack([unitary(circuit, theta, row) @ state for row, state in zip(x, states, strict=True)])


def expectations(circuit, theta, states, kept, x=None):
    """<Z> of each kept qubit [B, kept]."""
    final = final_states(circuit, theta, states, x)
    readouts = [embed(PAULIS["z"], (qubit,), circuit.qubits) for qubit in kept]
    return np.stack([np.einsum("bi,ij,bj->b", final.conj(), z, final).real for z in readouts], axis=1)


def angle_state(angles, axis):
    """The product state of angle encoding; about z, qubits start in (|0> + |1>) / sqrt(2)."""
    start = np.array([1, 1]) / np.sqrt(2) if axis == "z" else np.array([1, 0])
    return kron(matrix(f"r{axis}", angle) @ start for angle in angles)
