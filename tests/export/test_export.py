import functools
import json
import re

import jax
import numpy as np
import pytest

from jaxqkd import export
from jaxqkd.circuits import GATES, Circuit, Gate, describe, hea, universal
from jaxqkd.export import judging
from jaxqkd.models import MLP, QuantumStudent
from jaxqkd.quantum import encodings, readouts
from jaxqkd.quantum.noise.channels import bit_flip
from jaxqkd.quantum.noise.model import NoiseModel

EVERY = Circuit(
    3,
    2,
    (
        *(Gate(name, (index % 3,), theta=index) for index, name in enumerate(("rx", "ry", "rz"))),
        *(
            Gate(name, (index % 3, (index + 1) % 3), theta=3 + index)
            for index, name in enumerate(("rxx", "ryy", "rzz"))
        ),
        *(
            Gate(name, ((index + 1) % 3, index % 3), theta=6 + index)
            for index, name in enumerate(("crx", "cry", "crz"))
        ),
        *(Gate(name, (index % 3,)) for index, name in enumerate(("h", "x", "y", "z", "s", "t", "id"))),
        *(Gate(name, (index % 3,)) for index, name in enumerate(("sdg", "tdg", "sx", "sxdg"))),
        *(Gate(name, (index % 3, (index + 2) % 3)) for index, name in enumerate(("cnot", "cz", "swap"))),
        *(Gate(name, (index % 3, (index + 1) % 3)) for index, name in enumerate(("cy", "ch", "csx", "csxdg"))),
        *(Gate(name, (index % 3, (index + 2) % 3)) for index, name in enumerate(("iswap", "iswapdg", "ecr"))),
        *(Gate(name, (2, 0, 1)) for name in ("toffoli", "cswap")),
        Gate("p", (0,), theta=9),
        *(Gate(name, (2, 1), theta=10 + index) for index, name in enumerate(("cp", "rzx"))),
        Gate("ry", (0,), x=1),
        Gate("cry", (0, 1), x=2),
    ),
    (Gate("h", (2,)), Gate("rzz", (2, 1), x=0)),
    scale=1.3,
)
"""A circuit of every gate, turned by trained angles and by features."""

ENCODINGS = {
    "zero": (encodings.zero, 3),
    "angle y": (encodings.angle, 3),
    "angle x": (functools.partial(encodings.angle, axis="x"), 3),
    "angle z": (functools.partial(encodings.angle, axis="z"), 3),
    "dense angle": (encodings.dense_angle, 6),
    "iqp": (encodings.iqp, 3),
    "iqp once": (functools.partial(encodings.iqp, repeats=1), 3),
}


@functools.cache
def trained(encoding=encodings.amplitude, features=8, **options):
    """A student of every gate, with random parameters, and an example."""
    student = QuantumStudent(EVERY, classes=2, **{"encoding": encoding, "measured": (2, 0)} | options)
    x = np.asarray(jax.random.normal(jax.random.key(1), (features,)))
    return student, student.init(jax.random.key(0), x[None]), x


def test_the_circuit_of_these_tests_has_every_gate():
    assert {gate.name for gate in EVERY.gates} == set(GATES)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_program_of_an_example_gives_our_logits_in_qiskit(name, version):
    student, params, x = trained(*ENCODINGS[name])
    program = export.openqasm(student, params, x, version=version)
    assert program.startswith(f"OPENQASM {version}.0;\n")
    assert export.compare(student, params, x, program)[0] < 2e-6


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_program_of_all_examples_gives_our_logits_of_several(name):
    student, params, x = trained(*ENCODINGS[name])
    program = export.openqasm(student, params)
    for factor in (1.0, -0.7):
        assert export.compare(student, params, factor * x, program)[0] < 2e-6


@pytest.mark.parametrize("version", [2, 3])
def test_amplitudes_are_prepared(version):
    student, params, x = trained()
    program = export.openqasm(student, params, x, version=version)
    assert export.compare(student, params, x, program)[0] < 2e-6


