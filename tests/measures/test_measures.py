import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import measures
from jaxqkd.circuits import Circuit, Gate, hea, reuploading, universal
from jaxqkd.measures import algebra, states
from tests.measures.sim2019 import ENTANGLING, EXPRESSIBILITY, sim

KEY = jax.random.key(0)
RY = Circuit(1, 1, (Gate("ry", (0,), theta=0),))
IDLE = Circuit(4, 1, ())


def within(estimate, exact, errors=4.0):
    """Whether an exact value is within some standard errors of an estimate."""
    error = (float(estimate.high) - float(estimate.low)) / (2 * 1.96)
    return abs(float(estimate.value) - exact) <= errors * error + 1e-6


def test_the_examples_hold():
    assert doctest.testmod(states).failed == doctest.testmod(algebra).failed == 0


def test_a_circuit_that_never_changes_is_least_expressive():
    found = measures.expressibility(KEY, IDLE, pairs=50, resamples=5)
    np.testing.assert_allclose(found, [15 * np.log(75)] * 3, rtol=1e-5)  # Haar's last bin has 75^-15


def test_one_rotation_has_the_fidelities_of_the_arcsine():
    found = jax.jit(lambda key: measures.expressibility(key, RY, bins=20, pairs=20000))(KEY)
    shares = np.diff(2 / np.pi * np.arcsin(np.sqrt(np.linspace(0, 1, 21))))  # F = cos^2 of an even angle
    exact = np.sum(shares * np.log(shares * 20))  # for one qubit, those of random states are even
    assert within(found, exact)
    assert float(found.low) < float(found.value) < float(found.high)


@pytest.mark.parametrize(
    ("psi", "value"),
    [
        (np.kron([0.6, 0.8j], np.kron([1, 0], [np.sqrt(0.5), -np.sqrt(0.5)])), 0.0),
        (np.eye(8)[[0, 7]].sum(axis=0) / np.sqrt(2), 1.0),
        (np.eye(8)[[1, 2, 4]].sum(axis=0) / np.sqrt(3), 8 / 9),
    ],
    ids=["product", "GHZ", "W"],
)
def test_meyer_wallach_of_known_states(psi, value):
    assert float(measures.meyer_wallach(jnp.asarray(psi))) == pytest.approx(value, abs=1e-6)


def test_random_states_have_the_mean_entanglement_of_haar():
    real, imaginary = jax.random.normal(KEY, (2, 4000, 16))
    psi = real + 1j * imaginary
    found = jax.vmap(measures.meyer_wallach)(psi / jnp.linalg.norm(psi, axis=1, keepdims=True))
    assert float(found.mean()) == pytest.approx(14 / 17, abs=4 * float(found.std()) / np.sqrt(4000))


def test_entangling_capability_of_one_ising_rotation():
    turned = Circuit(2, 1, (Gate("rxx", (0, 1), theta=0),))
    found = jax.jit(lambda key: measures.entangling_capability(key, turned))(KEY)
    assert within(found, 0.5)  # sin^2 of an even angle


def test_the_gradient_of_one_rotation_has_variance_one_half():
    found = jax.jit(lambda key: measures.gradient_variance(key, RY, samples=4000))(KEY)
    assert within(found, 0.5)  # of -sin


@pytest.mark.parametrize(("layers", "factor"), [(1, 1.0), (3, 1.0), (2, -2.0)])
def test_turns_by_a_feature_have_one_frequency(layers, factor):
    circuit = Circuit(1, layers, (Gate("ry", (0,), x=0, factor=factor), Gate("ry", (0,), theta=0)))
    found = measures.fourier_spectrum(KEY, circuit, samples=5)
    assert found.frequencies[-1] == layers * abs(factor)
    expected = np.where(found.frequencies == found.frequencies[-1], 0.25, 0.0)  # of cos(n x + angle)
    np.testing.assert_allclose(found.power.value, expected, atol=1e-6)


