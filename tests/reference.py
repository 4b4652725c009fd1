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
    "sdg": np.diag([1, -1j]),
    "t": np.diag([1, np.exp(0.25j * np.pi)]),
    "tdg": np.diag([1, np.exp(-0.25j * np.pi)]),
    "sx": (np.eye(2) + 1j * (np.eye(2) - PAULIS["x"]) + PAULIS["x"]) / 2,
    "sxdg": (np.eye(2) - 1j * (np.eye(2) - PAULIS["x"]) + PAULIS["x"]) / 2,
    "cnot": np.eye(4) + np.kron(ONE, FLIP),
    "cz": np.diag([1, 1, 1, -1]),
    "id": np.eye(2),
    "cy": np.kron(ZERO, np.eye(2)) + np.kron(ONE, PAULIS["y"]),
    "ch": np.kron(ZERO, np.eye(2)) + np.kron(ONE, (PAULIS["x"] + PAULIS["z"]) / np.sqrt(2)),
    "csx": np.kron(ZERO, np.eye(2)) + np.kron(ONE, (1 + 1j) / 2 * np.eye(2) + (1 - 1j) / 2 * PAULIS["x"]),
    "csxdg": np.kron(ZERO, np.eye(2)) + np.kron(ONE, (1 - 1j) / 2 * np.eye(2) + (1 + 1j) / 2 * PAULIS["x"]),
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "iswapdg": np.array([[1, 0, 0, 0], [0, 0, -1j, 0], [0, -1j, 0, 0], [0, 0, 0, 1]]),
    "ecr": (np.kron(PAULIS["x"], PAULIS["i"]) - np.kron(PAULIS["y"], PAULIS["x"])) / np.sqrt(2),
    "cswap": np.eye(8) + np.kron(ONE, sum(np.kron(pauli, pauli) for pauli in PAULIS.values()) / 2 - np.eye(4)),
    "swap": sum(np.kron(pauli, pauli) for pauli in PAULIS.values()) / 2,
    "toffoli": np.eye(8) + np.kron(np.kron(ONE, ONE), FLIP),
}
FIXED = {name: len(gate).bit_length() - 1 for name, gate in GATES.items()}
"""Gates without an angle, with the number of their qubits."""
ROTATIONS = {
    "rx": 1,
    "ry": 1,
    "rz": 1,
    "rxx": 2,
    "ryy": 2,
    "rzz": 2,
    "rzx": 2,
    "crx": 2,
    "cry": 2,
    "crz": 2,
    "p": 1,
    "cp": 2,
}
"""Gates with an angle, with the number of their qubits."""


def kron(factors):
    return functools.reduce(np.kron, factors)


def matrix(name, angle=None):
    """The matrix of a gate on its own qubits; rotations turn by exp(-i angle G / 2)."""
    if angle is None:
        return GATES[name].astype(complex)
    if name in ("p", "cp"):  # a phase of the last basis state, and a global one
        return np.diag([1] * (2 ** ROTATIONS[name] - 1) + [np.exp(1j * angle)]) * np.exp(-0.5j * angle)
    if name[0] == "c":
        return np.kron(ZERO, np.eye(2)) + np.kron(ONE, matrix(name[1:], angle))
    string = kron(PAULIS[letter] for letter in name[1:])
    return np.cos(angle / 2) * np.eye(len(string)) - 1j * np.sin(angle / 2) * string


def gate_matrix(gate, theta, x):
    """The matrix of a circuit's gate, for a layer's scaled angles theta [P] and features x [D]."""
    if gate.name == "unitary":
        return np.array(gate.matrix)
    if gate.name in GATES:
        return matrix(gate.name)
    if gate.theta is not None:
        return matrix(gate.name, gate.factor * theta[gate.theta] + gate.offset)
    if gate.x is None:
        return matrix(gate.name, gate.offset)
    return matrix(gate.name, gate.factor * np.prod(np.asarray(x, float)[np.ravel(gate.x)]) + gate.offset)


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
        for gate in gates:
            full = embed(gate_matrix(gate, layer, x), gate.qubits, circuit.qubits) @ full
    return full


def evolved(circuit, theta, state, x=None):
    """One state [2^Q] after the circuit, gate by gate; `unitary` times the state, for more qubits."""
    state = np.reshape(np.asarray(state, complex), (2,) * circuit.qubits)
    angles = circuit.scale * np.asarray(theta, float)
    for gates, layer in [(circuit.prefix, None), *((circuit.gates, layer) for layer in angles)]:
        for gate in gates:
            count = len(gate.qubits)
            small = gate_matrix(gate, layer, x).reshape((2,) * (2 * count))
            state = np.tensordot(small, state, (range(count, 2 * count), gate.qubits))
            state = np.moveaxis(state, range(count), gate.qubits)
    return state.ravel()


def distance(one, other):
    """The largest difference of two unitary matrices, or states, up to a global phase."""
    phase = np.vdot(one, other)
    return np.abs(one * phase / abs(phase) - other).max()


