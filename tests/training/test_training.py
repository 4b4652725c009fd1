"""Training: steps by hand, an independent loop, divergence, gradients through a training, and refusals."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd import Data, fit, label
from jaxqkd.losses import Scheduled, hard, kd, soft
from jaxqkd.models import Linear, QuantumStudent

KEY = jax.random.key(7)
LINEAR = Linear(classes=3)


def blobs(count, seed=0, features=2):
    return jq.data.xor_grid(jax.random.key(seed), count=count, features=features, spread=0.5)


def same(first, second):
    return jax.tree.all(jax.tree.map(lambda a, b: np.array_equal(a, b, equal_nan=True), first, second))


def weights(params):
    head = params["params"]["head"]
    return np.asarray(head["kernel"], float), np.asarray(head["bias"], float)


def np_softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def np_loss(kernel, bias, data):
    p = np_softmax(np.asarray(data.x, float) @ kernel + bias)
    return -np.log(p[np.arange(len(p)), np.asarray(data.labels)]).mean()


def np_step(kernel, bias, x, labels, rate):
    """Returns the weights of a linear classifier after a step of gradient descent on the cross-entropy."""
    x = np.asarray(x, float)
    error = (np_softmax(x @ kernel + bias) - np.eye(len(bias))[labels]) / len(x)
    return kernel - rate * x.T @ error, bias - rate * error.sum(axis=0)


def test_a_linear_model_separates_what_is_separable():
    x = jax.random.normal(KEY, (200, 3))
    data = Data(x, (x @ jnp.array([1.0, -2.0, 0.5]) > 0).astype(int))
    out = fit(KEY, Linear(classes=2), data, hard(), optax.adam(0.3), epochs=400)
    assert jq.metrics.accuracy(Linear(classes=2).apply(out.params, x), data.labels) == 1
    assert out.history["loss"][-1] < 0.05 < out.history["loss"][0]


@pytest.mark.parametrize("batch_size", [None, 10])
@pytest.mark.slow
def test_a_constant_schedule_changes_nothing(batch_size):
    data = blobs(30)._replace(teacher=jax.random.normal(KEY, (30, 3)))
    options = {"epochs": 4, "batch_size": batch_size, "validation": data}
    still = Scheduled(lambda epoch: kd(2.0 + 0.0 * epoch, 0.5))
    fixed, moving = (fit(KEY, LINEAR, data, loss, optax.adam(0.1), **options) for loss in (kd(2.0, 0.5), still))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), moving, fixed)


def test_a_schedule_gives_each_epoch_its_own_loss():
    data = blobs(30)._replace(teacher=jax.random.normal(KEY, (30, 3)))
    alphas = optax.linear_schedule(0.0, 1.0, transition_steps=2)
    loss = Scheduled(lambda epoch: kd(2.0, alphas(epoch)))
    out = fit(KEY, LINEAR, data, loss, optax.sgd(0.0), epochs=4, validation=data)
    for epoch, alpha in enumerate((0.0, 0.5, 1.0, 1.0)):
        wanted = kd(2.0, alpha)(LINEAR.apply(out.params, data.x), data.teacher, data.labels).mean()
        np.testing.assert_allclose(out.history["loss"][epoch], wanted, rtol=1e-5)
        np.testing.assert_allclose(out.history["val_loss"][epoch], wanted, rtol=1e-5)


def test_the_norm_of_the_gradient_is_recorded():
    data = blobs(30)
    out = fit(KEY, LINEAR, data, hard(), optax.sgd(0.0), epochs=2)
    kernel, bias = weights(out.params)
    after = np_step(kernel, bias, *data[:2], 1.0)
    norm = np.sqrt(sum(((old - new) ** 2).sum() for old, new in zip((kernel, bias), after, strict=True)))
    np.testing.assert_allclose(out.history["gradient_norm"], [norm, norm], rtol=1e-5)


def test_full_batch_steps_by_hand():
    data, rate = blobs(30), 0.7
    start = LINEAR.init(KEY, data.x)
    kernel, bias = weights(start)
    losses = []
    for _ in range(3):
        losses.append(np_loss(kernel, bias, data))
        kernel, bias = np_step(kernel, bias, data.x, data.labels, rate)
    out = fit(KEY, LINEAR, data, hard(), optax.sgd(rate), epochs=3, params=start)
    found = weights(out.params)
    np.testing.assert_allclose(found[0], kernel, atol=1e-6)
    np.testing.assert_allclose(found[1], bias, atol=1e-6)
    np.testing.assert_allclose(out.history["loss"], losses, atol=1e-6)
    assert int(out.history["epochs"]) == 3
    assert not out.history["diverged"]
    assert int(out.history["diverged_epoch"]) == -1


class Recorder(NamedTuple):
    """A model that is not linen's; its gradient on x = one-hot rows shows which examples an epoch used."""

    count: int

    def init(self, key, x):
        return {"seen": jnp.zeros((self.count, 2)), "order": jnp.zeros((self.count,))}

    def apply(self, params, x):
        return x @ params["seen"]


