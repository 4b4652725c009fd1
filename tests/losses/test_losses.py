"""Losses of logits against a float64 NumPy oracle, at the edges of float32, and by their laws."""

import doctest
import importlib

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

from jaxqkd import Data, fit
from jaxqkd.losses import (
    Scheduled,
    dist,
    dkd,
    hard,
    jensen_shannon,
    kd,
    label_smoothing,
    mix,
    mse_logits,
    reverse_kl,
    soft,
    standardized,
)
from jaxqkd.models import Linear

CASES = 1_000


def log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def np_hard(student, labels):
    return -np.take_along_axis(log_softmax(student), labels[:, None], axis=1)[:, 0]


def np_soft(student, teacher, temperature):
    log_p, log_q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    return temperature[..., 0] ** 2 * (np.exp(log_p) * (log_p - log_q)).sum(axis=-1)


def np_soft_gradient(student, teacher, temperature):
    return temperature * (np.exp(log_softmax(student / temperature)) - np.exp(log_softmax(teacher / temperature)))


def np_softmax(z):
    return np.exp(log_softmax(z))


def np_kl(log_p, log_q):
    return sum(np.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True))


def np_reverse_kl(s, t, y, temperature, weight):
    return temperature**2 * np_kl(log_softmax(s / temperature), log_softmax(t / temperature))


def np_jensen_shannon(s, t, y, temperature, weight):
    logs = [log_softmax(z / temperature) for z in (t, s)]
    middle = np.logaddexp(*logs) - np.log(2)
    return temperature**2 * sum(np_kl(each, middle) for each in logs) / 2


def np_dkd(s, t, y, temperature, weight):
    rest = [c for c in range(len(s)) if c != y]
    logs = [log_softmax(z / temperature) for z in (t, s)]
    target = np_kl(*([log[y], np.logaddexp.reduce(log[rest])] for log in logs))
    others = np_kl(*(log_softmax(z[rest] / temperature) for z in (t, s)))
    return temperature**2 * (weight * target + (1 - weight) * others)


def np_label_smoothing(s, t, y, temperature, weight):
    share = [(1 - weight) * (c == y) + weight / len(s) for c in range(len(s))]
    return -np.dot(share, log_softmax(s))


def np_mse_logits(s, t, y, temperature, weight):
    return sum((a - b) ** 2 for a, b in zip(s, t, strict=True)) / len(s)


def np_standardized(s, t, y, temperature, weight):
    scores = [(z - z.mean()) / z.std() / temperature for z in (t, s)]
    return temperature**2 * np_kl(*map(log_softmax, scores))


def np_dist(student, teacher, temperature, beta, gamma):
    """The published value for a batch, and the rows' distances."""
    p, q = np_softmax(teacher / temperature), np_softmax(student / temperature)
    rows = [1 - np.corrcoef(a, b)[0, 1] for a, b in zip(p, q, strict=True)]
    columns = [1 - np.corrcoef(a, b)[0, 1] for a, b in zip(p.T, q.T, strict=True)]
    return temperature**2 * (beta * np.mean(rows) + gamma * np.mean(columns)), temperature**2 * np.array(rows)


EACH = {
    "reverse_kl": (lambda temperature, weight: reverse_kl(temperature), np_reverse_kl),
    "jensen_shannon": (lambda temperature, weight: jensen_shannon(temperature), np_jensen_shannon),
    "dkd": (lambda temperature, weight: dkd(temperature, weight, 1 - weight), np_dkd),
    "label_smoothing": (lambda temperature, weight: label_smoothing(weight), np_label_smoothing),
    "mse_logits": (lambda temperature, weight: mse_logits(), np_mse_logits),
    "standardized": (lambda temperature, weight: standardized(soft(temperature)), np_standardized),
}
NEW = [reverse_kl(0.7), jensen_shannon(3.0), dkd(2.0), dist(2.0), mse_logits(), standardized(soft(2.0))]


