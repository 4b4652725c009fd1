import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import GATES, Circuit, Gate, check_measured, describe, hea, universal
from jaxqkd.models import MLP, Linear, QuantumStudent, count_parameters
from jaxqkd.quantum.simulators import statevector

RY = Gate("ry", (0,), theta=0)
H = Gate("h", (0,))
CNOT = Gate("cnot", (0, 1))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("qubits", [1, 2, 3, 6])
def test_the_shape_of_theta_is_layers_by_angles(qubits, layers):
    assert hea(qubits=qubits, layers=layers).shape == (layers, 3 * qubits)
    assert universal(qubits=qubits, layers=layers).shape == (layers, 3 * qubits - 1)
    for keep in range(1, qubits + 1):
        circuit = universal(qubits=qubits, layers=layers, measured=range(keep))
        assert circuit.shape == (layers, 2 * qubits - 1 + keep)


def test_an_angle_used_twice_counts_once():
    tied = Circuit(2, 4, (RY, Gate("rx", (1,), theta=0), Gate("rz", (1,), theta=1)))
    assert tied.shape == (4, 2)
    assert Circuit(2, 4, (H, CNOT)).shape == (4, 0)


@pytest.mark.parametrize(
    ("circuit", "layer", "prefix"),
    [
        (hea(qubits=1, layers=1), "rz0 ry0 rz0", ""),
        (hea(qubits=2, layers=1), "rz0 ry0 rz0 rz1 ry1 rz1 cnot01 cnot10", ""),
        (
            hea(qubits=3, layers=1, hadamard=True),
            "rz0 ry0 rz0 rz1 ry1 rz1 rz2 ry2 rz2 cnot01 cnot12 cnot20",
            "h0 h1 h2",
        ),
        (universal(qubits=3, layers=1), "rx0 rx1 rx2 ry0 ry1 ry2 rzz01 rzz12", ""),
        (universal(qubits=3, layers=1, measured=(2,), hadamard=True), "rx0 rx1 rx2 rzz01 rzz12 ry2", "h0 h1 h2"),
    ],
)
def test_the_ansaetze_have_their_gates_in_order_with_angles_numbered_along(circuit, layer, prefix):
    def text(gates):
        return " ".join(gate.name + "".join(map(str, gate.qubits)) for gate in gates)

    assert (text(circuit.gates), text(circuit.prefix)) == (layer, prefix)
    trained = [gate.theta for gate in circuit.gates if GATES[gate.name].is_rotation]
    assert trained == list(range(circuit.shape[1]))


def _algebra_dimension(generators):
    """The dimension of the real Lie algebra that anti-Hermitian matrices generate."""
    basis, vectors = [], np.zeros((0, 2 * generators[0].size))

    def extend(candidate):
        nonlocal vectors
        flat = np.concatenate([candidate.real.ravel(), candidate.imag.ravel()])
        flat = flat / max(np.linalg.norm(flat), 1e-12)
        for _ in range(2):
            flat = flat - vectors.T @ (vectors @ flat)
        if np.linalg.norm(flat) > 1e-6:
            basis.append(candidate / np.linalg.norm(candidate))
            vectors = np.vstack([vectors, flat / np.linalg.norm(flat)])

    for generator in generators:
        extend(generator)
    for element in basis:
        for generator in generators:
            extend(element @ generator - generator @ element)
    return len(basis)


@pytest.mark.parametrize("qubits", [2, 3])
@pytest.mark.parametrize(
    ("measured", "dimension"),
    [
        (None, lambda n: 4**n - 1),
        ((0,), lambda n: n * (2 * n + 1)),
        ((), lambda n: n * (2 * n - 1)),
    ],
    ids=["universal", "RY at the end: so(2n + 1)", "no RY: so(2n), free fermions"],
)
@pytest.mark.slow
def test_the_gates_of_universal_generate_su_2_to_the_n(qubits, measured, dimension):
    gates = universal(qubits=qubits, layers=1, measured=measured or None).gates
    gates = tuple(gate for gate in gates if measured != () or gate.name != "ry")

    def half_turn(gate):  # exp(-i pi G / 2) = -i G
        circuit = Circuit(qubits, 1, (gate._replace(theta=0),))
        return np.asarray(statevector.unitary(circuit, jnp.full((1, 1), jnp.pi)), complex)

    with jax.enable_x64(True):
        assert _algebra_dimension([half_turn(gate) for gate in gates]) == dimension(qubits)


def _student(circuit, measured=None):
    return QuantumStudent(circuit, classes=3, measured=measured)


def _selective(keep):
    measured = tuple(range(6 - keep, 6))
    return _student(universal(qubits=6, layers=5, measured=measured), measured)