@pytest.mark.parametrize(("count", "batch_size", "epochs"), [(10, 3, 5), (12, 4, 4), (7, 7, 2), (4, 1, 2)])
@pytest.mark.slow
def test_mini_batches_use_each_example_at_most_once_an_epoch(count, batch_size, epochs):
    def linear_loss(student, teacher, labels):
        return student[:, 0]

    data = Data(np.eye(count, dtype=np.float32), np.arange(count) % 2)
    model, steps = Recorder(count), count // batch_size

    def after(ran):
        out = fit(KEY, model, data, linear_loss, optax.sgd(1.0), epochs=ran, batch_size=batch_size)
        return -np.asarray(out.params["seen"][:, 0]) * batch_size

    used = np.diff(np.stack([np.zeros(count), *[after(ran) for ran in range(1, epochs + 1)]]), axis=0)
    np.testing.assert_allclose(used, np.rint(used), atol=1e-5)
    assert set(np.rint(used).ravel()) <= {0, 1}
    assert np.all(np.rint(used).sum(axis=1) == steps * batch_size)
    left_out = {tuple(np.flatnonzero(np.rint(row) == 0)) for row in used}
    assert len(left_out) == 1 if steps * batch_size == count else len(left_out) > 1


def test_mini_batches_come_in_another_order_each_epoch_and_count_updates():
    def position(student, teacher, labels):
        return student[:, 0]

    count = 8
    clock = optax.GradientTransformation(
        lambda params: jnp.asarray(0),
        lambda grads, step, params=None: (jax.tree.map(lambda g: jnp.sign(g) * (step + 1.0), grads), step + 1),
    )
    data = Data(jnp.eye(count), jnp.zeros(count, int))

    def steps(epochs):
        return np.asarray(
            fit(KEY, Recorder(count), data, position, clock, epochs=epochs, batch_size=1).params["seen"]
        )

    first, both = steps(1)[:, 0], steps(2)[:, 0]
    second = both - first - count
    assert sorted(first) == sorted(second) == list(range(1, count + 1))
    assert list(first) != list(second)


def test_the_loss_of_an_epoch_is_the_mean_over_its_updates():
    data, rate = blobs(9), 0.3
    start = LINEAR.init(KEY, data.x)
    constant = fit(KEY, LINEAR, data, hard(), optax.sgd(0.0), epochs=2, batch_size=3, params=start)
    np.testing.assert_allclose(constant.history["loss"], np_loss(*weights(start), data), atol=1e-6)
    whole = fit(KEY, LINEAR, data, hard(), optax.sgd(rate), epochs=2, batch_size=9, params=start)
    single = fit(KEY, LINEAR, data, hard(), optax.sgd(rate), epochs=2, params=start)
    np.testing.assert_allclose(whole.history["loss"], single.history["loss"], atol=1e-6)


def looped(start, data, validation, rate, epochs, patience):
    """Returns what a plain Python loop with early stopping finds."""
    kernel, bias = weights(start)
    best, best_loss, best_epoch, losses, scores = (kernel, bias), np.inf, -1, [], []
    for epoch in range(epochs):
        losses.append(np_loss(kernel, bias, data))
        kernel, bias = np_step(kernel, bias, data.x, data.labels, rate)
        scores.append(np_loss(kernel, bias, validation))
        if scores[-1] < best_loss:
            best, best_loss, best_epoch = (kernel, bias), scores[-1], epoch
        if patience is not None and epoch - best_epoch >= patience:
            break
    return (kernel, bias), best, best_epoch, losses, scores