def ordinary(count=300, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    student, teacher = rng.normal(scale=3, size=(2, count, classes)).astype(np.float32)
    return student, teacher, rng.integers(0, classes, count)


def extreme():
    """Returns 1,000 cases: wide logits, close logits about a large offset, and a teacher close to its student."""
    rng = np.random.default_rng(1)
    temperature = np.exp(rng.uniform(np.log(0.05), np.log(100), (CASES, 1)))
    width = 10 ** rng.uniform(-2, 4, (CASES, 1))
    kind = np.arange(CASES)[:, None] % 3

    def logits():
        wide = rng.uniform(-1, 1, (CASES, 5)) * width
        shifted = rng.uniform(-9e3, 9e3, (CASES, 1)) + 2 * temperature * rng.normal(size=(CASES, 5))
        return np.where(kind == 1, shifted, wide)

    student = logits()
    teacher = np.where(kind == 2, student + 0.01 * temperature * rng.normal(size=(CASES, 5)), logits())
    arrays = [a.astype(np.float32) for a in (student, teacher, temperature)]
    assert np.abs(arrays[0]).max() > 9_000
    return *arrays, rng.integers(0, 5, CASES), rng.uniform(0, 1, CASES).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.5, 1, 4.0, 20])
def test_hard_soft_and_kd_equal_the_oracle(temperature):
    student, teacher, labels = ordinary()
    wide = [a.astype(float) for a in (student, teacher)]
    labels_term, teacher_term = np_hard(wide[0], labels), np_soft(*wide, np.array([float(temperature)]))
    close = {"rtol": 1e-6, "atol": 1e-6}
    np.testing.assert_allclose(hard()(student, None, labels), labels_term, **close)
    np.testing.assert_allclose(hard()(student, teacher, labels), labels_term, **close)
    np.testing.assert_allclose(soft(temperature)(student, teacher, labels), teacher_term, **close)
    for alpha in (0.0, 0.3, 1):
        mixed = (1 - alpha) * labels_term + alpha * teacher_term
        np.testing.assert_allclose(kd(temperature, alpha)(student, teacher, labels), mixed, **close)


def test_extreme_logits_and_temperatures():
    student, teacher, temperature, labels, alpha = extreme()
    wide = [a.astype(float) for a in (student, teacher, temperature)]

    def each(factory):
        def one(student, teacher, label, temperature, alpha):
            return factory(temperature, alpha)(student[None], teacher[None], label[None])[0]

        found = jax.vmap(jax.value_and_grad(one))(student, teacher, labels, temperature[:, 0], alpha)
        return [np.asarray(part, float) for part in found]

    soft_value, soft_gradient = np_soft(*wide), np_soft_gradient(*wide)
    hard_gradient = np_softmax(wide[0]) - np.eye(5)[labels]
    weight = alpha.astype(float)
    mixed_value = (1 - weight) * np_hard(wide[0], labels) + weight * soft_value
    mixed_gradient = (1 - weight)[:, None] * hard_gradient + weight[:, None] * soft_gradient
    for factory, value, gradient in (
        (lambda temperature, alpha: soft(temperature), soft_value, soft_gradient),
        (kd, mixed_value, mixed_gradient),
    ):
        found_value, found_gradient = each(factory)
        scale = 1 + wide[2]
        assert np.all(np.isfinite(found_value))
        assert np.all(np.isfinite(found_gradient))
        assert np.all(np.abs(found_value - value) <= 1e-4 * np.abs(value) + 1e-6 * scale[:, 0] ** 2)
        assert np.all(np.abs(found_gradient - gradient) <= 1e-4 * np.abs(gradient) + 1e-6 * scale)


@pytest.mark.parametrize("temperature", [0.5, 4.0])
@pytest.mark.parametrize("name", EACH)
def test_losses_of_one_example_equal_the_oracle(name, temperature):
    factory, oracle = EACH[name]
    student, teacher, labels = ordinary()
    rows = zip(student.astype(float), teacher.astype(float), labels, strict=True)
    expected = [oracle(*row, temperature, 0.3) for row in rows]
    np.testing.assert_allclose(
        factory(temperature, 0.3)(student, teacher, labels),
        expected,
        rtol=1e-5,
        atol=1e-6 * (1 + temperature) ** 2,
    )