@pytest.mark.parametrize(
    ("model", "total", "classical", "quantum"),
    [
        (Linear(classes=3), 195, 64 * 3 + 3, 0),
        (MLP((16, 8), classes=3), 1203, 64 * 16 + 16 + 16 * 8 + 8 + 8 * 3 + 3, 0),
        (_student(hea(qubits=6, layers=5)), 111, 6 * 3 + 3, 5 * 18),
        (_student(universal(qubits=6, layers=5)), 106, 6 * 3 + 3, 5 * 17),
        (_student(universal(qubits=6, layers=5, hadamard=True)), 106, 6 * 3 + 3, 5 * 17),
        (_selective(2), 74, 2 * 3 + 3, 5 * 13),
        (_selective(3), 82, 3 * 3 + 3, 5 * 14),
        (_selective(4), 90, 4 * 3 + 3, 5 * 15),
        (_selective(5), 98, 5 * 3 + 3, 5 * 16),
    ],
)
def test_the_models_of_the_seed_study_have_the_published_parameters(model, total, classical, quantum):
    count = count_parameters(model, features=64)
    assert (count.total, count.classical, count.quantum) == (total, classical, quantum)


def test_equal_circuits_are_one_key_and_different_ones_are_not():
    one = Circuit(2, 1, (RY, CNOT))
    assert one == Circuit(2, 1, [("ry", [0], 0), ("cnot", [0, 1])])
    assert hash(one) == hash(Circuit(2, 1, [("ry", [0], 0), ("cnot", [0, 1])]))
    others = [
        Circuit(3, 1, (RY, CNOT)),
        Circuit(2, 2, (RY, CNOT)),
        Circuit(2, 1, (CNOT, RY)),
        Circuit(2, 1, (RY, CNOT), (H,)),
        Circuit(2, 1, (RY, CNOT), scale=4.0),
    ]
    assert len({one, *others, Circuit(2, 1, (RY, CNOT))}) == 6


@pytest.mark.parametrize(
    ("gates", "prefix", "features"),
    [((RY,), (), 0), ((Gate("ry", (0,), x=2), RY), (), 3), ((RY,), (Gate("ry", (0,), x=0),), 1)],
)
def test_features_counts_up_to_the_last_that_a_gate_reads(gates, prefix, features):
    assert Circuit(1, 1, gates, prefix).features == features


@pytest.mark.parametrize(
    ("circuit", "parameters", "gates", "two_qubit", "depth"),
    [
        # 3 rotations, then a ring whose CNOTs run one after the other
        (hea(qubits=6, layers=1), 18, {"rz": 12, "ry": 6, "cnot": 6}, 6, 9),
        # qubits 0 and 1 are free after moment 9 and 5, and the second layer's ring waits for qubit 0
        (hea(qubits=6, layers=2), 36, {"rz": 24, "ry": 12, "cnot": 12}, 12, 18),
        (hea(qubits=2, layers=1, hadamard=True), 6, {"h": 2, "rz": 4, "ry": 2, "cnot": 2}, 2, 6),
        (universal(qubits=4, layers=1), 11, {"rx": 4, "ry": 4, "rzz": 3}, 3, 5),
        # the chain of the second layer starts while that of the first still runs
        (universal(qubits=4, layers=2), 22, {"rx": 8, "ry": 8, "rzz": 6}, 6, 9),
        (Circuit(3, 1, (Gate("toffoli", (0, 2, 1)), H)), 0, {"toffoli": 1, "h": 1}, 1, 2),
    ],
)
def test_describe_counts_gates_and_depth(circuit, parameters, gates, two_qubit, depth):
    found = describe(circuit)
    assert found[:4] == (parameters, gates, two_qubit, depth)
    assert str(found).startswith(found.drawing + "\n")
    assert f"{parameters} parameters; {sum(gates.values())} gates" in str(found)


@pytest.mark.parametrize(
    ("circuit", "drawing"),
    [
        (
            Circuit(
                3, 2, (RY, Gate("rx", (2,), x=1), Gate("toffoli", (0, 2, 1)), Gate("rzz", (1, 2), theta=1)), (H,)
            ),
            "q0: H─║─RY(t0)─●────────║ ×2\nq1: ──║────────X─ZZ(t1)─║\nq2: ──║─RX(x1)─●─ZZ(t1)─║",
        ),
        (
            Circuit(
                3, 1, (Gate("crz", (2, 0), theta=0), Gate("x", (1,)), Gate("swap", (0, 1)), Gate("cz", (1, 2)))
            ),
            "q0: ║─RZ(t0)───x───║ ×1\nq1: ║──────│─X─x─●─║\nq2: ║──────●─────●─║",
        ),
    ],
)
def test_describe_draws_a_line_a_qubit(circuit, drawing):
    assert describe(circuit).drawing == drawing