@pytest.mark.parametrize(("rate", "patience"), [(0.5, 4), (3.0, 1), (0.5, 100), (0.5, None)])
@pytest.mark.slow
def test_early_stopping_equals_a_python_loop(rate, patience):
    epochs = 40
    with jax.enable_x64(True):
        data, validation = blobs(6, seed=5, features=6), blobs(15, seed=2, features=6)
        start = LINEAR.init(KEY, data.x)
        options = {"epochs": epochs, "validation": validation, "patience": patience, "params": start}

        @jax.jit
        def both(rate):
            return [
                fit(KEY, LINEAR, data, hard(), optax.sgd(rate), keep=keep, **options)
                for keep in (None, "best", "last")
            ]

        default, out, stopped = both(rate)
        assert same(default, out)
        found, at_stop = weights(out.params), weights(stopped.params)
    last, best, best_epoch, losses, scores = looped(start, data, validation, rate, epochs, patience)
    assert int(out.history["best_epoch"]) == best_epoch < epochs - 1
    assert int(out.history["epochs"]) == len(losses)
    for array, wanted in zip((*found, *at_stop), (*best, *last), strict=True):
        np.testing.assert_allclose(array, wanted, atol=1e-9)
    for name, values in (("loss", losses), ("val_loss", scores)):
        padded = np.concatenate([values, np.full(epochs - len(values), np.nan)])
        np.testing.assert_allclose(out.history[name], padded, atol=1e-9)


def test_without_patience_the_validation_data_only_watch():
    data, validation = blobs(20), blobs(10, seed=1)
    plain = fit(KEY, LINEAR, data, hard(), optax.adam(0.1), epochs=6)
    watched = fit(KEY, LINEAR, data, hard(), optax.adam(0.1), epochs=6, validation=validation, keep="last")
    np.testing.assert_allclose(weights(plain.params)[0], weights(watched.params)[0], atol=1e-6)
    assert set(plain.history) == {"loss", "gradient_norm", "epochs", "diverged", "diverged_epoch"}
    assert set(watched.history) == {*plain.history, "val_loss", "best_epoch"}


def test_metrics_are_recorded_on_the_validation_data_or_on_the_data():
    data, validation = blobs(20), blobs(11, seed=1)
    recorded = {
        "accuracy": jq.metrics.accuracy,
        "hits": lambda scores, labels: (jq.metrics.predictions(scores) == labels).sum(),
    }

    def run(**options):
        return fit(KEY, LINEAR, data, hard(), optax.sgd(0.5), epochs=4, metrics=recorded, **options)

    for options, judged in (({}, data), ({"validation": validation, "keep": "last"}, validation)):
        out = run(**options)
        scores = LINEAR.apply(out.params, judged.x)
        assert out.history["accuracy"].shape == (4,)
        assert out.history["accuracy"][-1] == pytest.approx(float(jq.metrics.accuracy(scores, judged.labels)))
        np.testing.assert_allclose(out.history["hits"] / len(judged.x), out.history["accuracy"], rtol=1e-6)
    steady = fit(
        KEY, LINEAR, data, hard(), optax.sgd(0.0), epochs=5, metrics=recorded, validation=validation, patience=2
    )
    assert int(steady.history["epochs"]) == 3
    for name in recorded:
        assert np.array_equal(np.isnan(steady.history[name]), [False] * 3 + [True] * 2)


def test_the_same_key_gives_the_same_bits():
    data = blobs(20)

    @jax.jit
    def run(key):
        return fit(key, LINEAR, data, hard(), optax.adam(0.1), epochs=4, batch_size=6)

    assert same(run(KEY), run(KEY))
    other = run(jax.random.key(8))
    assert not same(run(KEY).params, other.params)
    warm = LINEAR.init(jax.random.key(1), data.x)
    assert not same(
        fit(KEY, LINEAR, data, hard(), optax.sgd(0.1), epochs=1, batch_size=6, params=warm).params,
        fit(jax.random.key(8), LINEAR, data, hard(), optax.sgd(0.1), epochs=1, batch_size=6, params=warm).params,
    )


