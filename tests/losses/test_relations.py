"""Losses of relations against loops in float64, at the edges of float32, and by their laws."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from jaxqkd.losses import (
    fidelity,
    fidelity_relations,
    rkd_angle,
    rkd_distance,
    similarity_preserving,
    squared_cosine,
)
from jaxqkd.quantum import encodings

CASES = 1_000


def np_huber(gap):
    return gap**2 / 2 if abs(gap) <= 1 else abs(gap) - 0.5


def np_unit(x):
    return x / np.sqrt(sum(abs(entry) ** 2 for entry in x)) if np.any(x) else x


def np_rkd_distance(student, teacher):
    pairs = list(itertools.permutations(range(len(student)), 2))
    values = np.zeros(len(student))
    sides = [{(i, j): np.sqrt(sum((x[i] - x[j]) ** 2)) for i, j in pairs} for x in (student, teacher)]
    means = [sum(side.values()) / len(pairs) for side in sides]
    for i, j in pairs:
        values[i] += np_huber(sides[0][i, j] / means[0] - sides[1][i, j] / means[1]) / (len(student) - 1)
    return values


def np_rkd_angle(student, teacher):
    values = np.zeros(len(student))
    for i, vertex, k in itertools.permutations(range(len(student)), 3):
        cosines = [np.dot(np_unit(x[i] - x[vertex]), np_unit(x[k] - x[vertex])) for x in (student, teacher)]
        values[vertex] += np_huber(cosines[0] - cosines[1]) / ((len(student) - 1) * (len(student) - 2))
    return values


def np_compared(kernel):
    def oracle(student, teacher):
        grams = [np.array([[kernel(a, b) for b in x] for a in x]) for x in (student, teacher)]
        if kernel is np.dot:
            grams = [np.stack([np_unit(row) for row in gram]) for gram in grams]
        return [sum((grams[0][i] - grams[1][i]) ** 2) / len(student) for i in range(len(student))]

    return oracle


def np_squared_cosine(a, b):
    return np.dot(np_unit(a), np_unit(b)) ** 2


LOSSES = {
    "rkd_distance": (rkd_distance(), np_rkd_distance),
    "rkd_angle": (rkd_angle(), np_rkd_angle),
    "similarity_preserving": (similarity_preserving(), np_compared(np.dot)),
    "fidelity_relations": (fidelity_relations(), np_compared(np_squared_cosine)),
}
each_loss = pytest.mark.parametrize(("loss", "oracle"), LOSSES.values(), ids=LOSSES)
LABELS = np.zeros(5, int)


def features(seed=0, widths=(4, 6)):
    """Returns the student's and the teacher's features of five examples, of different widths."""
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=(5, width)).astype(np.float32) for width in widths)


def states(seed=0, shape=(5, 8)):
    rng = np.random.default_rng(seed)
    psi = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return psi / np.linalg.norm(psi, axis=-1, keepdims=True)


@each_loss
def test_losses_equal_the_oracle(loss, oracle):
    for seed in range(5):
        student, teacher = features(seed)
        expected = oracle(student.astype(float), teacher.astype(float))
        np.testing.assert_allclose(loss(student, teacher, LABELS), expected, rtol=1e-4, atol=1e-6)


@each_loss
@pytest.mark.slow
def test_losses_vanish_at_the_teacher_and_follow_the_order_of_examples(loss, oracle):
    student, teacher = features()
    value, gradient = jax.value_and_grad(lambda s: loss(s, teacher, LABELS).sum())(teacher)
    assert value == 0
    np.testing.assert_allclose(gradient, 0, atol=1e-6)
    order = np.array([3, 1, 0, 2, 4])
    permuted = loss(student[order], teacher[order], LABELS)
    np.testing.assert_allclose(permuted, loss(student, teacher, LABELS)[order], rtol=1e-4)


@each_loss
def test_gradients(loss, oracle):
    with jax.enable_x64(True):
        student, teacher = (jnp.asarray(x, float) for x in features())
        check_grads(
            jax.jit(lambda s: loss(s, teacher, LABELS)), (student,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6
        )


@each_loss
@pytest.mark.slow
def test_extreme_features(loss, oracle):
    """Relations have no unit: their errors are absolute, and those of gradients relative to 1 over the width."""
    rng = np.random.default_rng(1)
    width = 10 ** rng.uniform(-2, 4, (CASES, 1, 1))
    student, teacher = (rng.uniform(-1, 1, (2, CASES, 5, 4)) * width).astype(np.float32)
    near = student + (1e-2 * width * rng.normal(size=student.shape)).astype(np.float32)
    teacher = np.where(np.arange(CASES)[:, None, None] % 2, near, teacher)

    def mean(student, teacher):
        return jnp.mean(loss(student, teacher, LABELS))

    value, gradient = jax.vmap(jax.value_and_grad(mean))(student, teacher)
    wide = student.astype(float), teacher.astype(float)
    with jax.enable_x64(True):
        slope = np.asarray(jax.vmap(jax.grad(mean))(*wide))
    expected = np.array([np.mean(oracle(*case)) for case in zip(*wide, strict=True)])
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)
    assert np.all(np.abs(gradient - slope) <= 1e-4 * np.abs(slope) + 1e-5 / width)


@each_loss
def test_examples_that_coincide_have_right_values_and_finite_gradients(loss, oracle):
    student, teacher = (jnp.asarray(x) for x in features())
    two_alike = student.at[1].set(student[0])
    expected = oracle(np.asarray(two_alike, float), np.asarray(teacher, float))
    np.testing.assert_allclose(loss(two_alike, teacher, LABELS), expected, rtol=1e-4, atol=1e-6)
    for same in (two_alike, jnp.ones((5, 4)), jnp.zeros((5, 4))):
        value, gradient = jax.value_and_grad(lambda s: loss(s, teacher, LABELS).mean())(same)
        assert jnp.isfinite(value)
        assert jnp.all(jnp.isfinite(gradient))
        assert jnp.all(jnp.isfinite(loss(student, same, LABELS)))


def isometry(x, seed=5):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))[0]
    return x.astype(float) @ turn, rng.normal(size=(1, x.shape[1]))


@each_loss
def test_turns_and_scale_do_not_matter_and_shifts_only_to_products(loss, oracle):
    student, teacher = features()
    turned, shift = isometry(student)
    expected = loss(student, teacher, LABELS)
    moved = loss((7.5 * turned).astype(np.float32), teacher, LABELS)
    np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=1e-6)
    shifted = loss((turned + shift).astype(np.float32), teacher, LABELS)
    if oracle in (np_rkd_distance, np_rkd_angle):
        np.testing.assert_allclose(shifted, expected, rtol=1e-4, atol=1e-6)
    else:
        assert np.abs(shifted - expected).max() > 1e-3


def test_values_by_hand():
    line, equilateral = jnp.array([[0.0], [1.0], [3.0]]), jnp.eye(3)
    labels = LABELS[:3]
    np.testing.assert_allclose(rkd_distance()(line, equilateral, labels), [1 / 8, 1 / 16, 1 / 16], rtol=1e-6)
    right = jnp.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    legs = (np.sqrt(0.5) - 0.5) ** 2 / 2
    np.testing.assert_allclose(rkd_angle()(right, equilateral, labels), [1 / 8, legs, legs], rtol=1e-5)
    apart, alike = jnp.eye(2), jnp.ones((2, 2))
    np.testing.assert_allclose(similarity_preserving()(apart, alike, labels[:2]), 1 - np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(fidelity_relations()(apart, alike, labels[:2]), 1 / 2, rtol=1e-6)


def test_fidelity_of_amplitude_states_is_the_squared_cosine():
    x, _ = features(widths=(7, 1))
    expected = [[np_squared_cosine(a, b) for b in x.astype(float)] for a in x.astype(float)]
    np.testing.assert_allclose(squared_cosine(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fidelity(encodings.amplitude(x, 3)), expected, rtol=1e-5, atol=1e-6)


def test_fidelity_of_complex_states():
    psi = states()
    expected = [[abs(sum(a.conj() * b)) ** 2 for b in psi] for a in psi]
    phases = np.exp(1j * np.arange(5))[:, None]
    for same in (psi, phases * psi):
        np.testing.assert_allclose(fidelity(jnp.asarray(same, jnp.complex64)), expected, rtol=1e-5, atol=1e-6)


def test_kernels_of_states_and_of_features_are_compared():
    psi, (_, teacher) = states(), features()
    found = fidelity_relations(fidelity, squared_cosine)(jnp.asarray(psi, jnp.complex64), teacher, LABELS)
    gap = np.asarray(fidelity(psi)) - np.asarray(squared_cosine(teacher))
    np.testing.assert_allclose(found, (gap**2).mean(axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "least"), [(name, 3 if name == "rkd_angle" else 2) for name in LOSSES])
def test_too_few_examples_are_refused(name, least):
    (loss, _), (student, teacher) = LOSSES[name], features()
    must = f"Argument `student` must hold at least {least} examples, but is of shape"
    with pytest.raises(ValueError, match=must):
        loss(student[: least - 1], teacher[: least - 1], LABELS)
    assert loss(student[:least], teacher[:least], LABELS).shape == (least,)


@each_loss
def test_a_missing_teacher_is_refused(loss, oracle):
    student, teacher = features()
    with pytest.raises(ValueError, match="Argument `teacher` must hold the teacher's logits or features"):
        loss(student, None, LABELS)
    assert loss(student, teacher, LABELS).shape == (5,)
