"""Random circuits of every gate, with every kind of angle."""

import numpy as np

from jaxqkd.circuits import GATES, Circuit, Gate, unitary


def rich_circuit(seed, qubits=3):
    """A circuit of every gate of the table in random order, its trained angles [L, P] and features [3].

    Each rotation comes with a trained angle, a feature, a product of features, and a fixed angle.
    """
    random = np.random.default_rng(seed)
    gates = []
    for name, spec in GATES.items():
        places = tuple(random.permutation(qubits)[: spec.qubits].tolist())
        if not spec.is_rotation:
            gates.append(Gate(name, places))
            continue
        index = sum(gate.theta is not None for gate in gates)
        gates += [
            Gate(name, places, theta=index, factor=random.normal(), offset=random.normal()),
            Gate(name, places, x=int(random.integers(3)), factor=random.normal()),
            Gate(name, places, x=(0, 2, 2)),
            Gate(name, places, offset=random.normal()),
        ]
    entries = random.normal(size=(4, 4, 2)) @ [1, 1j]
    gates.append(unitary(np.linalg.qr(entries)[0], (2, 0)))
    layer = tuple(gates[place] for place in random.permutation(len(gates)))
    prefix = tuple(gate for gate in gates if gate.theta is None)
    circuit = Circuit(qubits, 2, layer, prefix, scale=0.5)
    return circuit, random.uniform(-np.pi, np.pi, circuit.shape), random.normal(size=3)