def test_a_warm_start_goes_on_where_it_was():
    data = blobs(20)
    whole = fit(KEY, LINEAR, data, hard(), optax.sgd(0.4), epochs=6)
    half = fit(KEY, LINEAR, data, hard(), optax.sgd(0.4), epochs=3)
    rest = fit(jax.random.key(8), LINEAR, data, hard(), optax.sgd(0.4), epochs=3, params=half.params)
    np.testing.assert_allclose(weights(rest.params)[0], weights(whole.params)[0], atol=1e-6)
    np.testing.assert_allclose(rest.history["loss"], whole.history["loss"][3:], atol=1e-6)


@pytest.mark.slow
def test_a_whole_training_has_a_gradient():
    with jax.enable_x64(True):
        data, validation = blobs(15), blobs(15, seed=1)
        taught = data._replace(teacher=3.0 * jax.nn.one_hot(data.labels, 3))

        def final(rate, temperature):
            loss = kd(temperature, 0.5)
            out = fit(KEY, LINEAR, taught, loss, optax.adam(rate), epochs=8, batch_size=5)
            return jnp.mean(hard()(LINEAR.apply(out.params, validation.x), None, validation.labels))

        both = jax.jit(jax.value_and_grad(final, argnums=(0, 1)))
        gradient = both(0.05, 2.0)[1]
        step = 1e-5
        by_rate = (both(0.05 + step, 2.0)[0] - both(0.05 - step, 2.0)[0]) / (2 * step)
        by_temperature = (both(0.05, 2.0 + step)[0] - both(0.05, 2.0 - step)[0]) / (2 * step)
        np.testing.assert_allclose(gradient, (by_rate, by_temperature), rtol=1e-5)
        assert abs(by_rate) > 1e-3


@pytest.mark.parametrize("patience", [None, 3])
def test_divergence_is_flagged_with_its_epoch(patience):
    data, validation = blobs(20), blobs(10, seed=1)

    @jax.jit
    def run(worsens):
        blow_up = optax.scale_by_schedule(lambda step: jnp.where(step == worsens, -jnp.inf, -0.01))
        return fit(KEY, LINEAR, data, hard(), blow_up, epochs=6, validation=validation, patience=patience)

    for worsens in (0, 2, 5):
        history = run(worsens).history
        assert history["diverged"]
        assert int(history["diverged_epoch"]) == worsens
        assert np.all(np.isfinite(history["loss"][:worsens]))
        assert not np.any(np.isfinite(history["loss"][worsens + 1 :]))
        assert int(history["best_epoch"]) == worsens - 1
        assert int(history["epochs"]) == (6 if patience is None else worsens + 1)
        assert jax.tree.all(jax.tree.map(lambda leaf: np.all(np.isfinite(leaf)), run(worsens).params))
    assert not run(99).history["diverged"]
    assert int(run(99).history["diverged_epoch"]) == -1


@pytest.mark.parametrize("options", [{}, {"batch_size": 7}, {"patience": 2}], ids=str)
@pytest.mark.slow
def test_one_diverged_seed_of_32_leaves_the_others_their_bits(options):
    if "patience" in options:
        options = options | {"validation": blobs(10, seed=1)}
    data = blobs(20)

    def run(seed, hp):
        key, rate, shift = seed
        moved = data._replace(x=data.x + shift)
        return fit(key, LINEAR, moved, hard(), optax.adam(rate), epochs=5, **options)

    keys = jax.random.split(KEY, 32)
    calm = (keys, jnp.full(32, 0.05), jnp.zeros(32))
    infinite_rate = (keys, calm[1].at[13].set(jnp.inf), calm[2])
    missing_features = (*calm[:2], calm[2].at[13].set(jnp.nan))
    compiled = jq.compile_sweep(run, calm, devices=jax.devices()[:1])
    healthy = compiled(calm)
    assert not np.any(healthy.history["diverged"])
    others = np.arange(32) != 13
    for fault in (infinite_rate, missing_features):
        faulty = compiled(fault)
        assert same(*[jax.tree.map(lambda leaf: leaf[others], out) for out in (healthy, faulty)])
        assert np.flatnonzero(faulty.history["diverged"]).tolist() == [13]
        assert int(faulty.history["diverged_epoch"][13]) == 0