@pytest.mark.parametrize("name", EACH)
@pytest.mark.slow
def test_extreme_logits_and_temperatures_of_other_losses(name):
    """Errors are relative to the loss, or to the size that it has where the student is far from the teacher."""
    factory, oracle = EACH[name]
    student, teacher, temperature, labels, weight = extreme()

    def one(student, teacher, label, temperature, weight):
        return factory(temperature, weight)(student[None], teacher[None], label[None])[0]

    arguments = student, teacher, labels, temperature[:, 0], weight
    value, gradient = jax.vmap(jax.value_and_grad(one))(*arguments)
    wide = [a if a.dtype.kind == "i" else a.astype(float) for a in arguments]
    with jax.enable_x64(True):
        slope = np.asarray(jax.vmap(jax.grad(one))(*wide))
    expected = np.array([oracle(*case) for case in zip(*wide, strict=True)])
    scale = (1 + wide[3])[:, None]
    reach = np.abs(wide[0] - wide[1]).max(axis=1, keepdims=True) if name == "reverse_kl" else 0
    over = wide[0].std(axis=1, keepdims=True) if name == "standardized" else 1
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(gradient))
    assert np.all(np.abs(value - expected) <= 1e-4 * np.abs(expected) + 1e-6 * scale[:, 0] ** 2)
    assert np.all(np.abs(gradient - slope) <= 1e-4 * np.abs(slope) + 1e-6 * (scale + reach) / over)


@pytest.mark.slow
def test_dist_at_the_edges_where_float32_tells_the_correlations():
    """All cases are finite; a correlation is known to 1e-4 where rows and columns vary by 1e-3 of their size."""
    rng = np.random.default_rng(2)
    temperature = np.exp(rng.uniform(np.log(0.05), np.log(100), CASES)).astype(np.float32)
    width = 10 ** rng.uniform(-2, 4, (CASES, 1, 1))
    student, teacher = (rng.uniform(-1, 1, (2, CASES, 6, 4)) * width).astype(np.float32)

    def mean(student, teacher, temperature):
        return jnp.mean(dist(temperature, 0.5, 2.0)(student, teacher, jnp.zeros(6, int)))

    value, gradient = jax.vmap(jax.value_and_grad(mean))(student, teacher, temperature)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(gradient))
    told = 0
    for case, found in enumerate(value):
        arrays = [a[case].astype(float) for a in (student, teacher)]
        shares = np.stack([np_softmax(a / temperature[case]) for a in arrays])
        varies = [np.all(shares.std(axis=axis) >= 1e-3 * shares.max(axis=axis)) for axis in (1, 2)]
        if all(varies) and shares.max(axis=1).min() > 1e-30:
            told += 1
            expected, _ = np_dist(*arrays, float(temperature[case]), 0.5, 2.0)
            np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert told > CASES / 4


@pytest.mark.parametrize("loss", [hard(), soft(0.05), soft(1.0), kd(2.0, 0.5), *NEW])
@pytest.mark.slow
def test_exact_zeros_in_probabilities(loss):
    student = jnp.array([[1e4, -1e4, 0.0], [0.0, 300.0, -300.0]])
    teacher = jnp.array([[-1e4, 1e4, 0.0], [0.0, 300.0, -300.0]])
    assert jnp.all(jax.nn.softmax(student)[0, 1:] == 0)
    total, gradient = jax.value_and_grad(lambda s: loss(s, teacher, jnp.array([1, 1])).sum())(student)
    assert jnp.isfinite(total)
    assert jnp.all(jnp.isfinite(gradient))


