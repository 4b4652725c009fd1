import jax
import jax.numpy as jnp
import numpy as np
import pennylane as qml
import pytest

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate, from_pennylane, hea, reuploading, to_pennylane
from tests import reference
from tests.circuits.random_circuits import rich_circuit


def drawn(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape)


def strongly_entangling(weights):
    qml.StronglyEntanglingLayers(weights, wires=range(weights.shape[1]))


def basic_entangler(weights, x):
    qml.AngleEmbedding(x, wires=range(len(x)), rotation="Z")
    qml.BasicEntanglerLayers(weights, wires=range(len(x)), rotation=qml.RY)


def iqp(weights, x):
    qml.IQPEmbedding(x, wires=range(len(x)), n_repeats=2)
    qml.BasicEntanglerLayers(weights, wires=range(len(x)))


def amplitude(weights, x):
    wires = range(weights.shape[1])
    qml.AmplitudeEmbedding(x, wires=wires, normalize=True, pad_with=0.0)
    qml.BasicEntanglerLayers(weights, wires=wires)


def two_design(theta, weights):
    qml.SimplifiedTwoDesign(theta, weights, wires=range(len(theta)))


def random_layers(weights):
    qml.RandomLayers(weights, wires=range(weights.shape[1]), seed=3)


TEMPLATES = {
    "StronglyEntanglingLayers": (strongly_entangling, lambda n: {"weights": drawn(3, n, 3)}),
    "BasicEntanglerLayers": (basic_entangler, lambda n: {"weights": drawn(3, n), "x": drawn(n)}),
    "IQPEmbedding": (iqp, lambda n: {"weights": drawn(2, n), "x": drawn(n)}),
    "AmplitudeEmbedding": (amplitude, lambda n: {"weights": drawn(2, n), "x": drawn(2**n - 1)}),
    "SimplifiedTwoDesign": (two_design, lambda n: {"theta": drawn(n), "weights": drawn(2, n - 1, 2)}),
    "RandomLayers": (random_layers, lambda n: {"weights": drawn(2, n)}),
}


def states(function, arguments, qubits):
    """The state of PennyLane's own simulation, and that of the circuit that was read."""

    @qml.qnode(qml.device("default.qubit", wires=qubits))
    def theirs():
        function(**arguments)
        return qml.state()

    found = from_pennylane(function, arguments)
    x = np.ravel(arguments.get("x", ()))
    start = np.eye(2**qubits)[0]
    if found.encoding == "amplitude":
        start = np.pad(x, (0, 2**qubits - len(x))) / np.linalg.norm(x)
    return theirs(), reference.evolved(found.circuit, found.theta, start, x)


@pytest.mark.parametrize("qubits", range(2, 7))
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_are_read(name, qubits):
    function, arguments = TEMPLATES[name]
    theirs, ours = states(function, arguments(qubits), qubits)
    assert reference.distance(ours, theirs) < 1e-6


def operations(weights, x, count):
    qml.RX(2 * weights[0] + np.pi / 2, 0)
    qml.RZ((np.pi - x[0]) * (np.pi - x[1]) * 2 - x[0] ** 2 * x[1], 1)
    qml.Rot(*weights, 2)
    qml.adjoint(qml.Rot)(*weights, 3)
    qml.RY(qml.math.dot(np.array([0.2, 0.3]), x) + qml.math.sum(weights), 3)
    qml.adjoint(qml.S)(0)
    qml.ctrl(qml.RX, control=0)(weights[1], wires=1)
    qml.PauliRot(weights[2], "XYZ", wires=[0, 1, 2])
    qml.SingleExcitation(weights[0], wires=[0, 1])
    qml.DoubleExcitation(0.3, wires=[0, 1, 2, 3])
    qml.QFT(range(count))
    qml.CRot(*weights, [3, 0])
    qml.QubitUnitary(np.array([[0, 1j], [1, 0]]), 1)
    qml.U2(0.1, 0.2, 0)
    qml.U3(0.1, 0.2, 0.3, 1)
    qml.MultiControlledX([0, 1, 2, 3])
    qml.adjoint(qml.IsingXX(0.2, [1, 0]))
    qml.GlobalPhase(0.3)
    qml.Barrier()
    qml.ControlledPhaseShift(x[1], [1, 2])
    qml.CH([0, 1])
    qml.CY([1, 2])
    qml.ISWAP([0, 1])
    qml.CSWAP([0, 1, 2])
    qml.SX(2)


def test_other_operations_are_decomposed():
    theirs, ours = states(operations, {"weights": drawn(3), "x": drawn(2), "count": 4}, 4)
    assert reference.distance(ours, theirs) < 1e-6


def test_constant_states_are_prepared_by_gates():
    def prepared(weights):
        qml.AmplitudeEmbedding(np.array([0.6, 0, 0, 0.8j]), wires=range(2))
        qml.RX(weights[0], 0)

    theirs, ours = states(prepared, {"weights": drawn(1)}, 2)
    assert reference.distance(ours, theirs) < 1e-6