def test_label_asks_the_teacher_once():
    data = blobs(9)
    params = LINEAR.init(KEY, data.x)
    labeled = label(data, LINEAR, params)
    np.testing.assert_array_equal(labeled.teacher, LINEAR.apply(params, data.x))
    assert labeled.x is data.x
    assert labeled.labels is data.labels
    again = label(labeled, LINEAR, jax.tree.map(lambda leaf: 2 * leaf, params))
    np.testing.assert_allclose(again.teacher, 2 * labeled.teacher, rtol=1e-6)
    gradient = jax.grad(lambda params: label(data, LINEAR, params).teacher.sum())(params)
    assert not np.any(weights(gradient)[0])


def test_a_student_learns_its_teacher():
    data = blobs(40)
    teacher = LINEAR.init(jax.random.key(1), data.x)
    out = fit(KEY, LINEAR, label(data, LINEAR, teacher), soft(2.0), optax.adam(0.1), epochs=300)
    scores = LINEAR.apply(out.params, data.x)
    assert jq.metrics.kl_to_teacher(scores, LINEAR.apply(teacher, data.x)) < 1e-6


def test_a_quantum_student_lowers_its_loss():
    data = jq.data.xor_grid(KEY, count=40, classes=2, cells=2, spread=0.2)
    data = data._replace(teacher=4.0 * jax.nn.one_hot(data.labels, 2))
    student = QuantumStudent(jq.circuits.hea(qubits=2, layers=2), classes=2)
    out = jax.jit(lambda key: fit(key, student, data, kd(2.0, 0.5), optax.adam(0.1), epochs=60))(KEY)
    assert out.history["loss"][-1] < 0.6 * out.history["loss"][0]
    assert not out.history["diverged"]


GOOD = Data(np.arange(12.0, dtype=np.float32).reshape(6, 2), np.arange(6) % 3, np.zeros((6, 3), np.float32))


def spoilt(field, row, column, value):
    array = np.array(getattr(GOOD, field))
    array[row, column] = value
    return GOOD._replace(**{field: array})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (spoilt("x", 4, 1, np.nan), r"data\.x` must be finite, but is nan at row 4, column 1"),
        (spoilt("x", 0, 0, -np.inf), r"data\.x` must be finite, but is -inf at row 0, column 0"),
        (spoilt("teacher", 2, 1, np.nan), r"data\.teacher` must be finite, but is nan at row 2, column 1"),
        (GOOD._replace(x=GOOD.x.astype(str)), r"data\.x` must be an array of numbers, but is of dtype <U"),
        (GOOD._replace(x=GOOD.x.astype(object)), r"data\.x` must be an array of numbers, but is of dtype object"),
        (GOOD._replace(x=GOOD.x.tolist()), r"data\.x` must be an array of numbers, but is a list"),
        (GOOD._replace(x=GOOD.x[:, 0]), r"data\.x` must have 2 axes"),
        (GOOD._replace(x=GOOD.x[0, 0]), r"data\.x` must have 2 axes"),
        (Data(GOOD.x[:0], GOOD.labels[:0]), r"data\.x` must hold at least one example"),
        (GOOD._replace(labels=GOOD.labels[:5]), r"data\.labels` must be as many as the rows, but is 5 for 6"),
        (GOOD._replace(labels=GOOD.labels[:, None]), r"data\.labels` must have 1 axes"),
        (GOOD._replace(labels=GOOD.labels.tolist()), r"data\.labels` must be an array of numbers, but is a list"),
        (
            GOOD._replace(labels=GOOD.labels + 1),
            r"data\.labels` must be 0 \.\.\. 2 for 3 classes, but is 3 at row 2",
        ),
        (
            GOOD._replace(labels=GOOD.labels - 1, teacher=None),
            r"data\.labels` must have a label .* is -1 at row 0",
        ),
        (GOOD._replace(labels=GOOD.labels - 4), r"data\.labels` must be .* but is -4 at row 0"),
        (GOOD._replace(labels=GOOD.labels / 2), r"data\.labels` must be integers, but is of dtype float64"),
        (GOOD._replace(labels=GOOD.labels > 0), r"data\.labels` must be integers, but is of dtype bool"),
        (
            GOOD._replace(teacher=GOOD.teacher[:, :2]),
            r"data\.teacher` must have the shape \(6, 3\) .* is \(6, 2\)",
        ),
        (GOOD._replace(teacher=GOOD.teacher[:4]), r"data\.teacher` must have the shape \(6, 3\) .* is \(4, 3\)"),
    ],
)
def test_data_refused(bad, message):
    def run(data, **options):
        return fit(KEY, LINEAR, data, hard(), optax.sgd(0.1), epochs=1, **options)

    with pytest.raises(ValueError, match=f"^Argument `{message}"):
        run(bad)
    with pytest.raises(ValueError, match=f"^Argument `{message.replace('data', 'validation', 1)}"):
        run(GOOD, validation=bad)