def test_an_input_layer_and_no_head():
    student, params, x = trained(encodings.angle, 5, input_width=3, head="none")
    for program in (export.openqasm(student, params, x), export.openqasm(student, params)):
        assert export.compare(student, params, x, program)[0] < 2e-6
    rest = export.classical(student, params)
    assert rest["head"] is None
    assert np.shape(rest["input"]["kernel"]) == (5, 3)


def test_the_classical_rest_is_json_and_makes_logits_of_expectation_values():
    student, params, x = trained(encodings.angle, 3)
    rest = json.loads(json.dumps(export.classical(student, params)))
    measured = judging.expectations(export.qiskit(student, params, x))
    logits = measured @ np.asarray(rest["head"]["kernel"]) + np.asarray(rest["head"]["bias"])
    np.testing.assert_allclose(logits, student.apply(params, x[None])[0], atol=2e-6)
    assert rest["measured"] == [2, 0]


def small(readout):
    student = QuantumStudent(hea(qubits=3, layers=1), 2, encodings.angle, measured=(2, 0), readout=readout)
    x = np.array([0.3, 1.2, -0.7])
    return student, student.init(jax.random.key(0), x[None]), x


@pytest.mark.parametrize(
    ("readout", "count"),
    [
        (readouts.expectation("Y"), 1),
        (readouts.strings("YX", "ZZ", "XI"), 3),
        (readouts.parity(), 1),
        (readouts.probabilities(), 1),
        (readouts.probabilities("XY", "YZ"), 2),
    ],
    ids=repr,
)
def test_readouts_are_measured_in_their_bases(readout, count):
    student, params, x = small(readout)
    bases = export.bases(student)
    assert (len(bases), export.classical(student, params)["bases"]) == (count, list(bases))
    programs = [export.openqasm(student, params, x, basis=basis) for basis in bases]
    assert len(set(programs)) == count
    assert export.compare(student, params, x, programs)[0] < 2e-6
    outcomes = [judging.outcomes(export.qiskit(student, params, x, basis=basis)) for basis in bases]
    values = student.clone(taps=("expectations",)).apply(params, x[None])["expectations"][0]
    np.testing.assert_allclose(export.values_of(student, outcomes), values, atol=1e-6)


def test_a_basis_is_asked_for_where_there_are_several():
    student, params, x = small(("XX", "ZZ"))
    with pytest.raises(ValueError, match=r"`basis` must be one of XX, ZZ for this readout, but is None. Write a"):
        export.openqasm(student, params, x)
    with pytest.raises(ValueError, match="`basis` must be one of 'XX', 'ZZ', but is 'YY'"):
        export.openqasm(student, params, x, basis="YY")
    program = export.openqasm(student, params, x, basis="XX")
    with pytest.raises(ValueError, match=r"`program` must be 2 for this readout, but is 1. Pass \[openqasm"):
        export.compare(student, params, x, program)


def test_noise_and_taps_are_no_part_of_the_program():
    student, params, x = trained(encodings.angle, 3)
    other = student.clone(noise=NoiseModel(readout=bit_flip(0.2)), taps=("expectations",))
    program = export.openqasm(other, params, x)
    assert program == export.openqasm(student, params, x)
    assert export.compare(other, params, x, program)[0] < 2e-6