def test_a_node_becomes_a_student_with_its_logits():
    @qml.qnode(qml.device("default.qubit", wires=["a", "b", "c"]))
    def node(x, weights):
        for layer in weights:
            qml.AngleEmbedding(x, wires=["a", "b", "c"], rotation="Y")
            qml.StronglyEntanglingLayers(layer[None], wires=["a", "b", "c"], ranges=[1])
        return qml.expval(qml.Z("c")), qml.expval(qml.Z("a"))

    weights, x = drawn(4, 3, 3), drawn(2, 3)
    found = from_pennylane(node, {"x": x[0], "weights": weights})
    assert found.circuit == reuploading(hea(qubits=3, layers=4), features=3)
    assert found.measured == (2, 0)
    np.testing.assert_array_equal(found.theta, weights.reshape(4, 9))
    assert found.names[1][:2] == ("weights[1,0,0]", "weights[1,0,1]")
    with jax.enable_x64(True):
        student = jq.models.student_of(found, classes=2, head="none")
        ours = np.asarray(student.apply({"params": {"theta": jnp.asarray(found.theta)}}, jnp.asarray(x)))
    np.testing.assert_allclose(ours, [node(row, weights) for row in x], atol=1e-6)


def test_a_student_of_amplitudes_has_the_encoding():
    arguments = {"weights": drawn(2, 3), "x": drawn(7)}
    found = from_pennylane(amplitude, arguments)
    assert (found.encoding, found.circuit.features) == ("amplitude", 0)
    assert jq.models.student_of(found, classes=3).encoding is jq.quantum.encodings.amplitude
    with pytest.raises(ValueError, match="`imported` must be an Imported, but is a Circuit"):
        jq.models.student_of(found.circuit, classes=3)


@pytest.mark.parametrize("seed", range(3))
def test_the_round_trip_keeps_the_unitary_of_a_random_circuit(seed):
    circuit, theta, x = rich_circuit(seed)
    expected = reference.unitary(circuit, theta, x)
    theirs = to_pennylane(circuit)
    assert reference.distance(qml.matrix(theirs, wire_order=range(3))(theta, x), expected) < 1e-6
    found = from_pennylane(theirs, {"theta": theta, "x": x})
    assert found.circuit.layers == circuit.layers
    assert reference.distance(reference.unitary(found.circuit, found.theta, x), expected) < 1e-6


def refused():
    for function, message in [
        (
            lambda weights, x: qml.RX(jnp.sin(x[0]), 0),
            r"one with sin\(x\[0\]\) in operation 0 \(RX\). jaxqkd.models",
        ),
        (
            lambda weights, x: qml.RX(weights[0] * x[0], 0),
            r"linear in its trained .* weights\[0\] \* x\[0\] in oper",
        ),
        (
            lambda weights, x: qml.RX(weights[0] * weights[1], 0),
            r"one with weights\[0\] \* weights\[1\] in operation 0",
        ),
        (lambda weights, x: qml.RX(np.sin(x[0]), 0), r"one that JAX can trace, .* Write it with jax.numpy"),
        (lambda weights, x: qml.RX(0.1, 0) if x[0] > 0 else None, r"one that JAX can trace"),
        (lambda weights, x, other: None, "be those of the function, but is others: missing a required argument"),
        (lambda weights, x: qml.RX(x, 0), r"give each gate one angle, but is more for operation 0 \(RX\)"),
        (
            lambda weights, x: qml.measure(0),
            r"decomposes into gates, but is one with operation 0 \(MidMeasureMP\)",
        ),
        (lambda weights, x: qml.expval(qml.X(0)), r"measure Z of single qubits, but is one with expval\(X\(0\)\)"),
        (
            lambda weights, x: (qml.Hadamard(0), qml.AmplitudeEmbedding(x, [0], normalize=True)),
            r"prepare a state of features first, on all qubits",
        ),
        (
            lambda weights, x: qml.AmplitudeEmbedding(x[::-1], [0], normalize=True),
            "whose amplitudes are all features in order",
        ),
    ]:
        yield pytest.param(function, message, id=message)


@pytest.mark.parametrize(("function", "message"), list(refused()))
def test_what_is_not_read_is_refused_by_its_operation(function, message):
    with pytest.raises(ValueError, match=message):
        from_pennylane(function, {"weights": drawn(2), "x": drawn(2)})


def test_arguments_are_named_and_have_one_role():
    def function(a, b=0.3):
        qml.RX(a * 2, 0)
        qml.RX(b, 0)

    gates = from_pennylane(function, {"a": 0.2}, trained=("a",)).circuit.gates
    assert gates == (Gate("rx", (0,), theta=0, factor=2.0), Gate("rx", (0,), offset=0.3))
    with pytest.raises(
        ValueError, match=r"real numbers, but is 'a', which is neither. Say which it is: trained=\(\"a"
    ):
        from_pennylane(function, {"a": 0.2})
    with pytest.raises(ValueError, match="`arguments` must hold the function's arguments, but is"):
        from_pennylane(function, [0.2])
    with pytest.raises(ValueError, match="`arguments` must hold numbers for what is trained or a feature"):
        from_pennylane(function, {"a": "0.2"}, trained=("a",))
    with pytest.raises(ValueError, match="be a QNode or a quantum function, but is a Circuit"):
        from_pennylane(hea(qubits=1, layers=1), {})


def test_angles_that_do_not_fit_are_refused():
    queue = to_pennylane(Circuit(1, 2, (Gate("rx", (0,), theta=0), Gate("ry", (0,), x=0))))
    with pytest.raises(ValueError, match=r"`x` must have the shape \[D\] with D of at least 1"):
        queue([[0.1], [0.2]])
    with pytest.raises(ValueError, match=r"`theta` must have the shape \(2, 1\)"):
        queue([[0.1]], [0.3])
    assert len(qml.tape.make_qscript(queue)([[0.1], [0.2]], [0.3]).operations) == 4