def test_data_refused_before_any_trace_of_the_training():
    with pytest.raises(ValueError, match="must be finite"):
        jax.jit(lambda key: fit(key, LINEAR, spoilt("x", 4, 1, np.nan), hard(), optax.sgd(0.1), epochs=1))(KEY)
    wide = GOOD._replace(x=np.ones((6, 3), np.float32))
    with pytest.raises(ValueError, match=r"`validation.x` must have the 2 features .* but is of 3 features"):
        fit(KEY, LINEAR, GOOD, hard(), optax.sgd(0.1), epochs=1, validation=wide)
    student = QuantumStudent(jq.circuits.hea(qubits=1, layers=1), classes=3)
    with pytest.raises(ValueError, match=r"2\^1 = 2 features .* but is 3 features"):
        fit(KEY, student, wide, hard(), optax.sgd(0.1), epochs=1)


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        jax.tree.map(jnp.asarray, GOOD),
        GOOD._replace(teacher=None),
        GOOD._replace(labels=GOOD.labels.astype(np.uint8), x=GOOD.x.astype(int)),
    ],
)
def test_data_accepted(data):
    for batch_size in (None, 4):
        out = fit(KEY, LINEAR, data, hard(), optax.sgd(0.1), epochs=2, batch_size=batch_size, validation=data)
        assert np.all(np.isfinite(out.history["val_loss"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be at least 1, but is 0"),
        ({"epochs": 2.0}, "`epochs` must be an integer"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"batch_size": 7}, "`batch_size` must be at most the 6 examples of `data`, but is 7"),
        ({"batch_size": 2.5}, "`batch_size` must be an integer"),
        ({"patience": 3}, "`patience` must be None without validation data, but is 3"),
        ({"patience": 0, "validation": GOOD}, "`patience` must be at least 1"),
        ({"patience": True, "validation": GOOD}, "`patience` must be an integer"),
        ({"keep": "best"}, '`keep` must be "last" without validation data'),
        ({"keep": "first"}, "`keep` must be one of 'best', 'last', but is 'first'"),
        (
            {"metrics": {"loss": jq.metrics.accuracy}},
            "`metrics` must not use a name of the history, but is 'loss'",
        ),
        ({"metrics": {"val_loss": jq.metrics.accuracy}, "validation": GOOD}, "`metrics` must not use a name"),
    ],
)
def test_options_refused(options, message):
    with pytest.raises(ValueError, match=f"^Argument {message}"):
        fit(KEY, LINEAR, GOOD, hard(), optax.sgd(0.1), **({"epochs": 1} | options))


FITTED = fit(KEY, LINEAR, GOOD, hard(), optax.sgd(0.1), epochs=1)


def averaged(student, teacher, labels):
    return hard()(student, teacher, labels).mean()


