"""Losses against a float64 NumPy oracle, at the edges of float32, and by their laws."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.test_util import check_grads

from jaxqkd import Data, fit
from jaxqkd.losses import ce_plus_kl, hard, kd, mix, on_probabilities, soft, summed
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


@pytest.mark.parametrize(
    "loss", [hard(), soft(0.05), soft(1.0), kd(2.0, 0.5), ce_plus_kl(), on_probabilities(kd())]
)
def test_exact_zeros_in_probabilities(loss):
    student = jnp.array([[1e4, -1e4, 0.0], [0.0, 300.0, -300.0]])
    teacher = jnp.array([[-1e4, 1e4, 0.0], [0.0, 300.0, -300.0]])
    assert jnp.all(jax.nn.softmax(student)[0, 1:] == 0)
    total, gradient = jax.value_and_grad(lambda s: loss(s, teacher, jnp.array([1, 1])).sum())(student)
    assert jnp.isfinite(total)
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
    assert jax.tree.all(jax.tree.map(np.array_equal, found, wanted))


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
        assert jax.tree.all(jax.tree.map(np.array_equal, found[0], whole))
        assert jax.tree.all(jax.tree.map(np.array_equal, found[1].params, batches.params))
        np.testing.assert_allclose(found[1].history["loss"], batches.history["loss"], rtol=1e-6)


def test_high_temperature_compares_centred_logits():
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


def test_mix_weighs_and_takes_traced_weights():
    student, teacher, labels = ordinary()
    first, second = hard()(student, None, labels), soft(2.0)(student, teacher, labels)
    found = jax.jit(lambda w: mix((w, hard()), (0.25, soft(2.0)))(student, teacher, labels))(3.0)
    np.testing.assert_allclose(found, 3 * first + second / 4, rtol=1e-6)
    np.testing.assert_array_equal(mix((1.0, hard()))(student, None, labels), first)


def test_the_mean_of_summed_is_the_sum():
    student, teacher, labels = ordinary()
    wanted = np_soft(student.astype(float), teacher.astype(float), np.array([2.0])).sum()
    np.testing.assert_allclose(summed(soft(2.0))(student, teacher, labels).mean(), wanted, rtol=1e-6)


def test_on_probabilities_takes_the_softmax_twice():
    student, teacher, labels = ordinary()
    twice = [np_softmax(a.astype(float)) for a in (student, teacher)]
    found = on_probabilities(kd(2.0, 0.4))(student, teacher, labels)
    expected = 0.6 * np_hard(twice[0], labels) + 0.4 * np_soft(*twice, np.array([2.0]))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    certain = on_probabilities(hard())(1e4 * jnp.eye(3), None, jnp.arange(3))
    np.testing.assert_allclose(certain, np.log(1 + 2 / np.e), rtol=1e-6)


@pytest.mark.parametrize("weight", [1.0, 0.0, 0.1])
@pytest.mark.parametrize("on", ["logits", "probabilities"])
@pytest.mark.parametrize("kl", ["sum", "mean"])
def test_ce_plus_kl_in_its_variants(kl, on, weight):
    student, teacher, labels = ordinary(count=50)
    wide = [a.astype(float) for a in (student, teacher)]
    scores = wide[0] if on == "logits" else np_softmax(wide[0])
    divergence = np_soft(*wide, np.ones(1))
    expected = np_hard(scores, labels).mean() + weight * (divergence.sum() if kl == "sum" else divergence.mean())
    losses = [ce_plus_kl(kl=kl, on=on, weight=weight)(student, teacher, labels)]
    losses.append(jax.jit(lambda w: ce_plus_kl(kl=kl, on=on, weight=w)(student, teacher, labels))(weight))
    for found in losses:
        assert found.shape == (50,)
        np.testing.assert_allclose(found.mean(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "loss",
    [hard(), soft(0.7), kd(3.0, 0.4), mix((2.0, hard()), (0.1, soft())), ce_plus_kl(on="probabilities")],
)
def test_losses_act_on_each_example_and_have_right_gradients(loss):
    student, teacher, labels = ordinary(count=6)
    order = np.array([3, 1, 5, 0, 2, 4])
    permuted = loss(student[order], teacher[order], labels[order])
    np.testing.assert_allclose(permuted, loss(student, teacher, labels)[order], rtol=1e-6)
    with jax.enable_x64(True):
        s, t = jnp.asarray(student, float), jnp.asarray(teacher, float)
        check_grads(jax.jit(lambda s: loss(s, t, labels)), (s,), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf"), None])
def test_temperatures_refused(temperature):
    for factory in (soft, kd):
        with pytest.raises(ValueError, match="Argument `temperature` must be positive and finite"):
            factory(temperature)


@pytest.mark.parametrize("alpha", [-0.01, 1.01, float("nan"), None])
def test_alphas_refused(alpha):
    with pytest.raises(ValueError, match="Argument `alpha` must lie between 0 and 1"):
        kd(1.0, alpha)


@pytest.mark.parametrize(
    ("options", "name"), [({"kl": "max"}, "kl"), ({"on": "scores"}, "on"), ({"kl": None}, "kl")]
)
def test_options_refused(options, name):
    with pytest.raises(ValueError, match=f"Argument `{name}` must be one of"):
        ce_plus_kl(**options)


def test_an_empty_mix_is_refused():
    with pytest.raises(ValueError, match="Argument `weighted` must hold at least one pair"):
        mix()


@pytest.mark.parametrize("alpha", [0.0, 1, np.float32(0.2)])
@pytest.mark.parametrize("temperature", [1e-3, 1, np.float32(2)])
def test_numbers_and_tracers_accepted(temperature, alpha):
    student, teacher, labels = ordinary(count=4)
    traced = jax.jit(lambda temperature, alpha: kd(temperature, alpha)(student, teacher, labels))(
        temperature, alpha
    )
    np.testing.assert_allclose(traced, kd(temperature, alpha)(student, teacher, labels), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", [soft(), kd(), ce_plus_kl(), mix((1.0, soft(2.0))), summed(soft())])
def test_a_missing_or_unfit_teacher_is_refused(loss):
    student, _, labels = ordinary(count=4)
    with pytest.raises(ValueError, match=r"Argument `teacher` must hold the teacher's logits, but is None"):
        loss(student, None, labels)
    with pytest.raises(ValueError, match="have the student's 4 classes, but is 3 classes"):
        loss(student, np.zeros((4, 3)), labels)
    assert loss(student, np.zeros((4, 4)), labels).shape == (4,)


def test_hard_is_finite_where_another_class_is_impossible():
    student = jnp.array([[0.0, 1.0, -jnp.inf]])
    value, gradient = jax.value_and_grad(lambda z: hard()(z, None, jnp.array([0]))[0])(student)
    np.testing.assert_allclose(value, np.log(1 + np.e), rtol=1e-6)
    np.testing.assert_allclose(gradient, [[1 / (1 + np.e) - 1, np.e / (1 + np.e), 0]], atol=1e-6)
