"""TensorCircuit simulates whole circuits, and every fused path equals it, in values and in gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import Circuit, Gate, hea
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import NoiseModel, channels, encodings
from jaxqkd.quantum.simulators import exact, kernels, tensorcircuit
from tests import reference
from tests.reference import FIXED, ROTATIONS

CHANNELS = {
    "one_qubit_gates": [channels.amplitude_damping(np.array([0.1, 0.2, 0.3])), channels.bit_flip(0.05)],
    "two_qubit_gates": channels.phase_damping(0.2),
    "layers": [channels.thermal_relaxation(1.0, 1.5, 0.2), channels.phase_flip(0.1)],
    "readout": channels.depolarizing(0.15),
    "confusion": channels.readout_error(0.05, 0.1),
    "mid_circuit": [(1,), ()],
}
NOISES = {
    "every channel": NoiseModel(**CHANNELS),
    "two qubits": NoiseModel(two_qubit_gates=channels.depolarizing(0.1, qubits=2)),
}


def every_gate(qubits, seed, *, driven):
    """A circuit of two layers with each gate on random qubits in random order, each rotation also by a feature."""
    random = np.random.default_rng(seed)

    def draw(size):
        return tuple(random.permutation(qubits)[:size].tolist())

    rotations = {name: size for name, size in ROTATIONS.items() if size <= qubits}
    fixed = [Gate(name, draw(size)) for name, size in FIXED.items() if size <= qubits]
    trained = [Gate(name, draw(size), theta=index) for index, (name, size) in enumerate(rotations.items())]
    turned = [Gate(name, draw(size), x=int(random.integers(3))) for name, size in rotations.items()] * driven
    gates = [*fixed, *trained, *turned]
    random.shuffle(gates)
    prefix = [*fixed, *turned]
    random.shuffle(prefix)
    return Circuit(qubits, 2, tuple(map(tuple, gates)), tuple(map(tuple, prefix)), scale=0.5)


def draw(circuit, batch, *, seed=0):
    """Angles [L, P], features [B, 3], which are those of an encoding, too."""
    random = np.random.default_rng(seed)
    theta = random.uniform(-2 * np.pi, 2 * np.pi, circuit.shape).astype("float32")
    return theta, random.normal(size=(batch, 3)).astype("float32")


def read(simulator, circuit, encoding, measured, noise=None):
    """A function of theta and x that returns <Z> and the gradients of the sum of their squares by both."""

    def expectations(theta, x):
        states = encoding(x, circuit.qubits)
        return simulator.expectations(circuit, theta, states, measured=measured, x=x, noise=noise)

    def loss(theta, x):
        z = expectations(theta, x)
        return jnp.sum(z**2), z

    return jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))


def assert_equal(one, other, arguments):
    (slopes, z), (wanted_slopes, wanted) = one(*arguments), other(*arguments)
    np.testing.assert_allclose(z, wanted, rtol=0, atol=1e-6)
    for slope, wanted_slope in zip(slopes, wanted_slopes, strict=True):
        np.testing.assert_allclose(slope, wanted_slope, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("circuit", "encoding", "batch"),
    [
        (every_gate(3, 0, driven=False), encodings.amplitude, 3),
        pytest.param(
            *(every_gate(3, 1, driven=False), functools.partial(encodings.angle, axis="x"), 9),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(every_gate(3, 2, driven=True), encodings.iqp, 9, marks=pytest.mark.exhaustive),
    ],
    ids=["batch", "basis", "features"],
)
def test_fused_kernels_equal_tensorcircuit(circuit, encoding, batch):
    arguments = draw(circuit, batch)
    runs = [read(simulator, circuit, encoding, (2, 0)) for simulator in (exact(), tensorcircuit())]
    assert_equal(*runs, arguments)


@pytest.mark.parametrize(
    ("noise", "driven"),
    [
        pytest.param("every channel", False, marks=pytest.mark.exhaustive),
        pytest.param("every channel", True, marks=pytest.mark.exhaustive),
        ("two qubits", False),
    ],
)
def test_the_pauli_basis_equals_density_matrices_of_tensorcircuit(noise, driven):
    turn = Gate("ry", (1,), x=0) if driven else Gate("ry", (1,), theta=2)
    gates = (Gate("rx", (0,), theta=0), Gate("cnot", (2, 0)), turn, Gate("rzz", (0, 1), theta=1))
    trained = 2 if driven else 3
    circuit = Circuit(3, 2, gates, (Gate("h", (2,)), Gate("cz", (1, 2))), scale=0.5)
    assert circuit.shape == (2, trained)
    encoding = functools.partial(encodings.angle, axis="z")
    runs = [read(simulator, circuit, encoding, (2, 0), NOISES[noise]) for simulator in (exact(), tensorcircuit())]
    with jax.enable_x64(True):  # in float32 they differ by 1e-6 after so many products
        assert_equal(*runs, [value.astype(float) for value in draw(circuit, 2)])


@pytest.mark.exhaustive
def test_a_whole_student_runs_on_tensorcircuit():
    student = QuantumStudent(hea(qubits=2, layers=1), classes=3, measured=(1,), taps=("states", "expectations"))
    x = draw(student.circuit, 5)[1]
    params = student.init(jax.random.key(0), x)
    whole = student.clone(simulator=tensorcircuit())
    jax.tree.map(np.testing.assert_array_equal, whole.init(jax.random.key(0), x), params)
    found, expected = (jax.jit(model.apply)(params, x) for model in (whole, student))
    assert found.keys() == expected.keys() == {"logits", "states", "expectations"}
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-6), found, expected)


def test_float64_has_the_accuracy_of_complex128():
    circuit = Circuit(2, 2, (Gate("ry", (0,), theta=0), Gate("cnot", (0, 1))))
    with jax.enable_x64(True):
        theta, states = jnp.array([[0.3], [0.7]]), jnp.eye(4)[1:3]
        found = jax.jit(functools.partial(tensorcircuit().expectations, circuit, measured=(0, 1)))(theta, states)
    assert found.dtype == "float64"
    np.testing.assert_allclose(
        found, reference.expectations(circuit, theta, np.eye(4)[1:3], (0, 1)), rtol=0, atol=1e-14
    )


def test_a_gate_without_a_kernel_is_left_to_tensorcircuit(monkeypatch):
    circuit = Circuit(2, 2, (Gate("ry", (0,), theta=0), Gate("rxx", (0, 1), theta=1)), (Gate("h", (1,)),))
    theta, states = draw(circuit, 5)[0], jnp.eye(4)[:1].repeat(5, axis=0)
    expected = reference.final_states(circuit, theta, np.asarray(states))
    monkeypatch.setattr(kernels, "has_lowering", lambda gate: gate.name != "rxx")
    np.testing.assert_allclose(exact().final_states(circuit, theta, states), expected, rtol=0, atol=1e-6)
    assert exact().explain(circuit) == (
        "TensorCircuit simulates a state vector of 2^2 amplitudes for each example, on its JAX backend. "
        "There is no fused kernel for rxx."
    )
    monkeypatch.undo()
    assert exact().explain(circuit).startswith("Fused kernels simulate")


BOND = Circuit(3, 2, (*(Gate("ry", (q,), theta=q) for q in range(3)), Gate("cnot", (0, 1)), Gate("cnot", (2, 0))))


def test_matrix_product_states_of_full_bond_are_exact_and_of_bond_1_are_products():
    theta, x = draw(BOND, 2)
    states = encodings.angle(x, 3)
    with jax.numpy_rank_promotion("allow"):
        final = [
            jax.jit(functools.partial(tensorcircuit(bond).final_states, BOND))(theta, states) for bond in (2, 1)
        ]
    np.testing.assert_allclose(final[0], reference.final_states(BOND, theta, states), rtol=0, atol=1e-5)
    for state in np.asarray(final[1]):
        np.testing.assert_allclose(np.linalg.norm(state), 1, rtol=1e-5)
        assert np.linalg.svd(state.reshape(2, 4), compute_uv=False)[1] < 1e-5


@pytest.mark.exhaustive
def test_matrix_product_states_have_gradients_in_float64_alone():
    states = jnp.eye(8)[:1]

    def loss(theta, simulator):
        return simulator.expectations(BOND, theta, states.astype(theta.dtype), measured=(0, 2)).sum()

    theta = draw(BOND, 1)[0]
    with jax.numpy_rank_promotion("allow"):
        with pytest.raises(ValueError, match=r"`bond` must be None for a gradient in float32, .*enable_x64"):
            jax.eval_shape(jax.grad(functools.partial(loss, simulator=tensorcircuit(2))), theta)
        with jax.enable_x64(True):
            double = jnp.asarray(theta, float)
            found, expected = (
                jax.jit(jax.grad(functools.partial(loss, simulator=simulator)))(double)
                for simulator in (tensorcircuit(2), exact())
            )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, None),
        ({"bond": 2, "noise": NOISES["two qubits"]}, r"`bond` must be None under noise: .* pure, but is 2\. Use"),
        (
            {"noise": NoiseModel(mid_circuit=((0,),))},
            r"`noise.mid_circuit` must have one tuple of qubits for each",
        ),
        ({"theta": (1, 3)}, r"`theta` must have the circuit's shape"),
        ({"states": (2, 4)}, r"`states` must have the shape \[B, 8\]"),
        ({"measured": (3,)}, r"`measured` must name distinct qubits"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    arguments = {"theta": (2, 3), "states": (2, 8), "measured": (0,), "noise": None, "bond": None} | options
    simulator = tensorcircuit(arguments["bond"])

    def run(theta, states):
        return simulator.expectations(
            BOND, theta, states, measured=arguments["measured"], noise=arguments["noise"]
        )

    shapes = [jax.ShapeDtypeStruct(arguments[name], "float32") for name in ("theta", "states")]
    if message is None:
        assert jax.eval_shape(run, *shapes).shape == (2, 1)
    else:
        with pytest.raises(ValueError, match=message):
            jax.eval_shape(run, *shapes)


def test_a_bond_is_a_positive_number():
    assert tensorcircuit(3).bond == 3
    for wrong in (0, 1.5):
        with pytest.raises(ValueError, match=r"`bond` must be"):
            tensorcircuit(wrong)
