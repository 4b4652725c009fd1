import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd.circuits import hea
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import NoiseModel, channels, mitigation, simulators
from jaxqkd.quantum.simulators import pauli, sampling
from jaxqkd.quantum.simulators.outcomes import confused

CIRCUIT = hea(qubits=3, layers=2)
MEASURED = (2, 0)
CONFUSION = np.array([[0.95, 0.05], [0.2, 0.8]])


def inputs():
    random = np.random.default_rng(0)
    theta = random.uniform(-np.pi, np.pi, CIRCUIT.shape).astype("float32")
    states = random.normal(size=(2, 8)).astype("float32")
    return theta, states / np.linalg.norm(states, axis=1, keepdims=True)


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def trained():
    x = jax.random.normal(jax.random.key(0), (20, 4))
    student = QuantumStudent(hea(qubits=2, layers=1), classes=3)
    return x, student, student.init(jax.random.key(1), x)


@pytest.mark.parametrize("confusion", [CONFUSION, np.stack([np.eye(2), CONFUSION, CONFUSION[::-1, ::-1]])])
def test_mitigation_undoes_the_confusion(confusion):
    z = np.random.default_rng(0).uniform(-1, 1, (4, 2)).astype("float32")
    slope, shift = channels.confusion_line(confusion, MEASURED)
    close(mitigation.corrected(slope[None] * z + shift[None], confusion, MEASURED), z)
    outcomes = np.random.default_rng(1).dirichlet(np.ones(4), 3).astype("float32")
    read = confused(outcomes, channels.confusion_of(confusion, MEASURED))
    close(sampling.means(read), slope[None] * sampling.means(outcomes) + shift[None])
    close(mitigation.unconfused(read, confusion, MEASURED), outcomes)


def test_a_mitigated_student_is_exact_and_has_the_documented_variance(trained):
    x, student, params = trained
    noisy = student.clone(noise=NoiseModel(confusion=CONFUSION))
    corrected = mitigation.readout(simulators.exact())
    models = student, noisy, noisy.clone(simulator=corrected)
    exact, read, mitigated = jax.jit(lambda params: [model.apply(params, x) for model in models])(params)
    assert np.abs(read - exact).max() > 0.05
    close(mitigated, exact, 1e-5)
    z = jnp.zeros((4000, 1))
    read = sampling.marginals(jax.random.key(0), 0.75 * z + 0.15, 100)
    found = np.asarray(mitigation.corrected(read, CONFUSION, (0,)))
    deviation = np.sqrt((1 - 0.15**2) / 100) / 0.75
    assert abs(found.mean()) < 4 * deviation / np.sqrt(4000)
    close(found.std(), deviation, 4 * deviation / np.sqrt(8000))


def test_extrapolation_is_exact_for_polynomials_and_the_linear_one_for_lines():
    strengths = [0.01, 0.02, 0.03]
    s = jnp.asarray(strengths)
    close(mitigation.extrapolate(strengths, 0.7 - 3 * s + 40 * s**2), 0.7, 1e-5)
    lines = jnp.stack([0.7 - 3 * s, 0.2 + s], axis=1)
    close(mitigation.extrapolate(strengths, lines, degree=1), [0.7, 0.2], 1e-5)
    close(mitigation.extrapolate([1, 2], jnp.array([0.5, 0.3])), 0.7)
    close(mitigation.extrapolate([1, 2], jnp.array([0.5, 0.3]), degree=0), 0.4)


def test_extrapolated_noise_is_nearer_to_none():
    theta, states = inputs()
    strengths = [0.01, 0.02]

    @jax.jit
    def read(p):
        noise = NoiseModel(layers=channels.depolarizing(p))
        return pauli.expectations(CIRCUIT, theta, states, measured=MEASURED, noise=noise)

    values = jnp.stack([read(p) for p in strengths])
    exact = read(0.0)
    found = mitigation.extrapolate(strengths, values)
    assert np.abs(found - exact).max() < 0.1 * np.abs(values[0] - exact).max()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: mitigation.corrected(jnp.zeros((1, 1)), np.full((2, 2), 0.5), (0,)),
            "`confusion` must have an inverse",
        ),
        (lambda: mitigation.extrapolate([0.1, 0.1], jnp.zeros(2)), "`strengths` must hold each value once"),
        (
            lambda: mitigation.extrapolate([0.1, 0.2], jnp.zeros(3)),
            "`values` must lead with 2 strengths, but is 3",
        ),
        (lambda: mitigation.extrapolate([0.1, 0.2], jnp.zeros(2), degree=2), "`degree` must be at most 1"),
    ],
)
def test_what_cannot_be_mitigated_is_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_mitigation_needs_a_confusion_that_fits_and_is_of_any_simulator(trained):
    x, student, params = trained
    with pytest.raises(ValueError, match=r"`confusion` must be known, but is None\. Pass confusion="):
        student.clone(simulator=mitigation.readout(simulators.exact())).apply(params, x)
    wide = mitigation.readout(simulators.exact(), np.stack([CONFUSION] * 3))
    with pytest.raises(ValueError, match=r"`confusion` must have the shape \[2, 2\], or \[2, 2, 2\]"):
        student.clone(simulator=wide).apply(params, x)
    sampled = student.clone(simulator=mitigation.readout(simulators.shots(50), CONFUSION), head="none", classes=2)
    assert sampled.rngs == ("shots",)
    slope, shift = channels.confusion_line(CONFUSION, (0, 1))
    theta = {"params": {"theta": params["params"]["theta"]}}
    z = jax.jit(lambda key: sampled.apply(theta, x, rngs={"shots": key}))(jax.random.key(0))
    counts = 25 * (1 - (np.asarray(z) * slope[None] + shift[None]))  # of ones in 50 shots, before the correction
    close(counts, np.round(counts), 1e-3)
