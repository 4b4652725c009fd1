import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import (
    Circuit,
    Gate,
    hea,
    mirror_angles,
    mirrored,
    real_amplitudes,
    reuploading,
    strongly_entangling,
    universal,
)
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import encodings
from tests import reference
from tests.reference import FIXED, ROTATIONS

ENTANGLEMENTS = ("linear", "reverse_linear", "circular", "full")
EVERY_GATE = Circuit(
    3,
    2,
    (
        *(Gate(name, tuple(range(size))) for name, size in FIXED.items()),
        *(Gate(name, tuple(range(size)), theta=i) for i, (name, size) in enumerate(ROTATIONS.items())),
        Gate("ry", (2,), theta=1),
    ),
    (Gate("h", (1,)),),
    scale=0.5,
)


def _angles(*shape):
    return np.random.default_rng(7).uniform(0, 2 * np.pi, shape)


def _text(gates):
    return " ".join(gate.name + "".join(map(str, gate.qubits)) for gate in gates)


@pytest.mark.parametrize("ranges", [None, (1,), (2, 1)], ids=str)
@pytest.mark.parametrize(("qubits", "layers"), [(3, 1), (3, 3), (3, 4), (4, 5), (4, 6)])
def test_theta_of_strongly_entangling_has_the_layout_of_pennylane(qubits, layers, ranges):
    circuit = strongly_entangling(qubits=qubits, layers=layers, ranges=ranges)
    weights = _angles(layers, qubits, 3)
    expected = np.eye(2**qubits)
    for layer, each in enumerate(weights):
        turns = [
            reference.matrix("rz", omega) @ reference.matrix("ry", theta) @ reference.matrix("rz", phi)
            for phi, theta, omega in each
        ]
        expected = reference.kron(turns) @ expected
        reach = layer % (qubits - 1) + 1 if ranges is None else ranges[layer % len(ranges)]
        for qubit in range(qubits):
            cnot = reference.embed(reference.matrix("cnot"), (qubit, (qubit + reach) % qubits), qubits)
            expected = cnot @ expected
    found = reference.unitary(circuit, weights.reshape(circuit.shape))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("qubits", "layers", "ranges", "shape"),
    [
        (1, 3, None, (3, 3)),
        (2, 3, None, (3, 6)),
        (4, 3, None, (1, 36)),
        (4, 300, None, (100, 36)),  # three ranges to a layer, however deep
        (4, 5, None, (1, 60)),
        (4, 300, (2,), (300, 12)),
        (4, 6, (1, 1, 2, 1, 1, 2), (2, 36)),
    ],
)
def test_a_layer_holds_the_shortest_stretch_that_repeats(qubits, layers, ranges, shape):
    assert strongly_entangling(qubits=qubits, layers=layers, ranges=ranges).shape == shape


@pytest.mark.parametrize("qubits", [2, 3, 5])
def test_strongly_entangling_by_range_1_is_hea(qubits):
    for ranges in ((1,), np.ones(2, int)):
        assert strongly_entangling(qubits=qubits, layers=4, ranges=ranges) == hea(qubits=qubits, layers=4)


@pytest.mark.parametrize(
    ("qubits", "entanglement", "pairs"),
    [
        (1, "reverse_linear", ""),
        (2, "circular", "cnot01"),
        (4, "linear", "cnot01 cnot12 cnot23"),
        (4, "reverse_linear", "cnot23 cnot12 cnot01"),
        (4, "circular", "cnot30 cnot01 cnot12 cnot23"),
        (4, "full", "cnot01 cnot02 cnot03 cnot12 cnot13 cnot23"),
    ],
)
def test_real_amplitudes_turns_about_y_and_then_entangles(qubits, entanglement, pairs):
    circuit = real_amplitudes(qubits=qubits, layers=2, entanglement=entanglement)
    turns = " ".join(f"ry{qubit}" for qubit in range(qubits))
    assert _text(circuit.gates) == f"{turns} {pairs}".strip()
    assert circuit.shape == (2, qubits)
    assert not np.any(reference.unitary(circuit, _angles(2, qubits)).imag)


