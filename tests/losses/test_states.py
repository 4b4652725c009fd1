"""Losses of states against matrices of Kronecker products in float64, near their zero, and by their laws."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

from jaxqkd import Data, fit, label
from jaxqkd.circuits import Circuit, Gate
from jaxqkd.losses import infidelity, local_infidelity, reduced, unitary_infidelity
from jaxqkd.quantum.simulators import statevector
from tests import reference

LABELS = np.zeros(4, int)
GROUPS = [(0,), (2,), (0, 1), (2, 0), (0, 1, 2)]


def normal(seed, shape):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def states(seed, shape=(4, 8)):
    psi = normal(seed, shape)
    return psi / np.linalg.norm(psi, axis=-1, keepdims=True)


def unitaries(seed, shape=(8, 8)):
    return np.linalg.qr(normal(seed, shape))[0]


def single(psi):
    return jnp.asarray(psi, jnp.complex64)


def np_infidelity(a, b):
    return 1 - abs(sum(a.conj() * b)) ** 2 / sum(abs(a) ** 2) / sum(abs(b) ** 2)


def np_reduced(psi, kept):
    """Entry (i, j) is the expectation of |j><i| on the kept qubits, and of the identity on the others."""
    size = 2 ** len(kept)
    rho = np.zeros((size, size), complex)
    for i in range(size):
        for j in range(size):
            unit = np.outer(np.eye(size)[j], np.eye(size)[i])
            rho[i, j] = psi.conj() @ reference.embed(unit, kept, 3) @ psi
    return rho


def test_infidelity_equals_the_oracle_for_states_and_for_density_matrices():
    student, other, teacher = states(0), states(1), states(2)
    expected = [np_infidelity(*pair) for pair in zip(student, teacher, strict=True)]
    np.testing.assert_allclose(infidelity()(single(student), single(teacher), LABELS), expected, rtol=1e-5)
    second = [np_infidelity(*pair) for pair in zip(other, teacher, strict=True)]
    rho = sum(w * psi[:, :, None] * psi[:, None].conj() for w, psi in ((0.3, student), (0.7, other)))
    found = infidelity()(single(rho), single(teacher), LABELS)
    np.testing.assert_allclose(found, 0.3 * np.array(expected) + 0.7 * np.array(second), rtol=1e-5)


@pytest.mark.parametrize("kept", GROUPS)
def test_reduced_states_and_their_distance_equal_the_oracle(kept):
    student, teacher = states(0), states(1)
    matrices = [np.stack([np_reduced(psi, kept) for psi in side]) for side in (student, teacher)]
    np.testing.assert_allclose(reduced(single(student), kept), matrices[0], atol=1e-6)
    np.testing.assert_allclose(np.trace(matrices[0], axis1=1, axis2=2), 1)
    expected = (np.abs(matrices[0] - matrices[1]) ** 2).sum(axis=(1, 2)) / 2
    found = local_infidelity(kept)(single(student), single(teacher), LABELS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    if len(kept) == 3:
        np.testing.assert_allclose(found, infidelity()(single(student), single(teacher), LABELS), rtol=1e-5)


def test_qubit_0_is_the_most_significant():
    parts = states(0, (3, 2))
    product = single(reference.kron(parts)[None])
    for qubit, part in enumerate(parts):
        np.testing.assert_allclose(reduced(product, (qubit,))[0], np.outer(part, part.conj()), atol=1e-6)
    both = np.kron(parts[2], parts[0])
    np.testing.assert_allclose(reduced(product, (2, 0))[0], np.outer(both, both.conj()), atol=1e-6)


def test_what_is_done_to_other_qubits_does_not_matter():
    psi = states(0)
    turned = psi @ reference.embed(unitaries(3, (4, 4)), (0, 2), 3).T
    np.testing.assert_allclose(local_infidelity((1,))(single(turned), single(psi), LABELS), 0, atol=1e-10)
    assert np.all(local_infidelity((2,))(single(turned), single(psi), LABELS) > 1e-3)


@pytest.mark.parametrize("loss", [infidelity(), local_infidelity((1,)), local_infidelity((2, 0))])
def test_a_global_phase_does_not_matter_and_equal_states_have_no_gradient(loss):
    psi, teacher = states(0), single(states(1))
    turned = np.exp(1j * np.arange(4))[:, None] * psi
    expected = loss(single(psi), teacher, LABELS)
    np.testing.assert_allclose(loss(single(turned), teacher, LABELS), expected, rtol=1e-5)
    value, gradient = jax.value_and_grad(lambda s: loss(s, single(turned), LABELS).sum())(single(psi))
    np.testing.assert_allclose(value, 0, atol=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


def test_known_angles():
    angle = jnp.linspace(0, 2 * jnp.pi, 4)
    turned = jnp.stack([jnp.cos(angle / 2), jnp.sin(angle / 2)], axis=1)
    at_zero = jnp.tile(jnp.array([[1.0, 0.0]]), (4, 1))
    expected = np.sin(np.linspace(0, np.pi, 4)) ** 2
    np.testing.assert_allclose(infidelity()(turned, at_zero, LABELS), expected, atol=1e-6)
    for name in ("rx", "rzz", "ryy"):
        turns = np.stack([reference.matrix(name, float(a)) for a in angle])
        same = np.broadcast_to(np.eye(turns.shape[-1]), turns.shape)
        np.testing.assert_allclose(unitary_infidelity(single(turns), single(same)), expected, atol=1e-6)


def test_infidelities_near_their_zero_are_accurate_in_float32():
    """The difference of 1 and a fidelity would be off by 1e-7, more than many of these infidelities."""
    count = 1_000
    distance = 10 ** np.random.default_rng(4).uniform(-3, 0, (count, 1))
    teacher = states(0, (count, 8))
    student = teacher + distance * states(1, (count, 8))
    student = single(student / np.linalg.norm(student, axis=1, keepdims=True))
    teacher = single(teacher)
    expected = [
        np_infidelity(*pair) for pair in zip(*(np.asarray(a, complex) for a in (student, teacher)), strict=True)
    ]
    assert min(expected) < 1e-6
    found, gradient = jax.vmap(jax.value_and_grad(lambda s, t: infidelity()(s[None], t[None], LABELS[:1])[0]))(
        student, teacher
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert np.all(np.isfinite(gradient))


def test_unitary_infidelity_equals_the_oracle_and_ignores_a_phase():
    u, v = unitaries(0, (4, 8, 8)), unitaries(1, (4, 8, 8))
    expected = [1 - abs(np.trace(a.conj().T @ b)) ** 2 / 64 for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(unitary_infidelity(single(u), single(v)), expected, rtol=1e-5)
    np.testing.assert_allclose(
        unitary_infidelity(single(np.exp(0.4j) * u[0]), single(v[0])), expected[0], rtol=1e-5
    )
    np.testing.assert_allclose(unitary_infidelity(single(1j * u), single(u)), 0, atol=1e-12)


@pytest.mark.slow
def test_gradients():
    student, teacher = states(0), states(1)
    with jax.enable_x64(True):
        parts, target = jnp.stack([student.real, student.imag]), jnp.asarray(teacher)

        def values(parts):
            psi = parts[0] + 1j * parts[1]
            rho = psi[:, :, None] * psi[:, None].conj()
            losses = (infidelity(), local_infidelity((2, 0)))
            flat = [loss(psi, target, LABELS) for loss in losses]
            return flat, infidelity()(rho, target, LABELS), unitary_infidelity(psi[:, :4], target[:, 4:])

        check_grads(values, (parts,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


class Turned(NamedTuple):
    """A model that returns states: those in the features, turned by a trained angle."""

    circuit: Circuit

    def init(self, key, x, /):
        return jax.random.uniform(key, self.circuit.shape)

    def apply(self, theta, x, /):
        return jax.lax.complex(*statevector.final_states(self.circuit, theta, x))


@pytest.mark.parametrize("loss", [infidelity(), local_infidelity((1,))])
def test_a_training_finds_the_angle_of_the_teachers_states(loss):
    model = Turned(Circuit(2, 1, (Gate("rx", (0,), theta=0), Gate("cnot", (0, 1)))))
    data = Data(jnp.eye(4), jnp.zeros(4, int))
    taught = label(data, model, jnp.array([[1.3]]))
    out = jax.jit(lambda key: fit(key, model, taught, loss, optax.sgd(1.0), epochs=100))(jax.random.key(0))
    np.testing.assert_allclose(out.params, 1.3, atol=1e-4)


@pytest.mark.parametrize("loss", [infidelity(), local_infidelity((0,))])
def test_missing_and_unfit_teachers_are_refused(loss):
    psi = single(states(0))
    with pytest.raises(ValueError, match="Argument `teacher` must hold the teacher's states, but is None"):
        loss(psi, None, LABELS)
    with pytest.raises(ValueError, match="have the student's 8 amplitudes, but is 4 amplitudes"):
        loss(psi, psi[:, :4], LABELS)
    assert loss(psi, psi, LABELS).shape == (4,)


def test_unfit_states_qubits_and_matrices_are_refused():
    psi = single(states(0))
    with pytest.raises(ValueError, match="Argument `states` must have 2\\^Q amplitudes"):
        reduced(psi[:, :6], (0,))
    with pytest.raises(ValueError, match="Argument `states` must have 2 axes"):
        reduced(psi[0], (0,))
    for kept in ((3,), (0, 0), (-1,), ()):
        with pytest.raises(ValueError, match="Argument `kept` must name distinct qubits of 3"):
            reduced(psi, kept)
    with pytest.raises(ValueError, match=r"Argument `v` must be a matrix of shape \(8, 8\)"):
        unitary_infidelity(jnp.eye(8), jnp.eye(4))
    assert unitary_infidelity(jnp.eye(8), jnp.eye(8)) < 1e-12
    assert reduced(psi, (2,)).shape == (4, 2, 2)
