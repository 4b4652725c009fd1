import numpy as np
import pytest

from jaxqkd.circuits import Circuit, unitary
from jaxqkd.circuits.openqasm import to_qasm
from jaxqkd.circuits.unitaries import decomposed, euler, factors
from jaxqkd.export import judging
from jaxqkd.quantum.simulators.statevector import lowering
from tests import reference


def haar(size, seed):
    entries = np.random.default_rng(seed).normal(size=(size, size, 2)) @ [1, 1j]
    return np.linalg.qr(entries)[0]


MATRICES = {
    **{f"haar {size} {seed}": haar(size, seed) for size in (2, 4, 8) for seed in range(2)},
    **{f"identity {size}": np.eye(size) for size in (2, 4, 8)},
    **{name: reference.GATES[name] for name in ("x", "y", "s", "h", "sx", "cnot", "swap", "ch", "ecr", "cswap")},
    "phases": np.diag(np.exp(1j * np.arange(8))),
    "product": np.kron(haar(2, 3), haar(2, 4)),
    "selected": np.block([[haar(2, 5), np.zeros((2, 2))], [np.zeros((2, 2)), haar(2, 6)]]),
    "real": np.linalg.qr(np.random.default_rng(7).normal(size=(4, 4)))[0],
    "nearly the identity": reference.matrix("ry", 1e-9) @ reference.matrix("rz", 0.3),
    "nearly no diagonal": reference.matrix("ry", np.pi - 1e-9) @ reference.matrix("rz", 0.3),
}


def places(matrix):
    return {2: (1,), 4: (2, 0), 8: (1, 2, 0)}[len(matrix)]


@pytest.mark.parametrize("name", MATRICES)
def test_the_product_of_the_factors_is_the_matrix(name):
    matrix = MATRICES[name]
    qubits = places(matrix)
    gates = factors(matrix, qubits)
    found = reference.unitary(Circuit(3, 1, tuple(gates)), np.zeros((1, 0)))
    np.testing.assert_allclose(found, reference.embed(matrix, qubits, 3), rtol=0, atol=1e-12)
    assert all(lowering.has_lowering(gate) for gate in gates)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", MATRICES)
def test_the_program_has_the_matrix_up_to_a_global_phase(name, version):
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    matrix = MATRICES[name]
    circuit = Circuit(3, 1, (unitary(matrix, places(matrix)),))
    text = to_qasm(circuit, np.zeros((1, 0)), measured=(0, 1, 2), version=version)
    program = judging.parse(text).remove_final_measurements(inplace=False)
    overlap = np.trace(operator(program.reverse_bits()).data.conj().T @ reference.embed(matrix, places(matrix), 3))
    assert abs(overlap) / 8 == pytest.approx(1, abs=1e-9)


def test_a_matrix_on_two_qubits_takes_four_on_one_and_three_selected_rotations():
    parts = decomposed(haar(4, 0), (0, 1))
    assert [type(part).__name__ for part in parts] == ["OneQubit", "Multiplexed"] * 3 + ["OneQubit"]
    assert [part.name for part in parts[1::2]] == ["rz", "ry", "rz"]


@pytest.mark.parametrize("seed", range(5))
def test_euler_angles_give_the_matrix_up_to_a_phase(seed):
    matrix = haar(2, seed)
    first, second, third = euler(matrix)
    found = reference.matrix("rz", third) @ reference.matrix("ry", second) @ reference.matrix("rz", first)
    assert abs(np.trace(found.conj().T @ matrix)) / 2 == pytest.approx(1, abs=1e-14)