def reversed_qubits(matrix):
    """A matrix, or a state, of which the first qubit was the least significant bit of the index."""
    count = len(matrix).bit_length() - 1
    order = [int(f"{index:0{count}b}"[::-1], 2) for index in range(len(matrix))]
    return matrix[np.ix_(*[order] * matrix.ndim)]


def final_states(circuit, theta, states, x=None):
    """The states [B, 2^Q] after the circuit, for x [B, D] or None."""
    if x is None:
        return np.asarray(states) @ unitary(circuit, theta).T
    return np.stack([unitary(circuit, theta, row) @ state for row, state in zip(x, states, strict=True)])


def expectations(circuit, theta, states, measured, x=None):
    """<Z> of each measured qubit [B, measured]."""
    final = final_states(circuit, theta, states, x)
    readouts = [embed(PAULIS["z"], (qubit,), circuit.qubits) for qubit in measured]
    return np.stack([np.einsum("bi,ij,bj->b", final.conj(), z, final).real for z in readouts], axis=1)


def angle_state(angles, axis):
    """The product state of angle encoding; about z, qubits start in (|0> + |1>) / sqrt(2)."""
    start = np.array([1, 1]) / np.sqrt(2) if axis == "z" else np.array([1, 0])
    return kron(matrix(f"r{axis}", angle) @ start for angle in angles)


def pauli_channel(probabilities):
    """Kraus operators of a random Pauli string; strings as numbers of base 4 in the order i, x, y, z."""
    count = round(np.log(len(probabilities)) / np.log(4))
    strings = [kron(PAULIS[letter] for letter in letters) for letters in itertools.product("ixyz", repeat=count)]
    return [np.sqrt(p) * string for p, string in zip(probabilities, strings, strict=True)]


def depolarizing(p, count=1):
    """Kraus operators of rho -> (1 - p) rho + p I / 2^k: each Pauli string with probability p / 4^k."""
    size = 4**count
    return pauli_channel([1 - p * (size - 1) / size] + [p / size] * (size - 1))


def amplitude_damping(gamma):
    return [np.diag([1, np.sqrt(1 - gamma)]), np.sqrt(gamma) * np.array([[0, 1], [0, 0]])]


def phase_damping(gamma):
    return [np.diag([1, np.sqrt(1 - gamma)]), np.diag([0, np.sqrt(gamma)])]


def thermal_relaxation(t1, t2, time):
    """Amplitude damping, then the phase damping that brings the coherences down to exp(-time / t2)."""
    gamma = 1 - np.exp(-time / t1)
    phase = phase_damping(1 - np.exp(-2 * time / t2) / (1 - gamma))
    return [two @ one for one in amplitude_damping(gamma) for two in phase]


def density(state):
    return np.outer(state, np.conj(state))


def applied(kraus, places, rho, qubits):
    """A density matrix after a channel on the places."""
    full = [embed(operator, places, qubits) for operator in kraus]
    return sum(operator @ rho @ operator.conj().T for operator in full)


def noisy_density(
    circuit, theta, state, x=None, *, one=(), two=(), layer=(), final=(), mid_circuit=None, measured=()
):
    """The density matrix of one state after the circuit; channels are Kraus operators, on one or two qubits.

    `one` and `two` follow gates on one and on more qubits, `layer` every layer on every qubit, `final` the last
    one on the measured qubits; `mid_circuit` names the qubits that are measured after each layer.
    """
    qubits, rho = circuit.qubits, density(state)
    mid_circuit = mid_circuit or [()] * circuit.layers

    def each(channels, places, rho):
        for kraus in channels:
            groups = [places] if len(kraus[0]) == 4 else [(place,) for place in places]
            for group in groups:
                rho = applied(kraus, group, rho, qubits)
        return rho

    def gates(these, angles, rho):
        for gate in these:
            rho = applied([gate_matrix(gate, angles, x)], gate.qubits, rho, qubits)
            rho = each(two if len(gate.qubits) > 1 else one, gate.qubits, rho)
        return rho

    rho = gates(circuit.prefix, None, rho)
    for angles, dephased in zip(circuit.scale * np.asarray(theta, float), mid_circuit, strict=True):
        rho = gates(circuit.gates, angles, rho)
        rho = each(layer, range(qubits), rho)
        rho = each([[ZERO, ONE]], dephased, rho)
    return each(final, measured, rho)


def noisy_expectations(circuit, theta, states, measured, x=None, confusion=None, **noise):
    """<Z> of each measured qubit [B, measured]; the confusion matrix has a row for each true outcome."""
    found = []
    for place, state in enumerate(states):
        row = None if x is None else x[place]
        rho = noisy_density(circuit, theta, state, row, measured=measured, **noise)
        z = np.array([np.trace(embed(PAULIS["z"], (qubit,), circuit.qubits) @ rho).real for qubit in measured])
        if confusion is not None:
            z = (1 + z) * confusion[0][0] + (1 - z) * confusion[1][0] - 1
        found.append(z)
    return np.array(found)