@pytest.mark.parametrize("loss", [*NEW, label_smoothing()])
@pytest.mark.slow
def test_equal_logits_and_equal_rows_have_finite_gradients(loss):
    row = jnp.array([[0.1, 2.0, -1.0]])
    for student, teacher in (
        (jnp.zeros((3, 3)), jnp.tile(row, (3, 1))),
        (jnp.tile(row, (3, 1)), jnp.ones((3, 3))),
    ):
        value, gradient = jax.value_and_grad(lambda s, t=teacher: loss(s, t, jnp.arange(3)).sum())(student)
        assert jnp.isfinite(value)
        assert jnp.all(jnp.isfinite(gradient))


def test_divergences_are_not_negative_and_vanish_at_the_teacher():
    student, teacher, temperature, labels, _ = extreme()
    every = jax.vmap(lambda s, t, y, temperature: soft(temperature)(s[None], t[None], y[None])[0])
    assert np.all(every(student, teacher, labels, temperature[:, 0]) >= 0)
    assert np.all(every(teacher, teacher, labels, temperature[:, 0]) == 0)
    for constant in (0.5, 3.0):
        at_teacher = jax.value_and_grad(lambda s, c=constant: kd(c, 1.0)(s, teacher, labels).sum())(teacher)
        assert at_teacher[0] == 0
        assert np.abs(at_teacher[1]).max() <= 1e-6 * constant


def test_the_gradient_of_soft_is_t_times_the_difference_of_probabilities():
    student, teacher, labels = ordinary()
    for temperature in (0.5, 1.0, 7.0):
        gradient = jax.grad(lambda s, t=temperature: soft(t)(s, teacher, labels).sum())(student)
        expected = np_soft_gradient(student.astype(float), teacher.astype(float), np.array([temperature]))
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6 * temperature)


@pytest.mark.parametrize("alpha", [0, 0.0, "traced"])
def test_alpha_0_is_hard_bit_for_bit(alpha):
    student, teacher, _, labels, _ = extreme()

    def both(loss):
        return jax.value_and_grad(lambda s: jnp.mean(loss(s, teacher, labels)))(student)

    def distilled(weight):
        return both(kd(0.05, weight)), both(kd(3.0, weight))

    wanted = jax.jit(lambda: (both(hard()), both(hard())))()
    found = jax.jit(distilled)(0.0) if alpha == "traced" else jax.jit(lambda: distilled(alpha))()
    chex.assert_trees_all_equal(found, wanted)


@pytest.mark.slow
def test_alpha_0_trains_like_hard_bit_for_bit():
    student, teacher, labels = ordinary(count=40)
    data = Data(jnp.asarray(student), jnp.asarray(labels), jnp.asarray(teacher))

    def train(loss, batch_size):
        return fit(
            jax.random.key(0), Linear(classes=4), data, loss, optax.adam(0.1), epochs=20, batch_size=batch_size
        )

    def train_both(loss):
        return train(loss, None), train(loss, 16)

    whole, batches = jax.jit(lambda: train_both(hard()))()
    for found in (
        jax.jit(lambda alpha: train_both(kd(2.0, alpha)))(0.0),
        jax.jit(lambda: train_both(kd(2.0, 0.0)))(),
    ):
        chex.assert_trees_all_equal(found[0], whole)
        chex.assert_trees_all_equal(found[1].params, batches.params)
        np.testing.assert_allclose(found[1].history["loss"], batches.history["loss"], rtol=1e-6)


def test_high_temperature_compares_centered_logits():
    student, teacher, labels = ordinary()
    with jax.enable_x64(True):
        s, t = jnp.asarray(student, float), jnp.asarray(teacher, float)
        limit = soft(1e6)(s, t, labels)
        gap = np.asarray(s - t)
    gap = gap - gap.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(limit, (gap**2).mean(axis=1) / 2, rtol=1e-5)


def test_the_temperature_scales_logits_and_the_loss_by_its_square():
    student, teacher, labels = ordinary()
    for temperature in (0.25, 2.0, 8.0):
        scaled = soft(temperature)(temperature * student, temperature * teacher, labels)
        np.testing.assert_allclose(scaled, temperature**2 * soft(1.0)(student, teacher, labels), rtol=1e-6)


