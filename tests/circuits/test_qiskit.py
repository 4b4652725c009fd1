import numpy as np
import pytest
import qiskit.circuit.library as library
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Operator, random_statevector, random_unitary

from jaxqkd.circuits import Circuit, Gate, from_qiskit, hea, reuploading, to_qiskit
from tests import reference
from tests.circuits.random_circuits import rich_circuit

LIBRARY = {
    "real_amplitudes": lambda n: library.real_amplitudes(n, entanglement="full"),
    "efficient_su2": lambda n: library.efficient_su2(n, reps=2),
    "n_local": lambda n: library.n_local(n, ["ry", "rz"], "cz", reps=2),
    "n_local with rotations": lambda n: library.n_local(n, "rx", "crx", reps=1),
    "zz_feature_map": library.zz_feature_map,
    "z_feature_map": library.z_feature_map,
    "pauli_feature_map": lambda n: library.pauli_feature_map(n, paulis=["Z", "XX", "ZYZ"[:n]]),
    "excitation_preserving": library.excitation_preserving,
    "excitation_preserving fsim": lambda n: library.excitation_preserving(n, mode="fsim", reps=1),
}


def operator(circuit):
    return reference.reversed_qubits(Operator(circuit).data)


@pytest.mark.parametrize("qubits", range(2, 7))
@pytest.mark.parametrize("name", LIBRARY)
def test_the_circuits_of_the_library_are_read(name, qubits):
    theirs = LIBRARY[name](qubits)
    found = from_qiskit(theirs)
    drawn = np.random.default_rng(qubits).normal(size=theirs.num_parameters)
    values = {parameter.name: value for parameter, value in zip(theirs.parameters, drawn, strict=True)}
    x = np.array([values[feature] for feature in found.features])
    start = random_statevector(2**qubits, seed=qubits)
    ours = reference.evolved(found.circuit, found.assigned(values), reference.reversed_qubits(start.data), x)
    expected = start.evolve(theirs.assign_parameters(drawn)).data
    assert reference.distance(ours, reference.reversed_qubits(expected)) < 1e-6


def mixed_circuit(angle):
    circuit = QuantumCircuit(3, 3)
    circuit.reset(0)
    circuit.prepare_state([0.6, 0.8j], 0)
    circuit.unitary(random_unitary(4, seed=1), [2, 1])
    circuit.ry(2 * angle + 1, 0)
    circuit.append(library.XXPlusYYGate(0.3, 0.4), [0, 2])
    circuit.append(library.RGate(0.3, angle), [1])
    circuit.append(library.QFTGate(3), [0, 1, 2])
    circuit.cu(0.1, 0.2, 0.3, 0.4, 0, 1)
    circuit.append(library.CXGate(ctrl_state=0), [0, 1])
    circuit.barrier()
    return circuit


def test_instructions_that_are_not_standard_are_read_by_definitions_and_matrices():
    circuit = mixed_circuit(Parameter("a"))
    circuit.measure([2, 0], [0, 1])
    found = from_qiskit(circuit, trained=("a",))
    state = reference.unitary(found.circuit, [[0.37]])[:, 0]
    bound = mixed_circuit(0.37)
    del bound.data[0]  # the reset, which has no matrix
    assert reference.distance(state, operator(bound)[:, 0]) < 1e-6
    assert (found.measured, found.names) == ((2, 0), (("a",),))


@pytest.mark.parametrize("seed", range(3))
def test_the_round_trip_keeps_the_unitary_of_a_random_circuit(seed):
    circuit, theta, x = rich_circuit(seed)
    expected = reference.unitary(circuit, theta, x)
    assert reference.distance(operator(to_qiskit(circuit, theta, x)), expected) < 1e-6
    found = from_qiskit(to_qiskit(circuit))
    assert found.circuit.layers == circuit.layers
    ours = reference.unitary(found.circuit, found.assigned({"theta": theta.ravel()}), x)
    assert reference.distance(ours, expected) < 1e-6