def _circuit(*gates, qubits=2, layers=1, **options):
    return lambda: Circuit(qubits, layers, gates, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_circuit(Gate("rw", (0,), theta=0)), r"`gate.name` must be one of 'ch', .* but is 'rw'"),
        (_circuit(Gate("cnot", (0,))), r"`gate.qubits` must be 2 distinct qubits for 'cnot', but is \(0,\)"),
        (_circuit(Gate("h", (0, 1))), r"`gate.qubits` must be 1 distinct qubits for 'h', but is \(0, 1\)"),
        (_circuit(Gate("cnot", (1, 1))), r"`gate.qubits` must be 2 distinct qubits for 'cnot', but is \(1, 1\)"),
        (_circuit(Gate("h", (2,))), r"`gate.qubits` must lie in 0 ... 1, but is \(2,\)"),
        (_circuit(Gate("h", (-1,))), "`gate` must be at least 0, but is -1"),
        (_circuit(Gate("h", (0.5,))), "`gate` must be an integer, but is 0.5"),
        (
            _circuit(Gate("h", 0)),
            r"`gate.qubits` must be a tuple of qubits, but is 0. Write Gate\(\"h\", \(0,\)\)",
        ),
        (_circuit(Gate("ry", (0,), theta=1)), r"`gates` must use every theta index, but is \[1\]\. Number"),
        (_circuit(RY, RY._replace(theta=2)), r"`gates` must use every theta index, but is \[0, 2\]\. Number"),
        (_circuit(Gate("ry", (0,), theta=0, x=0)), r"not both be set for 'ry' on \(0,\), but is \(0, 0\)"),
        (_circuit(Gate("ry", (0,), theta=-1)), "`gate` must be at least 0, but is -1"),
        (_circuit(Gate("h", (0,), theta=0)), r"for 'h', which has no angle, but is \(0, None, 1"),
        (_circuit(Gate("cz", (0, 1), x=0)), r"for 'cz', which has no angle, but is \(None, 0, 1"),
        (_circuit(RY, prefix=(RY,)), r"`prefix` must have no trained angles, but is \['ry'\]\. Move"),
        (_circuit(RY, qubits=0), r"`qubits` must be at least 1, but is 0"),
        (_circuit(RY, qubits=2.0), r"`qubits` must be an integer, but is 2.0"),
        (_circuit(RY, layers=0), r"`layers` must be at least 1, but is 0"),
        *[
            (_circuit(RY, scale=bad), r"`scale` must be positive and finite")
            for bad in (0.0, -1.0, np.inf, np.nan)
        ],
        (lambda: hea(qubits=0, layers=1), r"`qubits` must be at least 1, but is 0"),
        (lambda: universal(qubits=3, layers=0), r"`layers` must be at least 1, but is 0"),
        (
            lambda: universal(qubits=3, layers=1, measured=(3,)),
            r"`measured` must name distinct qubits of 3, but is \(3,\)",
        ),
        (
            lambda: universal(qubits=3, layers=1, measured=()),
            r"`measured` must name distinct qubits of 3, but is \(\)",
        ),
        (lambda: check_measured((0, 0), 2), r"but is \(0, 0\)\. A circuit of 2 qubits has qubits 0 \.\.\. 1\."),
        (lambda: check_measured((-1,), 2), r"`measured` must name distinct qubits of 2, but is \(-1,\)"),
        (lambda: check_measured((0.0,), 2), r"`measured` must name distinct qubits of 2, but is \(0.0,\)"),
    ],
)
def test_a_circuit_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_the_refusals_leave_is_accepted():
    fixed = [Gate(name, tuple(range(spec.qubits))) for name, spec in GATES.items() if not spec.is_rotation]
    rotated = [(name, tuple(range(spec.qubits))) for name, spec in GATES.items() if spec.is_rotation]
    rotations = [Gate(*place, theta=0) for place in rotated]
    driven = [Gate(*place, x=5) for place in rotated]
    circuit = Circuit(3, 1, (*rotations, *driven, *fixed), (*fixed, *driven), scale=0.25)
    assert (circuit.shape, circuit.features) == ((1, 1), 6)
    assert Circuit(np.int64(2), np.int32(1), (RY,)).shape == (1, 1)
    assert check_measured(None, 3) == (0, 1, 2)
    assert check_measured(iter([2, 0]), 3) == (2, 0)
    assert repr(check_measured(np.arange(1, 3), 3)) == "(1, 2)"


def test_the_circuits_alone_are_imported_without_a_simulator():
    names = "GATES, Circuit, Gate, GateSpec, describe, from_tensorcircuit, hea, matrix, to_tensorcircuit"
    script = f"import sys; from jaxqkd.circuits import {names}; print('tensorcircuit' in sys.modules)"
    out = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
