import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import devices
from jaxqkd.circuits import Circuit, Gate, hea, reuploading, universal
from jaxqkd.models import QuantumStudent
from tests import reference
from tests.devices.test_layout import line

LINE = line([0.01, 0.02, 0.03])


def difference(circuit, compiled, x=None):
    """The largest difference of an entry of both matrices, but for the phase and the permutation of qubits."""
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, circuit.shape)
    qubits = circuit.qubits
    before = reference.unitary(circuit, theta, x)
    after = reference.unitary(compiled.circuit, theta.reshape(compiled.circuit.shape), x)
    moved = after.reshape([2] * qubits + [2**qubits]).transpose([*compiled.final, qubits])
    moved = moved.reshape(2**qubits, -1)
    phase = np.trace(before.conj().T @ moved) / 2**qubits
    assert abs(phase) == pytest.approx(1, abs=1e-6)
    return abs(moved - phase * before).max()


EVERY_GATE = Circuit(
    3,
    2,
    (
        Gate("h", (0,)),
        Gate("rx", (1,), theta=0, factor=-0.5, offset=0.3),
        Gate("ry", (2,), theta=1),
        Gate("swap", (0, 2)),
        Gate("rzz", (1, 2), theta=0),
        Gate("cry", (0, 1), theta=2),
        Gate("ryy", (0, 2), theta=2),
        Gate("toffoli", (2, 0, 1)),
        Gate("sxdg", (1,)),
        Gate("t", (0,)),
        Gate("rz", (0,), offset=0.7),
    ),
    scale=0.5,
)


@pytest.mark.parametrize(
    "circuit",
    [universal(qubits=3, layers=2, hadamard=True), hea(qubits=3, layers=2), hea(qubits=1, layers=2), EVERY_GATE],
)
def test_a_compiled_circuit_is_the_same_unitary(circuit):
    compiled = LINE.compile(circuit)
    assert {gate.name for gate in compiled.circuit.gates} <= {"rz", "sx", "cz"}
    pairs = {compiled.layout[at[0]] - compiled.layout[at[1]] for at in _pairs(compiled.circuit)}
    assert pairs <= {-1, 1}
    assert difference(circuit, compiled) < 1e-6


def _pairs(circuit):
    return [gate.qubits for gate in circuit.gates if len(gate.qubits) == 2]


def test_layers_stay_layers_where_routing_brings_qubits_back():
    chain, ring = universal(qubits=4, layers=3), hea(qubits=4, layers=3)
    assert LINE.compile(chain).circuit.shape == chain.shape
    unfolded = LINE.compile(ring)
    assert unfolded.circuit.shape == (1, ring.shape[0] * ring.shape[1])
    assert difference(ring, unfolded) < 1e-6


def test_features_stay_features():
    circuit = reuploading(universal(qubits=2, layers=2), features=2)
    product = Circuit(2, 1, (*circuit.gates, Gate("rzz", (0, 1), x=(0, 1), factor=2.0)))
    compiled = LINE.compile(product)
    assert compiled.circuit.features == 2
    assert difference(product, compiled, x=np.array([0.4, -1.1])) < 1e-6


@pytest.mark.exhaustive
def test_a_student_on_a_device_has_the_same_scores():
    circuit, x = hea(qubits=3, layers=2), jnp.linspace(0, 1, 16).reshape(2, 8)
    student = QuantumStudent(circuit, classes=2, measured=(2, 0))
    params = student.init(jnp.zeros(2, "uint32"), x)
    compiled = LINE.compile(circuit)
    theta = params["params"]["theta"].reshape(compiled.circuit.shape)
    moved = {"params": params["params"] | {"theta": theta}}
    found = compiled.student(student).apply(moved, x)
    np.testing.assert_allclose(found, student.apply(params, x), atol=1e-5)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ((0, 1), "name 3 distinct qubits out of 0 ... 3"),
        ((0, 1, 1), "name 3 distinct qubits"),
        ((0, 1, 9), "name 3 distinct qubits"),
        ((0, 1, 3), "name connected qubits of line"),
        ((0.5, 1, 2), "name 3 distinct qubits"),
        (7, "be a sequence of qubits"),
        ("012", "be a sequence of qubits"),
    ],
)
def test_layouts_that_do_not_exist_are_refused(layout, message):
    with pytest.raises(ValueError, match=f"`layout` must {message}"):
        LINE.compile(hea(qubits=3, layers=1), layout=layout)


def test_a_layout_by_hand_is_kept():
    assert LINE.compile(universal(qubits=3, layers=1), layout=(3, 2, 1)).layout == (3, 2, 1)


def test_a_basis_of_u3_is_refused():
    with pytest.raises(ValueError, match="`device` must have a basis of rz, sx and cx, cz or ecr"):
        devices.load("almaden").compile(hea(qubits=2, layers=1), layout=(0, 1))