def test_powers_of_a_circuit_sum_to_the_mean_square():
    circuit = reuploading(hea(qubits=2, layers=1), features=2)
    found = jax.jit(lambda key: measures.fourier_spectrum(key, circuit, feature=1, samples=50).power)(KEY)
    assert found.value.shape == (2,)
    assert float(found.value[0] + 2 * found.value[1]) <= 1.0


@pytest.mark.parametrize(
    ("circuit", "dimension"),
    [
        (RY, 1),
        (Circuit(1, 1, (Gate("ry", (0,), theta=0), Gate("rx", (0,), theta=1))), 3),
        (Circuit(1, 1, (Gate("p", (0,), theta=0),)), 1),
        (Circuit(1, 1, (Gate("ry", (0,), theta=0, offset=0.3), Gate("h", (0,)))), 1),  # H Y H = -Y
        (Circuit(1, 1, (Gate("rx", (0,), theta=0), Gate("h", (0,)))), 3),  # the next layer turns about z
        (Circuit(2, 1, (Gate("ry", (0,), theta=0), Gate("ry", (1,), theta=0))), 1),
        (Circuit(2, 1, (Gate("cp", (0, 1), theta=0),)), 1),
        (hea(qubits=2, layers=1), 15),
        (universal(qubits=3, layers=1), 63),
        (universal(qubits=3, layers=1, measured=(0,)), 21),  # so(7)
        (IDLE, 0),
    ],
)
def test_dimensions_of_known_lie_algebras(circuit, dimension):
    assert measures.lie_algebra_dimension(circuit) == dimension


@pytest.mark.parametrize(("number", "layers"), [(1, 1), (9, 1), (14, 1), (15, 1), (15, 3)])
@pytest.mark.exhaustive
def test_expressibility_is_the_published_one(number, layers):
    """Within three errors of the difference, where the published figure has an error as large as ours."""
    circuit = sim(number, qubits=4, layers=layers)
    found = jax.jit(lambda key: measures.expressibility(key, circuit))(KEY)
    assert within(found, EXPRESSIBILITY[number, layers], errors=3 * np.sqrt(2))


@pytest.mark.parametrize("number", [1, 9])
@pytest.mark.exhaustive
def test_entangling_capability_is_the_published_one(number):
    """Of the circuits whose states have a certain entanglement; see the docs for the others."""
    circuit = sim(number, qubits=4, layers=1)
    found = jax.jit(lambda key: measures.entangling_capability(key, circuit, samples=500))(KEY)
    np.testing.assert_allclose(found.value, ENTANGLING[number, 1], rtol=0, atol=1e-5)


DRIVEN = reuploading(hea(qubits=2, layers=1), features=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: measures.expressibility(KEY, RY, pairs=0), "`pairs` must be at least 1, but is 0"),
        (lambda: measures.expressibility(KEY, RY, bins=0), "`bins` must be at least 1, but is 0"),
        (lambda: measures.expressibility(KEY, RY, resamples=1), "`resamples` must be at least 2, but is 1"),
        (lambda: measures.entangling_capability(KEY, RY, samples=1), "`samples` must be at least 2, but is 1"),
        (lambda: measures.gradient_variance(KEY, IDLE), "`circuit` must have trained angles, but is one without"),
        (
            lambda: measures.fourier_spectrum(KEY, RY),
            "one of the circuit's 0 features, but is 0",
        ),
        (
            lambda: measures.fourier_spectrum(KEY, Circuit(1, 1, (Gate("rx", (0,), x=0, factor=0.5),))),
            "`circuit` must read the feature with whole factors",
        ),
        (
            lambda: measures.fourier_spectrum(KEY, Circuit(1, 1, (Gate("rx", (0,), x=(0, 1)),))),
            "and not in products",
        ),
        (
            lambda: measures.lie_algebra_dimension(hea(qubits=6, layers=1)),
            "at most 5 qubits, but is one of 6",
        ),
        (lambda: measures.lie_algebra_dimension(DRIVEN), "`circuit` must have layers that no feature drives"),
    ],
)
def test_measures_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
