import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd.circuits import Circuit, Gate, hea
from jaxqkd.quantum import NoiseModel, channels, mitigation
from jaxqkd.quantum.simulators import pauli, statevector, trajectories
from jaxqkd.quantum.simulators import shots as sampling
from tests import reference

CIRCUIT = hea(qubits=3, layers=2)
KEPT = (2, 0)
CONFUSION = np.array([[0.95, 0.05], [0.2, 0.8]])
NOISE = NoiseModel(
    one_qubit_gates=channels.amplitude_damping(0.1),
    two_qubit_gates=channels.depolarizing(0.1, qubits=2),
    layers=channels.phase_flip(0.1),
    mid_circuit=((1,), ()),
    confusion=CONFUSION,
)
SHOTS = 400


def inputs(batch=2):
    random = np.random.default_rng(0)
    theta = random.uniform(-np.pi, np.pi, CIRCUIT.shape).astype("float32")
    states = random.normal(size=(batch, 8)).astype("float32")
    return theta, states / np.linalg.norm(states, axis=1, keepdims=True)


def close(found, expected, tolerance=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def outcomes():
    """The probabilities [2, B, 4] without noise and with it, each by one compiled program."""
    theta, states = inputs()
    read = functools.partial(sampling.probabilities, CIRCUIT, measured=KEPT)
    return np.stack([jax.jit(functools.partial(read, noise=noise))(theta, states) for noise in (None, NOISE)])


def test_probabilities_are_those_of_the_states(outcomes):
    theta, states = inputs()
    final = np.abs(reference.final_states(CIRCUIT, theta, states)) ** 2
    expected = final.reshape(2, 2, 2, 2).sum(axis=2).transpose(0, 2, 1).reshape(2, 4)
    close(outcomes[0], expected)


def test_noisy_probabilities_are_those_of_the_density_matrix(outcomes):
    theta, states = inputs()
    same = {
        "one": [reference.amplitude_damping(0.1)],
        "two": [reference.depolarizing(0.1, 2)],
        "layer": [reference.pauli_channel([0.9, 0, 0, 0.1])],
        "mid_circuit": NOISE.mid_circuit,
    }
    for state, found in zip(states, outcomes[1], strict=True):
        rho = reference.noisy_density(CIRCUIT, theta, state, **same)
        true = np.diag(rho).real.reshape(2, 2, 2).sum(axis=1).T
        close(found, np.einsum("ab,ai,bj->ij", true, CONFUSION, CONFUSION).ravel())
    close(outcomes[1].sum(axis=-1), 1)


def test_the_means_of_probabilities_are_the_exact_expectations(outcomes):
    theta, states = inputs()
    read = functools.partial(pauli.expectations, CIRCUIT, measured=KEPT)
    for noise, found in zip((None, NOISE), outcomes, strict=True):
        close(sampling.means(found), jax.jit(functools.partial(read, noise=noise))(theta, states))


@pytest.fixture(scope="module")
def draws(outcomes):
    """500 draws [500, 2, B, 4] of frequencies."""
    keys = jax.random.split(jax.random.key(0), 500)
    draw = jax.vmap(functools.partial(sampling.frequencies, outcomes=jnp.asarray(outcomes), shots=SHOTS))
    return np.asarray(jax.jit(draw)(keys), float)


def test_frequencies_have_the_moments_of_the_multinomial_distribution(outcomes, draws):
    close(draws.sum(axis=-1), 1, 1e-5)
    close(draws * SHOTS, np.round(draws * SHOTS), 1e-3)
    p = outcomes.reshape(-1, 4)
    for place, found in enumerate(draws.reshape(500, -1, 4).swapaxes(0, 1)):
        covariance = (np.diag(p[place]) - np.outer(p[place], p[place])) / SHOTS
        deviation = np.sqrt(np.diag(covariance))
        assert np.all(np.abs(found.mean(axis=0) - p[place]) < 4 * deviation / np.sqrt(500))
        close(np.cov(found.T) / np.outer(deviation, deviation), covariance / np.outer(deviation, deviation), 0.3)


def test_kept_qubits_of_one_measurement_are_correlated():
    bell = jnp.array([[0.5, 0.0, 0.0, 0.5]])
    z = sampling.means(jax.jit(sampling.frequencies, static_argnums=2)(jax.random.key(0), bell, 101))
    assert z[0, 0] == z[0, 1] != 0


def test_marginals_are_binomial_and_independent():
    z = jnp.tile(jnp.array([0.8, 0.0, -1.0, 1.0]), (2000, 1))
    found = np.asarray(jax.jit(sampling.marginals, static_argnums=2)(jax.random.key(1), z, 50), float)
    deviation = np.sqrt((1 - np.array([0.8, 0, -1, 1]) ** 2) / 50)
    assert np.all(np.abs(found.mean(axis=0) - np.asarray(z[0])) <= 4 * deviation / np.sqrt(2000) + 1e-7)
    close(found.std(axis=0), deviation, 4 * deviation.max() / np.sqrt(4000))
    assert np.abs(np.corrcoef(found[:, :2].T)[0, 1]) < 4 / np.sqrt(2000)


@pytest.fixture(scope="module")
def seed_data():
    x = jax.random.normal(jax.random.key(0), (20, 4))
    data = jq.Data(x, jnp.argmax(x[:, :3], axis=1))
    student = jq.models.QuantumStudent(hea(qubits=2, layers=1), classes=3)
    return data, student, student.init(jax.random.key(1), x)


def test_a_sampled_student_takes_the_same_parameters_and_converges_to_the_exact_one(seed_data):
    data, student, params = seed_data
    exact = student.apply(params, data.x)

    @functools.partial(jax.jit, static_argnums=1)
    def scores(key, shots):
        return sampling.sampled(student, shots, key).apply(params, data.x)

    one, other = scores(jax.random.key(2), 100), scores(jax.random.key(3), 100)
    np.testing.assert_array_equal(one, scores(jax.random.key(2), 100))
    assert np.abs(one - other).max() > 0.01
    head = np.abs(np.asarray(params["params"]["head"]["kernel"])).sum(axis=0)  # at most this for each unit of <Z>
    assert np.all(np.abs(scores(jax.random.key(2), 10**6) - exact) < 5e-3 * head)


def test_the_gradient_of_sampled_values_is_the_exact_one_and_other_angles_draw_anew():
    theta, states = inputs()
    sampled = functools.partial(sampling.expectations, CIRCUIT, measured=KEPT, key=jax.random.key(0), shots=10)
    exact = functools.partial(statevector.expectations, CIRCUIT, measured=KEPT)

    def slope(read):
        return jax.grad(lambda theta: read(theta, states).sum())

    @jax.jit
    def run(theta):
        return slope(sampled)(theta), slope(exact)(theta), sampled(theta, states), sampled(theta + 1e-6, states)

    found, expected, here, near = run(theta)
    close(found, expected, 1e-5)
    close(np.asarray(here) * 5 % 1, 0, 1e-5)
    assert np.any(here != near)


def test_training_with_shots_runs_and_differs_from_training_without(seed_data):
    data, student, _ = seed_data

    @jax.jit
    def losses(key):
        few = sampling.sampled(student, 20, jax.random.key(0))
        runs = [jq.fit(key, model, data, jq.losses.hard(), optax.adam(0.1), epochs=4) for model in (student, few)]
        return jnp.stack([run.history["loss"] for run in runs])

    exact, sampled = losses(jax.random.key(1))
    assert np.isfinite(sampled).all()
    assert np.abs(exact - sampled).max() > 1e-3


@pytest.mark.parametrize("confusion", [CONFUSION, np.stack([np.eye(2), CONFUSION, CONFUSION[::-1, ::-1]])])
def test_mitigation_undoes_the_confusion(confusion):
    z = np.random.default_rng(0).uniform(-1, 1, (4, 2)).astype("float32")
    slope, shift = channels.confusion_line(confusion, KEPT)
    close(mitigation.corrected(slope[None] * z + shift[None], confusion, KEPT), z)
    outcomes = np.random.default_rng(1).dirichlet(np.ones(4), 3).astype("float32")
    read = sampling.confused(outcomes, channels.confusion_of(confusion, KEPT))
    close(sampling.means(read), slope[None] * sampling.means(outcomes) + shift[None])
    close(mitigation.unconfused(read, confusion, KEPT), outcomes)


def test_a_mitigated_student_is_exact_and_has_the_documented_variance(seed_data):
    data, student, params = seed_data
    noisy = student.clone(noise=NoiseModel(confusion=CONFUSION))
    models = student, noisy, mitigation.mitigated(noisy)
    exact, read, mitigated = jax.jit(lambda params: [model.apply(params, data.x) for model in models])(params)
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
        return pauli.expectations(CIRCUIT, theta, states, measured=KEPT, noise=noise)

    values = jnp.stack([read(p) for p in strengths])
    exact = read(0.0)
    found = mitigation.extrapolate(strengths, values)
    assert np.abs(found - exact).max() < 0.1 * np.abs(values[0] - exact).max()


COUNT = 600


@pytest.mark.parametrize(
    "noise",
    [
        replace(NOISE, confusion=None),
        NoiseModel(
            one_qubit_gates=channels.thermal_relaxation(1.0, 1.2, 0.3),
            two_qubit_gates=channels.bit_flip(np.array([0.1, 0.2])),
            readout=channels.amplitude_damping(0.3),
            mid_circuit=((), (0, 1)),
        ),
    ],
)
def test_the_mean_of_trajectories_is_the_exact_value_within_four_standard_errors(noise):
    circuit = hea(qubits=2, layers=2)
    random = np.random.default_rng(0)
    theta, states = random.normal(size=circuit.shape).astype("float32"), jnp.eye(4)[:2]

    @jax.jit
    def run(key):
        drawn = trajectories.samples(key, circuit, theta, states, measured=(1, 0), noise=noise, count=COUNT)
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
        drawn = trajectories.expectations(circuit, theta, states, key=jax.random.key(0), count=2, **options)
        return drawn, pauli.expectations(circuit, theta, states, **options)

    close(*run(theta))


def test_a_student_by_trajectories_takes_the_same_parameters_and_differentiates(seed_data):
    data, student, params = seed_data
    noisy = student.clone(noise=NoiseModel(channels.phase_flip(0.0)))

    def loss(params, model):
        return jnp.sum(model.apply(params, data.x) ** 2)

    by_chance = trajectories.sampled(noisy, 1, jax.random.key(0))
    found, expected = jax.jit(lambda params: [jax.grad(loss)(params, m) for m in (by_chance, student)])(params)
    jax.tree.map(functools.partial(close, tolerance=1e-4), found, expected)


def test_nothing_but_a_positive_number_of_shots_is_taken(seed_data):
    _, student, _ = seed_data
    key, p = jax.random.key(0), jnp.array([0.5, 0.5])
    for wrong in (0, -1, 1.5):
        for ask in (
            lambda shots: sampling.sampled(student, shots, key),
            lambda shots: sampling.frequencies(key, p, shots),
            lambda shots: sampling.marginals(key, p, shots),
            lambda shots: trajectories.sampled(student, shots, key),
        ):
            with pytest.raises(ValueError, match=r"`(shots|count)` must be (at least 1|an integer), but is"):
                ask(wrong)
    assert sampling.frequencies(key, p, 1).max() == 1


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


def test_a_student_without_known_confusion_is_not_mitigated(seed_data):
    with pytest.raises(ValueError, match="`confusion` must be known, but is None"):
        mitigation.mitigated(seed_data[1])
    assert mitigation.mitigated(seed_data[1], CONFUSION).noise is None
