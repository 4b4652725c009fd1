"""The observable student and its certified optimum."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

import jaxqkd as jq
from jaxqkd.circuits import hea, universal
from jaxqkd.models import ObservableStudent, QuantumStudent
from jaxqkd.models.observable import clipped, density_features, observables, weights_of
from jaxqkd.quantum.encodings import amplitude, angle, iqp
from jaxqkd.training import fit_observables

KEY = jax.random.key(2)
DATA = jq.data.xor_grid(KEY, count=40, features=3)
TAUGHT = DATA._replace(teacher=jax.random.normal(KEY, (40, 3)))


@pytest.mark.parametrize(("encoding", "size"), [(angle, 36), (iqp, 64)])
def test_logits_are_expectation_values_of_hermitian_matrices(encoding, size):
    states = encoding(DATA.x, 3)
    weights = jax.random.normal(KEY, (size, 3))
    matrices = observables(weights, 8)
    np.testing.assert_allclose(matrices, matrices.mT.conj(), atol=1e-6)
    wanted = jnp.einsum("bi,cij,bj->bc", states.conj(), matrices, states).real
    np.testing.assert_allclose(density_features(states) @ weights, wanted, atol=1e-5)
    np.testing.assert_allclose(weights_of(matrices), weights, atol=1e-6)
    model = ObservableStudent(encoding, qubits=3, classes=3)
    params = {"params": {"observables": weights, "bias": jnp.ones(3)}}
    np.testing.assert_allclose(model.apply(params, DATA.x), wanted + 1, atol=1e-5)


def test_scalar_products_of_features_are_fidelities():
    states = iqp(DATA.x, 3)
    features = density_features(states)
    np.testing.assert_allclose(features @ features.T, abs(states.conj() @ states.T) ** 2, atol=1e-5)


def test_clipped_observables_have_the_bound_and_are_the_nearest():
    weights = 2 * jax.random.normal(KEY, (64, 3))
    kept = clipped(weights, 1.0, 8)
    values = jnp.linalg.eigvalsh(observables(kept, 8))
    assert float(abs(values).max()) <= 1 + 1e-5
    np.testing.assert_allclose(clipped(kept, 1.0, 8), kept, atol=1e-5)
    for other in clipped(jax.random.normal(KEY, (5, 64, 3)).reshape(5, 64, 3)[0], 1.0, 8)[None]:
        assert float(jnp.sum((weights - kept) * (other - kept))) < 1e-3  # the angle of a projection is obtuse


@pytest.mark.exhaustive
def test_clipping_differentiates_where_eigenvalues_coincide_too():
    inside = jnp.zeros((10, 1))
    jacobian = jax.jacobian(lambda w: clipped(w, 1.0, 4))(inside).reshape(10, 10)
    np.testing.assert_allclose(jacobian, np.eye(10), atol=1e-6)
    with jax.enable_x64(True):
        weights = 2 * jax.random.normal(KEY, (16, 2), dtype=float)
        check_grads(lambda w: clipped(w, 1.0, 4), (weights,), order=1, modes=["fwd", "rev"], atol=1e-6, rtol=1e-6)


def test_the_optimum_is_that_of_newtons_method():
    model, ridge = ObservableStudent(angle, qubits=1, classes=2), 0.01
    data = jq.Data(DATA.x[:, :1], DATA.labels % 2)
    found = fit_observables(model, data, jq.losses.hard(), ridge=ridge, tolerance=1e-6)
    features = np.asarray(density_features(angle(data.x, 1)), float)
    features = np.hstack([features, np.ones((40, 1))])
    signs, weights = np.where(np.asarray(data.labels) == 1, 1.0, -1.0), np.zeros(4)
    for _ in range(50):  # of half the difference of both classes' weights: the ridge is on each class
        p = 1 / (1 + np.exp(2 * signs * (features @ weights)))
        gradient = -2 * features.T @ (signs * p) / 40 + 2 * ridge * weights
        hessian = 4 * (features * (p * (1 - p))[:, None]).T @ features / 40 + 2 * ridge * np.eye(4)
        weights -= np.linalg.solve(hessian, gradient)
    own = found.params["params"]
    both = np.vstack([own["observables"], own["bias"][None]])
    np.testing.assert_allclose(both[:, 1], weights, atol=2e-4)
    np.testing.assert_allclose(both.sum(axis=1), 0, atol=2e-4)
    assert float(found.gap) < 1e-8


@pytest.mark.parametrize("bound", [pytest.param(None, marks=pytest.mark.slow), 1.0])
@pytest.mark.slow
def test_the_gap_is_an_upper_limit(bound):
    model = ObservableStudent(amplitude, qubits=2, classes=3, bound=bound)
    loss, ridge = jq.losses.kd(2.0, 0.5), 1e-3

    def objective(found):
        return float(found.loss) + ridge / 2 * float(optax.tree.norm(found.params, squared=True))

    at = [fit_observables(model, TAUGHT, loss, ridge=ridge, iterations=n, tolerance=1e-9) for n in (3, 1000)]
    assert objective(at[0]) >= objective(at[1]) - 1e-6
    assert objective(at[0]) - objective(at[1]) <= float(at[0].gap) + 1e-6
    assert float(at[1].gap) < 1e-3
    assert float(at[1].gap) < float(at[0].gap)


@pytest.mark.slow
@pytest.mark.parametrize(("ansatz", "head"), [(hea, "linear"), (universal, "none")])
def test_no_student_of_the_encoding_has_a_lower_training_loss(head, ansatz):
    student = QuantumStudent(ansatz(qubits=3, layers=3), classes=3, encoding=angle, head=head)
    best = ObservableStudent(angle, qubits=3, classes=3, bound=None if head == "linear" else 1.0)
    loss = jq.losses.kd(2.0, 0.5)

    def lowest(key):
        return jq.fit(key, student, TAUGHT, loss, optax.adam(0.05), epochs=300).history["loss"].min()

    trained = jax.jit(jax.vmap(lowest))(jax.random.split(KEY, 4))
    found = jax.jit(lambda data: fit_observables(best, data, loss, ridge=1e-6, iterations=3000))(TAUGHT)
    least = float(found.loss) - (float(found.gap) if head == "none" else 0.0)
    assert least <= float(trained.min()) + 1e-4


@pytest.mark.exhaustive
def test_the_optimum_is_pure_and_vmaps_over_data():
    model = ObservableStudent(angle, qubits=3, classes=3)
    teachers = jax.random.normal(KEY, (2, 40, 3))

    def run(teacher):
        return fit_observables(model, DATA._replace(teacher=teacher), jq.losses.kd(1.0, 0.5), ridge=0.01)

    each = jax.jit(jax.vmap(run))(teachers)
    chex.assert_trees_all_close(each.loss[1], jax.jit(run)(teachers[1]).loss, atol=1e-4)
    assert float(each.gradient_norm.max()) < 1e-4


def test_bad_input_is_refused():
    model = ObservableStudent(angle, qubits=3, classes=3)
    for name, message in {
        "ridge": "be at least 0",
        "iterations": "be at least 1",
        "tolerance": "be positive",
    }.items():
        with pytest.raises(ValueError, match=f"`{name}` must {message}"):
            fit_observables(model, DATA, jq.losses.hard(), **{name: -1})
    for name, value in {"qubits": 0, "classes": 1, "bound": 0.0}.items():
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            ObservableStudent(**{name: value})
    assert ObservableStudent(angle, qubits=2, classes=2, bound=0.5).bound == 0.5
