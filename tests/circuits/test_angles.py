"""Angles with factors, offsets and products, fixed angles and matrices, through every interpreter."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import backend, export
from jaxqkd.circuits import Circuit, Gate, describe, hea, mirrored, resolved, to_tensorcircuit, unitary
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import NoiseModel, channels, encodings
from jaxqkd.quantum import simulators as sims
from jaxqkd.quantum.noise.schedule import schedule
from jaxqkd.quantum.simulators import sampling
from jaxqkd.quantum.simulators.statevector import lowering
from tests import reference

PI = np.pi


def _random_unitary(size, seed):
    entries = np.random.default_rng(seed).normal(size=(size, size, 2))
    return np.linalg.qr(entries @ [1, 1j])[0]


TURNS = (
    Gate("ry", (0,), theta=0, factor=2.0, offset=PI / 2),
    Gate("rx", (1,), theta=0),
    Gate("rz", (2,), theta=0, factor=2.0, offset=PI / 2),  # the same column as the first
    Gate("rzz", (0, 2), theta=1, factor=-0.5),
    Gate("rx", (2,), x=1, factor=-1.5, offset=0.3),
    Gate("rxx", (2, 1), x=(2, 0), factor=2.0, offset=-PI),
    Gate("ry", (1,), x=(0, 0)),
    Gate("ryy", (0, 1), x=2),
    Gate("ry", (0,), offset=0.4),
    Gate("rx", (1,), offset=-1.1),
    Gate("rzz", (1, 2), offset=2.2),
    Gate("ryy", (2, 0), offset=0.9),
    Gate("cnot", (0, 1)),
)
START = (
    Gate("ry", (0,), x=3, factor=0.5),
    Gate("rz", (1,), x=(1, 0), offset=0.2),
    Gate("rx", (2,), offset=0.7),
    Gate("h", (1,)),
)
AFFINE = Circuit(3, 2, TURNS, START, scale=0.75)
TRAINED_ONLY = Circuit(3, 2, tuple(gate for gate in TURNS if gate.x is None), scale=2.0)
FEATURES_ONLY = Circuit(3, 2, tuple(gate for gate in TURNS if gate.x is not None), START)
MATRICES = Circuit(
    3,
    2,
    (
        Gate("ry", (0,), theta=0),
        unitary(_random_unitary(2, 0), (1,)),
        unitary(_random_unitary(4, 1), (2, 0)),
        unitary(_random_unitary(8, 2), (1, 2, 0)),
    ),
    (unitary(np.array([[0, 1], [1, 0]]), (0,)), unitary(np.diag([1, 1, 1, -1]), (0, 1))),
)
CIRCUITS = {"all": AFFINE, "trained": TRAINED_ONLY, "features": FEATURES_ONLY, "matrices": MATRICES}


def inputs(circuit, batch):
    theta = np.random.default_rng(5).uniform(-2, 2, circuit.shape)
    rng = np.random.default_rng(6)
    states = rng.normal(size=(batch, 2**circuit.qubits, 2)) @ [1, 1j]
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    return theta, states, rng.normal(size=(batch, 4))


def close(found, expected, tolerance=3e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def simulated(simulator, circuit, theta, states, x, **options):
    function = jax.jit(
        lambda *each: simulator.expectations(circuit, *each[:2], measured=(2, 0), x=each[2], **options)
    )
    return function(jnp.asarray(theta, float), jnp.asarray(states, complex), jnp.asarray(x, float))


@pytest.mark.parametrize("simulator", [sims.exact(), sims.tensorcircuit()], ids=["exact", "tensorcircuit"])
@pytest.mark.parametrize("batch", [2, 9])
@pytest.mark.parametrize("name", CIRCUITS)
def test_pure_states_are_those_of_the_reference(name, batch, simulator):
    circuit = CIRCUITS[name]
    theta, states, x = inputs(circuit, batch)
    expected = reference.expectations(circuit, theta, states, (2, 0), x)
    close(simulated(simulator, circuit, theta, states, x), expected)


@pytest.mark.parametrize("simulator", [sims.exact(), sims.tensorcircuit()], ids=["exact", "tensorcircuit"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_noisy_values_are_those_of_the_reference(name, simulator):
    circuit = CIRCUITS[name]
    theta, states, x = inputs(circuit, 2)
    noise = NoiseModel(
        one_qubit_gates=channels.amplitude_damping(0.1), two_qubit_gates=channels.depolarizing(0.05)
    )
    kraus = {"one": [reference.amplitude_damping(0.1)], "two": [reference.depolarizing(0.05)]}
    expected = reference.noisy_expectations(circuit, theta, states, (2, 0), x, **kraus)
    close(simulated(simulator, circuit, theta, states, x, noise=noise), expected)


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.exhaustive
def test_trajectories_without_errors_and_probabilities_are_those_of_the_reference(name):
    circuit = CIRCUITS[name]
    theta, states, x = inputs(circuit, 2)
    expected = reference.expectations(circuit, theta, states, (2, 0), x)
    options = {"noise": NoiseModel(layers=channels.bit_flip(0.0)), "key": jax.random.key(0)}
    close(simulated(sims.trajectories(1), circuit, theta, states, x, **options), expected)
    outcomes = sampling.probabilities(
        circuit, jnp.asarray(theta), jnp.asarray(states), measured=(2, 0), x=jnp.asarray(x)
    )
    close(sampling.means(outcomes), expected)


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_circuit_of_tensorcircuit_has_the_unitary(name):
    circuit = CIRCUITS[name]
    theta, _, x = inputs(circuit, 1)
    with backend.on_jax("complex64"):
        found = to_tensorcircuit(circuit, theta, x[0]).quoperator().eval_matrix()
    close(found, reference.unitary(circuit, theta, x[0]))


@pytest.mark.parametrize("name", ["all", "trained", "features"])
def test_a_program_gives_the_logits_of_the_student(name):
    pytest.importorskip("qiskit")
    student = QuantumStudent(CIRCUITS[name], classes=2, encoding=encodings.zero)
    x = np.array([0.3, -1.2, 0.8, 0.5])
    params = student.init(jax.random.key(0), x[None])
    for program in (
        export.openqasm(student, params),
        *(export.openqasm(student, params, x, version=version) for version in (2, 3)),
    ):
        assert export.compare(student, params, x, program)[0] < 3e-6


def test_gradients_with_factors_are_those_of_shifted_angles():
    theta, states, x = inputs(AFFINE, 1)
    read = functools.partial(reference.expectations, AFFINE, states=states, measured=(2,), x=x)

    def ours(theta, x):
        return simulated(sims.exact(), AFFINE, theta, states, x)[0, 0]

    with jax.enable_x64(True):
        by_theta, by_x = jax.grad(ours, argnums=(0, 1))(theta, x)
    step = 1e-5
    for place in np.ndindex(theta.shape):
        shift = np.zeros_like(theta)
        shift[place] = step
        slope = (read(theta + shift)[0, 0] - read(theta - shift)[0, 0]) / (2 * step)
        close(by_theta[place], slope, 1e-8)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = step
        values = [reference.expectations(AFFINE, theta, states, (2,), x + sign * shift)[0, 0] for sign in (1, -1)]
        close(by_x[place], (values[0] - values[1]) / (2 * step), 1e-8)


def test_plain_circuits_are_passed_on_as_they_are():
    circuit, theta, x = hea(qubits=2, layers=3), jnp.ones((3, 6)), jnp.ones((4, 2))
    assert all(one is other for one, other in zip(resolved(circuit, theta, x), (circuit, theta, x), strict=True))
    driven = Circuit(2, 1, (Gate("ry", (0,), theta=0), Gate("ry", (1,), x=1), Gate("rx", (0,), offset=0.3)))
    assert resolved(driven, theta)[0] is driven


def test_each_angle_that_differs_is_one_column():
    theta, _, x = inputs(AFFINE, 2)
    circuit, angles, features = resolved(AFFINE, jnp.asarray(theta, float), jnp.asarray(x, float))
    assert (circuit.shape, circuit.features, circuit.scale) == ((2, 3), 6, 1.0)
    scaled = 0.75 * theta
    close(angles, np.stack([2 * scaled[:, 0] + PI / 2, scaled[:, 0], -scaled[:, 1] / 2], axis=1))
    expected = [
        x[:, 3] / 2,
        x[:, 0] * x[:, 1] + 0.2,
        0.3 - 1.5 * x[:, 1],
        2 * x[:, 0] * x[:, 2] - PI,
        x[:, 0] ** 2,
    ]
    close(features, np.stack([*expected, x[:, 2]], axis=1))
    assert AFFINE.features == 4
    assert resolved(circuit, angles, features)[0] is circuit


def test_mirrored_gates_with_offsets_and_matrices_are_undone():
    base = Circuit(
        3, 1, (*TRAINED_ONLY.gates, *(gate for gate in MATRICES.gates if gate.name == "unitary")), scale=0.5
    )
    circuit = mirrored(base)
    theta = np.random.default_rng(2).normal(size=base.shape)
    close(reference.unitary(circuit, np.concatenate([theta, -theta], axis=1)), np.eye(8), 1e-13)


def test_the_drawing_shows_factors_offsets_products_and_fixed_angles():
    shown = {
        Gate("ry", (0,), theta=0, factor=2.0, offset=PI / 2): "RY(2·t0 + π/2)",
        Gate("ry", (0,), x=(1, 0), factor=-1.0): "RY(-x0·x1)",
        Gate("ry", (0,), x=(1, 1, 0), factor=-PI, offset=-0.25): "RY(-π·x0·x1·x1 - 0.25)",
        Gate("ry", (0,), x=0, factor=1 / 3): "RY(0.3333·x0)",
        Gate("ry", (0,), offset=-3 * PI / 4): "RY(-3π/4)",
        Gate("ry", (0,)): "RY(0)",
        unitary(np.eye(2), (0,)): "U",
    }
    for gate, text in shown.items():
        assert f"║─{text}─║" in describe(Circuit(1, 1, (gate,))).drawing


def test_unplain_angles_do_not_reach_kernels():
    for function in (
        lambda: lowering.steps(AFFINE.gates, 3),
        lambda: schedule(AFFINE, NoiseModel(), (0,)),
    ):
        with pytest.raises(ValueError, match=r"have plain angles, but is .* Pass what jaxqkd.circuits.resolved"):
            function()


def _gate(*arguments, **options):
    return lambda: Circuit(2, 1, (Gate(*arguments, **options),))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        *[
            (
                _gate("ry", (1,), theta=0, **{field: bad}),
                rf"`gate.{field}` must be a finite number for 'ry' on \(1,\), but is {bad}",
            )
            for field in ("factor", "offset")
            for bad in (np.nan, np.inf, -np.inf, "2", None)
        ],
        (
            _gate("ry", (1,), theta=0, x=0),
            r"not both be set for 'ry' on \(1,\), but is \(0, 0\)\. Write two rotations, whose angles add up",
        ),
        (
            _gate("ry", (1,), factor=2.0),
            r"`gate.factor` must be 1 for 'ry' on \(1,\), whose angle is fixed, but is 2",
        ),
        (
            _gate("h", (1,), offset=0.3),
            r"be None, None, 1, 0 for 'h', which has no angle, but is \(None, None, 1.0, 0.3",
        ),
        (_gate("h", (1,), factor=2), r"for 'h', which has no angle, but is \(None, None, 2.0, 0.0\)"),
        (_gate("ry", (0,), x=()), r"`gate.x` must hold an index of a feature, but is empty"),
        (_gate("ry", (0,), x=(0, -1)), r"`gate` must be at least 0, but is -1"),
        (
            _gate("unitary", (0,)),
            r"`gate.matrix` must be given for \"unitary\" and for no other gate, but is 'unitary'",
        ),
        (
            _gate("h", (0,), matrix=((1, 0), (0, 1))),
            r"for no other gate, but is 'h'\. Make it by jaxqkd.circuits.unitary",
        ),
        (
            lambda: Circuit(2, 1, (unitary(np.eye(2), (0, 1)),)),
            r"`gate.matrix` must have the shape \[4, 4\] on \(0, 1\)",
        ),
        (lambda: Circuit(4, 1, (unitary(np.eye(16), range(4)),)), "1 to 3 qubits, but is"),
        (lambda: Circuit(2, 1, (unitary(np.ones((2, 2)), (0,)),)), r"`gate.matrix` must be unitary on \(0,\)"),
        (
            lambda: Circuit(2, 1, (unitary(np.eye(4), (0, 2)),)),
            r"`gate.qubits` must lie in 0 ... 1, but is \(0, 2\)",
        ),
        (_gate("unitary", (0,), theta=0, matrix=((1, 0), (0, 1))), "for 'unitary', which has no angle"),
    ],
)
def test_gates_without_a_meaning_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_the_refusals_leave_is_one_circuit_however_it_is_written():
    one = Circuit(2, 1, (Gate("ry", (1,), x=(1, 0), factor=2), unitary(np.eye(2), (0,))))
    other = Circuit(2, 1, [["ry", [1], None, [0, 1], np.float64(2.0)], unitary(np.eye(2, dtype=complex), [0])])
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other)
    assert Circuit(2, 1, (Gate("ry", (0,), x=(3,)),)).gates == (Gate("ry", (0,), x=3),)