def test_plain_circuits_come_back_as_they_were():
    circuit = reuploading(hea(qubits=2, layers=3), features=2)
    found = from_qiskit(to_qiskit(circuit))
    assert found.circuit == circuit
    assert found.names[1][0] == "theta[6]"


def test_loose_parameters_are_in_the_order_of_their_numbers():
    circuit = QuantumCircuit(1)
    for number in range(11):
        circuit.rx(Parameter(f"theta{number}"), 0)
    assert from_qiskit(circuit).names[-1] == ("theta10",)


def test_products_of_features_and_sums_are_read_exactly():
    x, theta = ParameterVector("x", 2), ParameterVector("theta", 2)
    circuit = QuantumCircuit(1)
    circuit.rz(2 * (np.pi - x[0]) * (np.pi - x[1]) + theta[1] / 2 - x[0] ** 2, 0)
    gates = from_qiskit(circuit).circuit.gates
    assert {(gate.theta, gate.x, round(gate.factor, 12)) for gate in gates} == {
        (0, None, 0.5),
        (None, 0, round(-2 * np.pi, 12)),
        (None, 1, round(-2 * np.pi, 12)),
        (None, (0, 1), 2.0),
        (None, (0, 0), -1.0),
    }
    assert sum(gate.offset for gate in gates) == pytest.approx(2 * np.pi**2)


def refused():
    x, theta = Parameter("x"), ParameterVector("theta", 2)
    for change, message in [
        (
            lambda c: c.rx(x.sin(), 0),
            r"polynomials of its parameters, but is sin\(x\) in instruction 0 \(rx\). jaxqkd",
        ),
        (lambda c: c.rx(x.abs(), 0), r"polynomials of its parameters, but is abs\(x\) in instruction 0"),
        (lambda c: c.rx(x * theta[0], 0), r"linear in its trained parameters, but is one with theta\[0\] \* x in"),
        (lambda c: c.rx(theta[1] * theta[0], 0), r"but is one with theta\[0\] \* theta\[1\] in instruction 0"),
        (lambda c: c.rx(Parameter("phi"), 0), r"one with 'phi', which is neither. Say which it is: trained"),
        (lambda c: (c.x(0), c.reset(0)), r"made of gates alone, but is one with instruction 1 \(reset\)"),
        (lambda c: (c.measure(0, 0), c.x(0)), r"measure qubits at their end, but is one with instruction 1 \(x\)"),
        (
            lambda c: c.if_test((c.clbits[0], 1), QuantumCircuit(1), [0], []),
            r"but is one with instruction 0 \(if_el",
        ),
        (lambda c: (c.measure(0, 0), c.measure(0, 0)), "measure each qubit once"),
    ]:
        yield pytest.param(change, message, id=message)


@pytest.mark.parametrize(("change", "message"), list(refused()))
def test_what_is_not_read_is_refused_by_its_instruction(change, message):
    circuit = QuantumCircuit(2, 1)
    change(circuit)
    with pytest.raises(ValueError, match=message):
        from_qiskit(circuit)


def test_other_objects_and_angles_that_do_not_fit_are_refused():
    circuit = Circuit(1, 2, (Gate("rx", (0,), theta=0), Gate("ry", (0,), x=0)))
    with pytest.raises(ValueError, match=r"`circuit` must be a qiskit.QuantumCircuit, but is a Circuit"):
        from_qiskit(circuit)
    with pytest.raises(ValueError, match=r"`theta` must have the shape \(2, 1\), but is \(1, 1\)"):
        to_qiskit(circuit, [[0.3]], [0.1])
    with pytest.raises(ValueError, match=r"`x` must have the shape \[D\] with D of at least 1, but is \(0,\)"):
        to_qiskit(circuit, [[0.3], [0.2]], [])
    assert to_qiskit(circuit, [[0.3], [0.2]], [0.1]).num_parameters == 0
