import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import Circuit, Gate, hea
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import NoiseModel, channels
from jaxqkd.quantum.simulators import monte_carlo, pauli, trajectories

CONFUSION = np.array([[0.95, 0.05], [0.2, 0.8]])
NOISE = NoiseModel(
    one_qubit_gates=channels.amplitude_damping(0.1),
    two_qubit_gates=channels.depolarizing(0.1, qubits=2),
    layers=channels.phase_flip(0.1),
    mid_circuit=((1,), ()),
)
COUNT = 600


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "noise",
    [
        NOISE,
        NoiseModel(
            one_qubit_gates=channels.thermal_relaxation(1.0, 1.2, 0.3),
            two_qubit_gates=channels.bit_flip(np.array([0.1, 0.2])),
            readout=channels.amplitude_damping(0.3),
            mid_circuit=((), (0, 1)),
        ),
    ],
)
@pytest.mark.slow
def test_the_mean_of_trajectories_is_the_exact_value_within_four_standard_errors(noise):
    circuit = hea(qubits=2, layers=2)
    random = np.random.default_rng(0)
    theta, states = random.normal(size=circuit.shape).astype("float32"), jnp.eye(4)[:2]

    @jax.jit
    def run(key):
        drawn = monte_carlo.samples(key, circuit, theta, states, measured=(1, 0), noise=noise, count=COUNT)
        return drawn, pauli.expectations(circuit, theta, states, measured=(1, 0), noise=noise)

    found, exact = map(np.asarray, run(jax.random.key(0)))
    error = found.std(axis=0) / np.sqrt(COUNT)
    assert np.all(np.abs(found.mean(axis=0) - exact) < 4 * error)
    assert np.all(error < 0.04)


def test_trajectories_of_gates_that_features_drive_without_chance_are_exact():
    gates = (Gate("ry", (0,), theta=0), Gate("crx", (0, 1), x=1), Gate("rzz", (1, 0), theta=1))
    circuit = Circuit(2, 2, gates, (Gate("h", (1,)), Gate("ry", (0,), x=0)), scale=0.5)
    random = np.random.default_rng(0)
    theta, x = random.normal(size=circuit.shape).astype("float32"), random.normal(size=(3, 2)).astype("float32")
    states = jnp.eye(4)[:3]
    noise = NoiseModel(channels.bit_flip(1.0), layers=channels.amplitude_damping(0.0), confusion=CONFUSION)
    options = {"measured": (1, 0), "x": x, "noise": noise}

    @jax.jit
    def run(theta):
        drawn = trajectories(2).expectations(circuit, theta, states, key=jax.random.key(0), **options)
        return drawn, pauli.expectations(circuit, theta, states, **options)

    close(*run(theta))


@pytest.mark.slow
def test_a_student_by_trajectories_takes_the_same_parameters_and_differentiates():
    x = jax.random.normal(jax.random.key(0), (20, 4))
    student = QuantumStudent(hea(qubits=2, layers=1), classes=3)
    params = student.init(jax.random.key(1), x)
    noisy = student.clone(noise=NoiseModel(channels.phase_flip(0.0)), simulator=trajectories(1))

    def loss(params, model):
        return jnp.sum(model.apply(params, x, rngs={"shots": jax.random.key(0)}) ** 2)

    found, expected = jax.jit(lambda params: [jax.grad(loss)(params, model) for model in (noisy, student)])(params)
    jax.tree.map(functools.partial(close, tolerance=1e-4), found, expected)
    clean = noisy.clone(noise=None).apply(params, x, rngs={"shots": jax.random.key(0)})
    close(clean, student.apply(params, x))


def test_a_number_of_trajectories_and_a_key_are_needed():
    circuit = hea(qubits=2, layers=1)
    theta, states = jnp.zeros(circuit.shape), jnp.eye(4)[:1]
    for wrong in (0, 1.5):
        with pytest.raises(ValueError, match=r"`count` must be (at least 1|an integer), but is"):
            trajectories(wrong)
    with pytest.raises(ValueError, match=r"`key` must be a random key where values are sampled, but is None"):
        trajectories(1).expectations(circuit, theta, states, measured=(0,), noise=NOISE)
    assert trajectories(1).rngs == ("shots",)
