import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxqkd as jq
from jaxqkd.circuits import hea
from jaxqkd.quantum import NoiseModel, channels
from jaxqkd.quantum.simulators import exact, sampling, shots
from tests import reference

CIRCUIT = hea(qubits=3, layers=2)
MEASURED = (2, 0)
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
    read = functools.partial(sampling.probabilities, CIRCUIT, measured=MEASURED)
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
    read = functools.partial(exact().expectations, CIRCUIT, measured=MEASURED)
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


@pytest.mark.slow
def test_a_sampled_student_takes_the_same_parameters_and_converges_to_the_exact_one(seed_data):
    data, student, params = seed_data
    wanted = student.apply(params, data.x)

    @functools.partial(jax.jit, static_argnums=1)
    def scores(key, count):
        return student.clone(simulator=shots(count)).apply(params, data.x, rngs={"shots": key})

    one, other = scores(jax.random.key(2), 100), scores(jax.random.key(3), 100)
    np.testing.assert_array_equal(one, scores(jax.random.key(2), 100))
    assert np.abs(one - other).max() > 0.01
    head = np.abs(np.asarray(params["params"]["head"]["kernel"])).sum(axis=0)  # at most this for each unit of <Z>
    assert np.all(np.abs(scores(jax.random.key(2), 10**6) - wanted) < 5e-3 * head)


def test_the_gradient_of_sampled_values_is_the_exact_one():
    theta, states = inputs()
    sampled = functools.partial(shots(10).expectations, CIRCUIT, measured=MEASURED, key=jax.random.key(0))
    true = functools.partial(exact().expectations, CIRCUIT, measured=MEASURED)

    def slope(read):
        return jax.grad(lambda theta: read(theta, states).sum())

    @jax.jit
    def run(theta):
        return slope(sampled)(theta), slope(true)(theta), sampled(theta, states)

    found, expected, values = run(theta)
    close(found, expected, 1e-5)
    close(values, np.round(5 * values) / 5)


def test_nothing_but_a_positive_number_of_shots_is_taken():
    key, p = jax.random.key(0), jnp.array([0.5, 0.5])
    for wrong in (0, -1, 1.5):
        for ask in (
            lambda count: shots(count),
            lambda count: sampling.frequencies(key, p, count),
            lambda count: sampling.marginals(key, p, count),
        ):
            with pytest.raises(ValueError, match=r"`shots` must be (at least 1|an integer), but is"):
                ask(wrong)
    assert sampling.frequencies(key, p, 1).max() == 1


def test_a_sampled_student_without_a_key_is_refused_with_the_cure(seed_data):
    data, student, params = seed_data
    sampled = student.clone(simulator=shots(10))
    with pytest.raises(ValueError, match=r"`rngs` must hold a key named \"shots\" .* rngs=\{\"shots\": key\}"):
        sampled.apply(params, data.x)
    theta, states = inputs()
    with pytest.raises(ValueError, match=r"`key` must be a random key where values are sampled, but is None"):
        shots(10).expectations(CIRCUIT, theta, states, measured=MEASURED)
    again = jax.jit(sampled.init)(jax.random.key(1), data.x)  # needs none
    jax.tree.map(functools.partial(close, tolerance=1e-7), again, params)
    assert (sampled.rngs, student.rngs) == (("shots",), ())


def test_a_state_tap_of_a_sampled_student_is_exact(seed_data):
    data, student, params = seed_data
    tapped = student.clone(simulator=shots(10), taps=("states", "expectations"))
    out = tapped.apply(params, data.x, rngs={"shots": jax.random.key(0)})
    close(out["states"], student.clone(taps=("states",)).apply(params, data.x)["states"])
    close(out["expectations"], np.round(5 * out["expectations"]) / 5)