def by_class(student, teacher, labels):
    return jax.nn.log_softmax(student)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": 0}, r"`key` must be a random key, but is a int. Write jax.random.key\(0\)"),
        ({"model": Linear}, "`model` must be a model with `init` and `apply`, but is the class Linear"),
        ({"model": None}, "`model` must be a model with `init` and `apply`, but is a NoneType"),
        ({"data": (GOOD.x, GOOD.labels)}, r"`data` must be a jaxqkd.Data, but is a tuple. Write jaxqkd.Data\("),
        ({"loss": kd}, r"`loss` must be a function \(student, teacher, labels\), but is the factory kd. Call"),
        ({"loss": hard}, "`loss` must be a function .* but is the factory hard. Call the factory"),
        ({"loss": lambda student: student}, "`loss` must be a function of logits, .* fails on them: .* takes 1"),
        ({"loss": 0.5}, "`loss` must be a function .* but is a float"),
        (
            {"loss": optax.losses.softmax_cross_entropy},
            "`loss` must be a function .* but is optax's softmax_cross_entropy. Wrap it",
        ),
        ({"loss": averaged}, r"`loss` must return one number for each of 6 examples, but is of \(\)"),
        ({"loss": by_class}, r"`loss` must return one number for each of 6 examples, but is of \(6, 3\)"),
        ({"optimizer": optax.adam}, r"`optimizer` must be an optax optimizer, but is a function. Write optax"),
        ({"optimizer": 0.1}, "`optimizer` must be an optax optimizer, but is a float"),
        ({"metrics": [jq.metrics.accuracy]}, "`metrics` must be functions by name, but is a list"),
        ({"params": FITTED}, "`params` must be parameters, but is what `fit` returned. Pass its .params"),
        ({"params": jax.tree.map(lambda leaf: leaf * jnp.nan, FITTED.params)}, "`params` must be finite"),
        ({"params": Linear(classes=4).init(KEY, jnp.ones((1, 5)))}, "`params` must be those of the model"),
    ],
)
def test_arguments_of_another_kind_are_refused(options, message):
    right = {"key": KEY, "model": LINEAR, "data": GOOD, "loss": hard(), "optimizer": optax.sgd(0.1), "epochs": 1}
    with pytest.raises(ValueError, match=f"^Argument {message}"):
        fit(**(right | options))


def test_labeling_with_a_whole_fit_is_refused():
    with pytest.raises(ValueError, match=r"`params` must be parameters, .* Pass its \.params"):
        label(GOOD, LINEAR, FITTED)
    assert label(GOOD, LINEAR, FITTED.params).teacher.shape == (6, 3)


def test_a_loss_without_its_teacher_is_refused():
    for data, validation in ((GOOD._replace(teacher=None), None), (GOOD, GOOD._replace(teacher=None))):
        with pytest.raises(ValueError, match=r"`teacher` must hold the teacher's logits"):
            fit(KEY, LINEAR, data, kd(), optax.sgd(0.1), epochs=1, validation=validation)


@pytest.mark.parametrize("patience", [None, 3])
def test_a_validation_loss_that_is_not_finite_is_a_divergence(patience):
    def history(poison):
        x = jax.random.normal(jax.random.key(0), (12, 2))
        train = Data(x, (x[:, 0] > 0).astype(int))
        options = {"epochs": 5, "validation": train._replace(x=x + poison), "patience": patience}
        return fit(jax.random.key(1), Linear(classes=2), train, hard(), optax.adam(0.1), **options).history

    good, bad = jax.jit(history)(0.0), jax.jit(history)(jnp.nan)
    assert not good["diverged"]
    assert good["diverged_epoch"] == -1
    assert bad["diverged"]
    assert (bad["diverged_epoch"], bad["best_epoch"]) == (0, -1)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_a_row_that_the_encoding_refuses_is_refused_before_training(batch_size):
    student = QuantumStudent(jq.circuits.hea(qubits=1, layers=1), classes=2)
    x = jnp.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    bad = Data(x, jnp.array([0, 1, 0, 1]))
    for train, validation in ((bad, None), (bad._replace(x=x + 1), bad)):
        options = {"epochs": 1, "batch_size": batch_size, "validation": validation}
        with pytest.raises(ValueError, match="all zeros at row 2"):
            fit(jax.random.key(0), student, train, hard(), optax.adam(0.1), **options)