def test_only_gates_that_both_standard_libraries_have():
    student, params, x = trained(encodings.angle, 3)
    shared = {"h", "x", "y", "z", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz", "crz", "ccx"}
    shared |= {"ch", "cy", "id", "u1"}
    assert {operation.name for operation in export.operations(student, params, x)} == shared
    gates = re.findall(r"^(?!qreg)(\w+)(?:\(.*?\))? q\[", export.openqasm(student, params, x, version=2), re.M)
    assert set(gates) == shared | {"measure"}


@pytest.mark.parametrize("complex_too", [False, True])
@pytest.mark.parametrize("qubits", [1, 2, 5])
def test_preparation_makes_the_state_with_as_many_cnots_as_promised(qubits, complex_too):
    draws = np.random.default_rng(qubits).normal(size=(2, 2**qubits))
    state = draws[0] + 1j * draws[1] if complex_too else draws[0]
    state /= np.linalg.norm(state)
    listed = export.prepare(state)
    assert abs(np.vdot(run(listed, qubits), state)) == pytest.approx(1, abs=1e-12)
    assert sum(operation.name == "cx" for operation in listed) == (1 + complex_too) * (2**qubits - 2)


def test_a_basis_state_takes_few_gates():
    state = np.eye(8)[0]
    assert export.prepare(state) == []
    assert abs(np.vdot(run(export.prepare(-np.eye(8)[5]), 3), np.eye(8)[5])) == pytest.approx(1, abs=1e-12)


def run(operations, qubits):
    """The state that rotations about y and z and CNOTs make of |0...0>, in plain NumPy."""
    psi = np.zeros([2] * qubits, complex)
    psi[(0,) * qubits] = 1
    for name, where, angle in operations:
        if name == "cx":
            control, target = where
            psi = np.moveaxis(psi, (control, target), (0, 1)).copy()
            psi[1] = psi[1, ::-1].copy()
            psi = np.moveaxis(psi, (0, 1), (control, target))
        else:
            c, s = np.cos(angle / 2), np.sin(angle / 2)
            matrix = np.array([[c, -s], [s, c]]) if name == "ry" else np.diag([c - 1j * s, c + 1j * s])
            psi = np.moveaxis(np.tensordot(matrix, psi, (1, where[0])), 0, where[0])
    return psi.ravel()


def test_costs_are_those_of_the_program_and_grow_on_a_line():
    student = QuantumStudent(hea(qubits=4, layers=2), classes=2, encoding=encodings.angle)
    x = np.full(4, 0.3)
    params = student.init(jax.random.key(0), x[None])
    judged = export.judge(student, params, x, export.openqasm(student, params, x))
    assert judged.difference < 2e-6
    assert judged.written == export.Cost(1 + describe(student.circuit).depth, 4 + 2 * 16, 8)
    assert judged.line.two_qubit_gates >= judged.written.two_qubit_gates
    assert judged.heavy_hex.two_qubit_gates >= judged.written.two_qubit_gates


def test_a_program_that_is_not_the_students_is_refused():
    student, params, x = trained(encodings.angle, 3)
    program = export.openqasm(student, params, x).replace("ccx", "// ccx")
    with pytest.raises(ValueError, match=r"`program` must give the student's logits to 1e-05, but is off by"):
        export.compare(student, params, x, program)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"params": None}, "`params` must hold the trained angles theta of the student, but is NoneType"),
        ({"params": {"params": {}}}, "`params` must hold the trained angles"),
        (
            {"params": {"params": {"theta": np.zeros((1, 2))}}},
            r"angles of the circuit's shape \(2, 8\), but is of",
        ),
        ({"params": {"params": {"theta": np.full((2, 8), np.nan)}}}, "`params` must be finite"),
        ({"x": np.zeros((2, 4))}, r"`x` must be the features \[D\] of one example, but is of shape \(2, 4\)"),
        ({"x": np.full(4, np.inf)}, "`x` must be finite"),
        ({"x": np.zeros(3)}, "`x` must have the student's 4 features, but is 3 features"),
        ({"x": None, "version": 2}, "`x` must be the features of an example for OpenQASM 2"),
        ({"version": 4}, "`version` must be one of"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    student = QuantumStudent(universal(qubits=3, layers=2), classes=2, encoding=encodings.angle, input_width=3)
    good = {"params": student.init(jax.random.key(0), np.zeros((1, 4))), "x": np.zeros(4)}
    assert export.openqasm(student, **good)
    with pytest.raises(ValueError, match=message):
        export.openqasm(student, **good | arguments)


def test_an_encoding_that_prepares_states_needs_an_example():
    student, params, _ = trained()
    with pytest.raises(
        ValueError, match=r"`encoding` must be one of zero, angle, .*amplitude.*Export for one example"
    ):
        export.openqasm(student, params)


def test_a_model_without_a_circuit_is_refused():
    model = MLP(features=(2,), classes=2)
    with pytest.raises(ValueError, match="`student` must be a QuantumStudent, but is MLP"):
        export.openqasm(model, model.init(jax.random.key(0), np.zeros((1, 2))), np.zeros(2))