@pytest.mark.parametrize("entanglement", ENTANGLEMENTS)
def test_real_amplitudes_is_qiskits_with_one_more_set_of_cnots(entanglement):
    library = pytest.importorskip("qiskit.circuit.library")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    circuit = real_amplitudes(qubits=3, layers=3, entanglement=entanglement)
    theta = _angles(3, 3)
    theirs = library.real_amplitudes(3, reps=2, entanglement=entanglement).assign_parameters(theta.ravel())
    cnots = reference.unitary(replace(circuit, layers=1), np.zeros((1, 3)))
    expected = cnots @ operator(theirs.reverse_bits()).data  # Qiskit's qubit 0 is the least significant
    np.testing.assert_allclose(reference.unitary(circuit, theta), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("features", "layer"),
    [
        (1, "x0q0 x0q1 g0"),
        (2, "x0q0 x1q1 g0"),
        (3, "x0q0 x1q1 g0 x2q0 g1"),
        (4, "x0q0 x1q1 g0 x2q0 x3q1 g1"),
    ],
)
def test_features_go_over_the_qubits_in_rounds(features, layer):
    base = Circuit(2, 3, (Gate("rxx", (0, 1), theta=0),), (Gate("h", (0,)),), scale=2.0)
    circuit = reuploading(base, features=features, axis="z")
    told = [f"g{gate.theta}" if gate.x is None else f"x{gate.x}q{gate.qubits[0]}" for gate in circuit.gates]
    assert " ".join(told) == layer
    assert {gate.name for gate in circuit.gates if gate.x is not None} == {"rz"}
    assert (circuit.features, circuit.layers, circuit.scale) == (features, 3, 2.0)
    assert circuit.prefix == base.prefix


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_reuploading_alternates_features_and_layers(axis):
    base = hea(qubits=2, layers=2)
    theta, x = _angles(2, 12), np.array([0.3, -0.7, 1.1, 0.4])
    expected = np.eye(4)
    for layer in theta:
        for angles, features in zip(np.split(layer, 2), np.split(x, 2), strict=True):
            turns = reference.kron(reference.matrix(f"r{axis}", feature) for feature in features)
            expected = reference.unitary(replace(base, layers=1), angles[None]) @ turns @ expected
    found = reference.unitary(reuploading(base, features=4, axis=axis), theta, x)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_turns_about_one_axis_add_up_over_the_layers():
    circuit = reuploading(Circuit(1, 5, (Gate("ry", (0,), theta=0),)), features=1)
    theta, x = _angles(5, 1), np.linspace(-2, 2, 7)[:, None]
    found = reference.expectations(circuit, theta, np.eye(2)[[0] * 7], (0,), x)
    np.testing.assert_allclose(found, np.cos(5 * x + theta.sum()), rtol=0, atol=1e-14)


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("base", [EVERY_GATE, universal(qubits=2, layers=4)], ids=["every gate", "universal"])
def test_a_mirrored_circuit_is_each_block_and_its_inverse(base, blocks):
    circuit = mirrored(base, blocks=blocks)
    depth, angles = base.layers // blocks, base.shape[1]
    assert circuit.shape == (blocks, 2 * depth * angles)
    theta = _angles(blocks, 2, depth, angles)
    block, start = replace(base, layers=depth, prefix=()), replace(base, layers=1, gates=())
    expected = reference.unitary(start, np.zeros((1, 0)))
    for forth, back in theta:
        undone = reference.unitary(block, -back).conj().T
        expected = undone @ reference.unitary(block, forth) @ expected
    found = reference.unitary(circuit, theta.reshape(circuit.shape))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("layers", "rank"), [(1, 1), (2, 4)])
def test_a_block_of_one_layer_of_hea_never_entangles(layers, rank):
    circuit = mirrored(hea(qubits=2, layers=layers))
    full = reference.unitary(circuit, _angles(*circuit.shape))
    by_qubit = full.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)  # of rank 1 if a product of two matrices
    assert np.linalg.matrix_rank(by_qubit, tol=1e-10) == rank


