"""Aer's density matrices of compiled circuits: an independent reference of the noise of devices."""

import functools
import importlib

import numpy as np

THEIRS = {"cnot": "cx"}


@functools.cache
def fake(name):
    """Qiskit's fake backend of a device."""
    module = importlib.import_module(f"qiskit_ibm_runtime.fake_provider.backends.{name}")
    return getattr(module, f"Fake{name.capitalize()}V2", None) or getattr(module, f"Fake{name.capitalize()}")


def part(backend, qubits):
    """A backend that has nothing but the given qubits of another, in this order, with their properties."""
    providers = importlib.import_module("qiskit.providers")
    transpiler = importlib.import_module("qiskit.transpiler")
    whole, places = backend.target, {qubit: place for place, qubit in enumerate(qubits)}
    target = transpiler.Target(qubit_properties=[whole.qubit_properties[qubit] for qubit in qubits])
    for name in whole.operation_names:
        entries = whole[name]
        if entries is None or None in entries or name in ("delay", "reset"):
            continue
        own = {tuple(map(places.get, at)): entry for at, entry in entries.items() if set(at) <= set(qubits)}
        if own:
            target.add_instruction(whole.operation_from_name(name), own)

    class Part(providers.BackendV2):
        target = None
        max_circuits = None

        @classmethod
        def _default_options(cls):
            return providers.Options()

        def run(self, *_):
            raise NotImplementedError

    Part.target = target
    return Part()


def bound(compiled, theta):
    """The compiled circuit with bound angles."""
    qiskit = importlib.import_module("qiskit")
    library = importlib.import_module("qiskit.circuit.library").get_standard_gate_name_mapping()
    circuit = qiskit.QuantumCircuit(compiled.circuit.qubits)
    angles = compiled.circuit.scale * np.asarray(theta, float).reshape(compiled.circuit.shape)
    for gates, layer in [(compiled.circuit.prefix, None), *((compiled.circuit.gates, row) for row in angles)]:
        for gate in gates:
            kind = library[THEIRS.get(gate.name, gate.name)].base_class
            if gate.name not in ("rz", "rx"):
                circuit.append(kind(), gate.qubits)
                continue
            turn = gate.offset if gate.theta is None else gate.factor * layer[gate.theta] + gate.offset
            circuit.append(kind(float(turn)), gate.qubits)
    return circuit


def expectations(circuit, noise):
    """<Z> of each qubit under Aer's noise, before the readout."""
    aer = importlib.import_module("qiskit_aer")
    pauli = importlib.import_module("qiskit.quantum_info").Pauli("Z")
    saved = circuit.copy()
    for qubit in range(circuit.num_qubits):
        saved.save_expectation_value(pauli, [qubit], label=str(qubit))
    simulator = aer.AerSimulator(method="density_matrix", noise_model=noise, precision="double")
    found = simulator.run(saved, shots=1).result()
    assert found.success, found.status
    return np.array([found.data()[str(qubit)] for qubit in range(circuit.num_qubits)])


def as_read(z, noise):
    """<Z> with the errors of the readout that Aer's noise has."""
    errors = {tuple(entry["gate_qubits"][0]): entry["probabilities"] for entry in _readouts(noise)}
    read = []
    for qubit, value in enumerate(z):
        outcome = np.array([1 + value, 1 - value]) / 2 @ np.asarray(errors.get((qubit,), np.eye(2)))
        read.append(outcome[0] - outcome[1])
    return np.array(read)


def _readouts(noise):
    return [entry for entry in noise.to_dict()["errors"] if entry["type"] == "roerror"]
