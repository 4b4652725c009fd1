import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import metrics
from jaxqkd.circuits import real_amplitudes
from jaxqkd.diagnostics import failed, failure_rate, gradient_variance
from jaxqkd.losses import hard, kd
from jaxqkd.models import Linear, QuantumStudent
from jaxqkd.quantum.encodings import zero
from jaxqkd.statistics import summary
from jaxqkd.types import Data

KEY = jax.random.key(5)
DATA = Data(
    jnp.array([[0.2, -0.4], [1.0, 0.3], [-0.6, 0.9]]), jnp.array([0, 1, 1]), jnp.eye(2)[jnp.array([0, 1, 0])]
)


def _last_qubit(read, teacher, labels):
    return read[:, -1]


@pytest.mark.parametrize("qubits", [2, 4])
def test_the_gradients_of_a_parity_vary_by_two_to_the_minus_qubits(qubits):
    """After CNOTs along the chain, <Z> of the last qubit is the product of all cosines of the angles."""
    circuit = real_amplitudes(qubits=qubits, layers=1, entanglement="linear")
    model = QuantumStudent(circuit, classes=qubits, encoding=zero, head="none")
    seeds = 3_000
    found = jax.jit(lambda key: gradient_variance(key, model, DATA, _last_qubit, seeds=seeds))(KEY)
    spread = np.sqrt((0.375**qubits - 0.25**qubits) / seeds)  # of the sample variance, as <sin^4> = <cos^4> = 3/8
    assert found.each["params"]["theta"].shape == (1, qubits)
    np.testing.assert_allclose(found.each["params"]["theta"], 0.5**qubits, rtol=0, atol=4 * spread)
    np.testing.assert_allclose(found.angles, found.each["params"]["theta"].mean(), rtol=1e-6)


def test_gradient_variance_is_that_of_a_loop_over_the_seeds():
    model, seeds, loss = Linear(classes=2), 35, kd(2.0, 0.5)  # more than a batch, and not a multiple of it
    found = jax.jit(lambda key: gradient_variance(key, model, DATA, loss, seeds=seeds))(KEY)

    @jax.jit
    def gradient(key):
        def objective(params):
            return jnp.mean(loss(model.apply(params, DATA.x), DATA.teacher, DATA.labels))

        return jax.grad(objective)(model.init(key, DATA.x[:1]))

    each = [gradient(key)["params"]["head"]["kernel"] for key in jax.random.split(KEY, seeds)]
    expected = np.var(np.stack(each), axis=0, ddof=1)
    np.testing.assert_allclose(found.each["params"]["head"]["kernel"], expected, rtol=1e-4)
    assert np.isnan(found.angles)  # the model has none


@pytest.mark.parametrize(("seeds", "message"), [(1, "at least 2, but is 1"), (2.0, "an integer, but is 2.0")])
def test_too_few_seeds_are_refused(seeds, message):
    with pytest.raises(ValueError, match=f"`seeds` must be {message}"):
        gradient_variance(KEY, Linear(classes=2), DATA, hard(), seeds=seeds)


SCORES = jnp.array([0.9, 0.56, 0.54, 0.2, jnp.nan, jnp.inf])
DIVERGED = jnp.array([True, False, False, False, False, False])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0, 0, 1, 1, 1, 1]),
        ({"margin": 0.0}, [0, 0, 0, 1, 1, 1]),
        ({"diverged": DIVERGED}, [1, 0, 1, 1, 1, 1]),
        ({"diverged": DIVERGED.astype(float)}, [1, 0, 1, 1, 1, 1]),
    ],
)
def test_failed_are_low_scores_those_not_finite_and_diverged_ones(options, expected):
    np.testing.assert_array_equal(failed(SCORES, 0.5, **options), np.array(expected, bool))
    np.testing.assert_array_equal(jax.jit(failed)(SCORES, 0.5, **options), np.array(expected, bool))


def test_failed_takes_a_majority_a_seed_and_keeps_leading_axes():
    majority = jnp.array([0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
    expected = np.array([1, 0, 0, 0, 1, 1], bool)
    np.testing.assert_array_equal(failed(jnp.stack([SCORES, SCORES]), majority), [expected, expected])
    rows = failed(jnp.stack([SCORES, SCORES]), jnp.array([[0.0], [1.0]]))
    np.testing.assert_array_equal(rows, [[0, 0, 0, 0, 1, 1], [1] * 6])


def test_failed_counts_as_the_statistics_of_studies_do():
    share = summary(SCORES, failed_below=0.5 + 0.05).failed
    assert float(failed(SCORES, 0.5).mean()) == pytest.approx(share)
    assert failure_rate(failed(SCORES, 0.5)).rate == pytest.approx(share)


def test_always_answering_the_commonest_class_fails():
    labels = jnp.array([0, 1, 1, 2, 1])
    floor = metrics.f1(metrics.majority(labels, classes=3), labels, classes=3)
    assert failed(floor[None], floor).tolist() == [True]
    assert failed(jnp.ones(1), floor).tolist() == [False]


@pytest.mark.parametrize("seeds", [1, 12, 300])
def test_none_and_all_failed_have_the_bounds_of_the_binomial_law(seeds):
    bound = 0.025 ** (1 / seeds)  # so many in a row happen in 25 of 1000 cases at this rate
    np.testing.assert_allclose(failure_rate(np.zeros(seeds, bool)), (0, 0, 1 - bound), rtol=0, atol=1e-12)
    np.testing.assert_allclose(failure_rate(jnp.ones(seeds, bool)), (1, bound, 1), rtol=0, atol=1e-12)


def test_the_interval_of_a_rate_cuts_the_binomial_law_at_its_ends():
    from scipy.stats import binom

    rate, low, high = failure_rate(np.arange(20) < 3)
    assert rate == 0.15
    np.testing.assert_allclose((binom.sf(2, 20, low), binom.cdf(3, 20, high)), 0.025, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: failed(SCORES, jnp.zeros(5)), r"`majority` must broadcast to the scores' shape \(6,\), but is"),
        (lambda: failed(SCORES, jnp.zeros((2, 6))), r"`majority` must broadcast .* but is of shape \(2, 6\)"),
        (lambda: failed(SCORES, 0.5, diverged=jnp.zeros(2, bool)), r"`diverged` must broadcast .* shape \(2,\)"),
        (lambda: failure_rate(np.zeros((2, 3), bool)), r"`failed` must have 1 axes \[seeds\], but is of shape"),
        (lambda: failure_rate(np.zeros(3)), "`failed` must be booleans, but is of dtype float64"),
        (lambda: failure_rate(np.zeros(0, bool)), "`failed` must hold at least one initialization, but is empty"),
    ],
)
def test_flags_and_scores_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