@pytest.mark.parametrize("loss", NEW)
@pytest.mark.slow
def test_the_new_losses_vanish_at_the_teacher_alone(loss):
    student, teacher, labels = ordinary()
    assert np.all(loss(student, teacher, labels) > 0)
    np.testing.assert_allclose(loss(teacher, teacher, labels), 0, atol=1e-12)
    gradient = jax.grad(lambda s: loss(s, teacher, labels).sum())(teacher)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


def test_label_smoothing_is_distillation_from_a_teacher_that_knows_nothing():
    student, _, labels = ordinary()
    ignorant = np.zeros_like(student)

    def both(loss):
        return jax.value_and_grad(lambda s: loss(s, ignorant, labels).sum())(student)

    (value, gradient), (taught, slope) = both(label_smoothing(0.3)), both(kd(1.0, 0.3))
    np.testing.assert_allclose(value, taught + len(labels) * 0.3 * np.log(4), rtol=1e-6)
    np.testing.assert_allclose(gradient, slope, atol=1e-6)
    np.testing.assert_allclose(label_smoothing(0)(student, None, labels), hard()(student, None, labels), rtol=1e-6)


def test_the_divergences_and_their_symmetries():
    student, teacher, labels = ordinary()
    np.testing.assert_array_equal(reverse_kl(2.0)(student, teacher, labels), soft(2.0)(teacher, student, labels))
    both_ways = [jensen_shannon(2.0)(*pair, labels) for pair in ((student, teacher), (teacher, student))]
    np.testing.assert_allclose(*both_ways, rtol=1e-5)
    assert np.all(both_ways[0] <= 4 * np.log(2))
    apart = jensen_shannon(3.0)(np.array([[1e4, 0]]), np.array([[0, 1e4]]), np.array([0]))
    np.testing.assert_allclose(apart, 9 * np.log(2), rtol=1e-6)