def test_mirror_angles_pairs_each_angle_with_its_inverses():
    block = mirrored(universal(qubits=2, layers=2), blocks=2)
    assert mirror_angles(block) == [(i, i + 5) for i in range(5)]
    rounds = reuploading(block, features=4)
    assert mirror_angles(rounds) == [(i, i + 5) for i in (*range(5), *range(10, 15))]
    assert mirror_angles(mirrored(EVERY_GATE)) == [(i, i + 2 * len(ROTATIONS)) for i in range(2 * len(ROTATIONS))]


STUDENTS = {
    "strongly entangling, dense angle": (strongly_entangling(qubits=3, layers=4), encodings.dense_angle, 6),
    "real amplitudes, zero": (real_amplitudes(qubits=3, layers=2), encodings.zero, 2),
    "re-uploading, zero": (reuploading(hea(qubits=3, layers=2), features=5), encodings.zero, 5),
    "re-uploading, mirrored, IQP": (
        reuploading(mirrored(real_amplitudes(qubits=3, layers=2)), features=2, axis="x"),
        functools.partial(encodings.iqp, repeats=1),
        3,
    ),
}


@pytest.mark.parametrize(("circuit", "encoding", "features"), STUDENTS.values(), ids=STUDENTS)
def test_a_student_without_a_head_reads_each_ansatz_and_encoding(circuit, encoding, features):
    model = QuantumStudent(circuit, classes=3, encoding=encoding, head="none")
    x = jax.random.normal(jax.random.key(0), (12, features))
    theta = jnp.asarray(_angles(*circuit.shape), "float32")
    read = jax.jit(model.apply)({"params": {"theta": theta}}, x)
    states = jax.jit(encoding, static_argnums=1)(x, 3)
    expected = reference.expectations(circuit, theta, states, (0, 1, 2), x)
    np.testing.assert_allclose(read, expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: strongly_entangling(qubits=0, layers=1), "`qubits` must be at least 1, but is 0"),
        (lambda: strongly_entangling(qubits=2, layers=0), "`layers` must be at least 1, but is 0"),
        *[
            (
                lambda ranges=ranges: strongly_entangling(qubits=3, layers=1, ranges=ranges),
                r"`ranges` must hold integers of 1 \.\.\. 2 for 3 qubits, but is ",
            )
            for ranges in [(0,), (1, 3), (), (1.0,)]
        ],
        (lambda: strongly_entangling(qubits=1, layers=1, ranges=(1,)), r"1 \.\.\. 0 for 1 qubits, but is \(1,\)"),
        (lambda: real_amplitudes(qubits=0, layers=1), "`qubits` must be at least 1, but is 0"),
        (
            lambda: real_amplitudes(qubits=2, layers=1, entanglement="ring"),
            "`entanglement` must be one of 'linear', 'reverse_linear', 'circular', 'full', but is 'ring'",
        ),
        (lambda: reuploading(EVERY_GATE, features=0), "`features` must be at least 1, but is 0"),
        (lambda: reuploading(EVERY_GATE, features=1, axis="w"), "`axis` must be one of 'x', 'y', 'z', but is 'w'"),
        (lambda: mirrored(EVERY_GATE, blocks=0), "`blocks` must be at least 1, but is 0"),
        (lambda: mirrored(EVERY_GATE, blocks=3), "`blocks` must divide the circuit's 2 layers evenly, but is 3"),
        (
            lambda: mirrored(reuploading(EVERY_GATE, features=1)),
            r"`circuit` must have layers that no feature drives, .* reuploading\(mirrored\(circuit\)",
        ),
        (lambda: mirror_angles(hea(qubits=2, layers=2)), r"`circuit` must be mirrored, .* `jaxqkd.circuits.mirr"),
        (
            lambda: mirror_angles(Circuit(1, 1, (Gate("s", (0,)),))),
            "`circuit` must be mirrored, but is of 1 gates",
        ),
    ],
)
def test_what_makes_no_circuit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
