"""Circuits of Sim, Johnson, Aspuru-Guzik, Adv. Quantum Technol. 2, 1900070 (2019), and their published measures.

The figures are those of four qubits at one and at three layers.
"""

from jaxqkd.circuits import Circuit, Gate


def _turns(qubits, *names):
    return [(name, (qubit,)) for name in names for qubit in range(qubits)]


def _ring(qubits):
    """Pairs around a ring: the last qubit controls the first, then each the next one, from the end."""
    return [(qubit, (qubit + 1) % qubits) for qubit in reversed(range(qubits))]


def _ring_back(qubits):
    return [((qubit - 1) % qubits, (qubit - 2) % qubits) for qubit in range(qubits)]


def sim(number, *, qubits, layers):
    gates = {
        1: lambda: _turns(qubits, "rx", "rz"),
        2: lambda: [*_turns(qubits, "rx", "rz"), *(("cnot", (q + 1, q)) for q in reversed(range(qubits - 1)))],
        9: lambda: [
            *_turns(qubits, "h"),
            *(("cz", (q, q + 1)) for q in reversed(range(qubits - 1))),
            *_turns(qubits, "rx"),
        ],
        14: lambda: [
            *_turns(qubits, "ry"),
            *(("crx", pair) for pair in _ring(qubits)),
            *_turns(qubits, "ry"),
            *(("crx", pair) for pair in _ring_back(qubits)),
        ],
        15: lambda: [
            *_turns(qubits, "ry"),
            *(("cnot", pair) for pair in _ring(qubits)),
            *_turns(qubits, "ry"),
            *(("cnot", pair) for pair in _ring_back(qubits)),
        ],
    }[number]()
    made, theta = [], 0
    for name, where in gates:
        is_turned = name not in ("h", "cz", "cnot")
        made.append(Gate(name, where, theta=theta if is_turned else None))
        theta += is_turned
    return Circuit(qubits, layers, tuple(made))


EXPRESSIBILITY = {
    (1, 1): 0.2999,
    (2, 1): 0.2860,
    (9, 1): 0.6773,
    (14, 1): 0.0144,
    (15, 1): 0.1892,
    (1, 3): 0.2079,
    (2, 3): 0.0084,
    (9, 3): 0.0322,
    (14, 3): 0.0035,
    (15, 3): 0.1152,
}
ENTANGLING = {
    (1, 1): 0.0,
    (2, 1): 0.8104,
    (9, 1): 1.0,
    (14, 1): 0.6604,
    (15, 1): 0.8184,
    (1, 3): 0.0,
    (2, 3): 0.8657,
    (9, 3): 1.0,
    (14, 3): 0.8557,
    (15, 3): 0.8734,
}