def test_mse_logits_sees_an_offset_and_is_twice_soft_at_a_high_temperature():
    student, teacher, labels = ordinary()
    np.testing.assert_allclose(mse_logits()(teacher + 3, teacher, labels), 9, rtol=1e-5)
    student, teacher = (z - z.mean(axis=1, keepdims=True) for z in (student, teacher))
    np.testing.assert_allclose(
        2 * soft(1e4)(student, teacher, labels), mse_logits()(student, teacher, labels), rtol=2e-3
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_dkd_is_soft_where_beta_is_the_teachers_share_of_the_rest(temperature):
    student, teacher, labels = ordinary()
    probabilities = np_softmax(teacher.astype(float) / temperature)
    rest = 1 - np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    found = dkd(temperature, 1.0, rest.astype(np.float32))(student, teacher, labels)
    expected = np_soft(student.astype(float), teacher.astype(float), np.array([temperature]))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    two = student[:, :2], teacher[:, :2], labels % 2
    np.testing.assert_allclose(dkd(temperature, 1.0, 5.0)(*two), soft(temperature)(*two), rtol=1e-5, atol=1e-6)


def test_dist_has_the_published_mean_and_rows():
    student, teacher, labels = ordinary(count=40)
    wide = student.astype(float), teacher.astype(float)
    published, rows = np_dist(*wide, 2.0, 0.5, 2.0)
    np.testing.assert_allclose(dist(2.0, 0.5, 2.0)(student, teacher, labels).mean(), published, rtol=1e-5)
    np.testing.assert_allclose(dist(2.0, 1.0, 0.0)(student, teacher, labels), rows, rtol=1e-4, atol=1e-6)
    opposite = jnp.array([[3.0, 0.0], [0.0, 3.0]])
    np.testing.assert_allclose(dist(1.0)(opposite, opposite[::-1], jnp.arange(2)), 4, rtol=1e-6)


def test_dist_does_not_change_with_an_affine_map_of_the_teachers_probabilities():
    student, teacher, labels = ordinary(count=40)
    moved = 2 * np.log(0.6 * np_softmax(teacher.astype(float) / 2) + 0.1).astype(np.float32)
    expected = dist(2.0)(student, teacher, labels)
    np.testing.assert_allclose(dist(2.0)(student, moved, labels), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(soft(2.0)(student, moved, labels) - soft(2.0)(student, teacher, labels)).max() > 0.1


def test_standardized_does_not_change_with_an_affine_map_of_an_examples_logits():
    student, teacher, labels = ordinary()
    rng = np.random.default_rng(3)
    scale, shift = np.exp(rng.normal(size=(300, 1))), 10 * rng.normal(size=(300, 1))
    for loss in (soft(2.0), mse_logits(), dkd(2.0)):
        expected = standardized(loss)(student, teacher, labels)
        moved = standardized(loss)(*((scale * z + shift).astype(np.float32) for z in (student, teacher)), labels)
        np.testing.assert_allclose(moved, expected, rtol=1e-3, atol=1e-4)
    correlation = [np.corrcoef(*pair)[0, 1] for pair in zip(student, teacher, strict=True)]
    found = standardized(mse_logits())(student, teacher, labels)
    np.testing.assert_allclose(found, 2 - 2 * np.array(correlation), rtol=1e-4, atol=1e-5)


def test_what_is_constant_has_no_direction():
    """Also where the mean of equal numbers is rounded to another."""
    labels = np.zeros(50, int)
    constant = np.tile(np.linspace(-3, 3, 50, dtype=np.float32)[:, None], (1, 7))
    np.testing.assert_allclose(standardized(hard())(constant, None, labels), np.log(7), rtol=1e-6)
    teacher = np.random.default_rng(4).normal(size=(50, 7)).astype(np.float32)
    np.testing.assert_allclose(dist(2.0, 1.0, 0.0)(constant, teacher, labels), 2, rtol=1e-6)
    alike = np.tile(teacher[:1], (50, 1))
    np.testing.assert_allclose(dist(2.0, 0.0, 1.0)(alike, teacher, labels).mean(), 2, rtol=1e-6)
    np.testing.assert_array_equal(dist()(constant, constant, labels), 0)


def test_a_schedule_gives_the_loss_of_each_epoch():
    student, teacher, labels = ordinary(count=20)
    cooling = optax.exponential_decay(8.0, transition_steps=10, decay_rate=0.5)
    loss = Scheduled(lambda epoch: kd(cooling(epoch), 0.3))
    found = jax.jit(jax.vmap(lambda epoch: loss.at(epoch)(student, teacher, labels)))(jnp.arange(30))
    for epoch in (0, 7, 29):
        by_hand = kd(8.0 * 0.5 ** (epoch / 10), 0.3)(student, teacher, labels)
        np.testing.assert_allclose(found[epoch], by_hand, rtol=1e-5)
        np.testing.assert_allclose(loss.at(epoch)(student, teacher, labels), by_hand, rtol=1e-5)


def test_mix_weighs_and_takes_traced_weights():
    student, teacher, labels = ordinary()
    first, second = hard()(student, None, labels), soft(2.0)(student, teacher, labels)
    found = jax.jit(lambda w: mix((w, hard()), (0.25, soft(2.0)))(student, teacher, labels))(3.0)
    np.testing.assert_allclose(found, 3 * first + second / 4, rtol=1e-6)
    np.testing.assert_array_equal(mix((1.0, hard()))(student, None, labels), first)


@pytest.mark.parametrize(
    "loss",
    [
        hard(),
        soft(0.7),
        kd(3.0, 0.4),
        mix((2.0, hard()), (0.1, soft())),
        label_smoothing(0.2),
        *NEW,
    ],
)
def test_losses_follow_the_order_of_examples_and_have_right_gradients(loss):
    student, teacher, labels = ordinary(count=6)
    order = np.array([3, 1, 5, 0, 2, 4])
    permuted = loss(student[order], teacher[order], labels[order])
    np.testing.assert_allclose(permuted, loss(student, teacher, labels)[order], rtol=1e-6)
    with jax.enable_x64(True):
        s, t = jnp.asarray(student, float), jnp.asarray(teacher, float)
        check_grads(jax.jit(lambda s: loss(s, t, labels)), (s,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf"), None])
def test_temperatures_refused(temperature):
    for factory in (soft, kd, reverse_kl, jensen_shannon, dkd, dist):
        with pytest.raises(ValueError, match="Argument `temperature` must be positive and finite"):
            factory(temperature)


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan"), None])
def test_alphas_refused(alpha):
    with pytest.raises(ValueError, match="Argument `alpha` must lie between 0 and 1"):
        kd(1.0, alpha)
    with pytest.raises(ValueError, match="Argument `smoothing` must lie between 0 and 1"):
        label_smoothing(alpha)


@pytest.mark.parametrize(
    ("weighted", "message"),
    [
        ((), "must hold at least one pair"),
        ((hard(),), r"must hold pairs \(weight, loss\)"),
        (((hard(), 0.5),), r"must hold pairs \(weight, loss\)"),
        (((0.5, hard(), soft()),), r"must hold pairs \(weight, loss\)"),
        (((np.nan, hard()),), "must have finite weights, but is nan"),
    ],
)
def test_a_mix_of_anything_else_is_refused(weighted, message):
    with pytest.raises(ValueError, match=f"^Argument `weighted` {message}"):
        mix(*weighted)


@pytest.mark.parametrize("alpha", [0.0, 1, np.float32(0.2)])
@pytest.mark.parametrize("temperature", [1e-3, 1, np.float32(2)])
def test_numbers_and_tracers_accepted(temperature, alpha):
    student, teacher, labels = ordinary(count=4)
    traced = jax.jit(lambda temperature, alpha: kd(temperature, alpha)(student, teacher, labels))(
        temperature, alpha
    )
    np.testing.assert_allclose(traced, kd(temperature, alpha)(student, teacher, labels), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", [soft(), kd(), mix((1.0, soft(2.0))), *NEW])
def test_a_missing_or_unfit_teacher_is_refused(loss):
    student, _, labels = ordinary(count=4)
    with pytest.raises(ValueError, match=r"Argument `teacher` must hold the teacher's logits, but is None"):
        loss(student, None, labels)
    with pytest.raises(ValueError, match="have the student's 4 classes, but is 3 classes"):
        loss(student, np.zeros((4, 3)), labels)
    with pytest.raises(ValueError, match="have a row for each of the student's 4 examples, but is of 1 rows"):
        loss(student, np.zeros((1, 4)), labels)
    assert loss(student, np.zeros((4, 4)), labels).shape == (4,)


def test_dist_refuses_an_example_alone():
    student, teacher, labels = ordinary(count=2)
    with pytest.raises(ValueError, match="Argument `student` must hold at least 2 examples, but is of shape"):
        dist()(student[:1], teacher[:1], labels[:1])
    assert dist()(student, teacher, labels).shape == (2,)


@pytest.mark.parametrize("module", ["combinators", "states", "schedules"])
def test_the_examples_of_the_modules_hold(module):
    found = doctest.testmod(importlib.import_module(f"jaxqkd.losses.{module}"))
    assert found.failed == 0
    assert found.attempted > 0


def test_hard_is_finite_where_another_class_is_impossible():
    student = jnp.array([[0.0, 1.0, -jnp.inf]])
    value, gradient = jax.value_and_grad(lambda z: hard()(z, None, jnp.array([0]))[0])(student)
    np.testing.assert_allclose(value, np.log(1 + np.e), rtol=1e-6)
    np.testing.assert_allclose(gradient, [[1 / (1 + np.e) - 1, np.e / (1 + np.e), 0]], atol=1e-6)
