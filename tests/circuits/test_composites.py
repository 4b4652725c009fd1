import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import Angle, Circuit, cu, ms, u
from jaxqkd.quantum.simulators import statevector
from tests import reference

THETA = 0.7, -1.3, 2.1, 0.4


def _trained(count):
    return tuple(Angle(theta=index, factor=2.0, offset=0.1 * index) for index in range(count))


def _values(count):
    return [2 * THETA[index] + 0.1 * index for index in range(count)]


def _qiskit(qubits, method, *arguments):
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    circuit = pytest.importorskip("qiskit").QuantumCircuit(qubits)
    getattr(circuit, method)(*arguments)
    return operator(circuit.reverse_bits()).data


def _ms(qubits, angle):
    library = pytest.importorskip("qiskit.circuit.library")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    circuit = pytest.importorskip("qiskit").QuantumCircuit(qubits)
    for first in range(qubits):
        for second in range(first + 1, qubits):
            circuit.append(library.RXXGate(angle), [first, second])
    return operator(circuit.reverse_bits()).data


CASES = {
    "u": (1, 3, lambda angles: u(0, *angles), lambda values: _qiskit(1, "u", *values, 0)),
    "cu": (2, 4, lambda angles: cu(0, 1, *angles), lambda values: _qiskit(2, "cu", *values, 0, 1)),
    "cu from 1 to 0": (2, 4, lambda angles: cu(1, 0, *angles), lambda values: _qiskit(2, "cu", *values, 1, 0)),
    "ms": (3, 1, lambda angles: ms((0, 1, 2), *angles), lambda values: _ms(3, *values)),
}


@pytest.mark.parametrize("name", CASES)
def test_gates_of_several_angles_are_qiskits_up_to_a_global_phase(name):
    qubits, count, gates, theirs = CASES[name]
    expected = theirs(_values(count))
    trained = Circuit(qubits, 1, gates(_trained(count)))
    fixed = Circuit(qubits, 1, gates(_values(count)))
    for circuit, theta in ((trained, [THETA[:count]]), (fixed, np.zeros((1, 0)))):
        found = reference.unitary(circuit, theta)
        assert abs(np.trace(expected.conj().T @ found)) / 2**qubits == pytest.approx(1, abs=1e-12)
        ours = statevector.unitary(circuit, jnp.asarray(theta, float))
        np.testing.assert_allclose(ours, found, rtol=0, atol=2e-6)


def test_phases_turn_the_axes_of_ms():
    angle, phases = 0.8, (0.3, -1.1)
    axes = [np.cos(phase) * reference.PAULIS["x"] + np.sin(phase) * reference.PAULIS["y"] for phase in phases]
    string = np.kron(*axes)
    expected = np.cos(angle / 2) * np.eye(4) - 1j * np.sin(angle / 2) * string
    found = reference.unitary(Circuit(2, 1, ms((0, 1), angle, phases=phases)), np.zeros((1, 0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
