"""Random streams: what a model draws in a training, in its validation, and never."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxqkd as jq
from jaxqkd import Data, fit, label, simulators
from jaxqkd.losses import hard
from jaxqkd.models import MLP, Linear, QuantumStudent
from jaxqkd.models.wrappers import Frozen

KEY = jax.random.key(7)
X = jax.random.normal(jax.random.key(0), (12, 2))
DATA = Data(X, (X[:, 0] > 0).astype(int))
SAMPLED = QuantumStudent(jq.circuits.hea(qubits=1, layers=1), classes=2, simulator=simulators.shots(20))


class Recorder:
    """A model of one parameter that returns numbers drawn from its streams as logits, by way of the history."""

    rngs = ("shots", "dropout")

    def init(self, key, x):
        return {"weight": jnp.zeros(())}

    def apply(self, params, x, *, rngs):
        drawn = [jax.random.uniform(rngs[name]) if name in rngs else jnp.asarray(-1.0) for name in self.rngs]
        return jnp.stack(drawn)[None] + params["weight"] + jnp.zeros((len(x), 2))


def drawn(student, teacher, labels):
    return 2.0 * student[:, 0] + 0.0 * student[:, 1]


def history(model=None, loss=drawn, **options):
    return fit(KEY, model or Recorder(), DATA, loss, optax.sgd(0.0), epochs=3, **options).history


def test_each_epoch_and_each_update_draws_anew_and_the_same_key_draws_the_same():
    first, again = history(), history()
    np.testing.assert_array_equal(first["loss"], again["loss"])
    assert len(np.unique(first["loss"])) == 3
    few = history(batch_size=4)["loss"] / 2  # means over three updates, which differ
    assert len(np.unique(few)) == 3
    one = np.asarray(first["loss"]) / 2
    assert np.abs(few - one).min() > 1e-4


def test_validation_draws_anew_from_measurements_and_never_drops():
    metrics = {
        "shots": lambda scores, labels: scores[0, 0],
        "dropout": lambda scores, labels: scores[0, 1],
    }
    record = history(validation=DATA, metrics=metrics, keep="last")
    assert len(np.unique(np.concatenate([record["shots"], record["loss"] / 2]))) == 6
    np.testing.assert_array_equal(record["val_loss"], 2 * record["shots"])
    np.testing.assert_array_equal(record["dropout"], [-1.0, -1.0, -1.0])


def test_the_argument_overrides_what_the_model_says():
    record = history(rngs=("shots",), metrics={"a": lambda scores, labels: scores[0, 1]})
    np.testing.assert_array_equal(record["a"], [-1.0, -1.0, -1.0])

    class Plain(Linear):
        def apply(self, params, x, *, rngs=None):
            assert rngs is None
            return super().apply(params, x)

    fit(KEY, Plain(classes=2), DATA, hard(), optax.sgd(0.1), epochs=1)


@pytest.mark.parametrize("wrap", [lambda model: model, Frozen, lambda model: jq.models.Ensemble([model, model])])
@pytest.mark.slow
def test_a_sampled_student_trains_with_the_same_bits_for_the_same_key(wrap):
    model = wrap(SAMPLED)
    assert model.rngs == ("shots",)

    @jax.jit
    def run(key):
        options = {"epochs": 3, "batch_size": 6, "validation": DATA, "patience": 2}
        return fit(key, model, DATA, hard(), optax.adam(0.1), **options)

    one, same = run(KEY), run(KEY)
    jax.tree.map(np.testing.assert_array_equal, one, same)
    assert np.isfinite(one.history["loss"][0])
    assert not np.array_equal(run(jax.random.key(8)).history["loss"], one.history["loss"])


@pytest.mark.slow
def test_the_streams_leave_initialization_and_batches_as_they_are():
    exact = SAMPLED.clone(simulator=simulators.exact())
    outs = [fit(KEY, model, DATA, hard(), optax.sgd(0.0), epochs=1, batch_size=5) for model in (SAMPLED, exact)]
    jax.tree.map(np.testing.assert_array_equal, outs[0].params, outs[1].params)
    assert outs[0].history["loss"] != outs[1].history["loss"]


@pytest.mark.slow
def test_dropout_drops_in_training_alone():
    plain, dropped = MLP((64,), classes=2), MLP((64,), classes=2, dropout=0.5)
    params = plain.init(KEY, X)
    jax.tree.map(np.testing.assert_array_equal, dropped.init(KEY, X), params)
    np.testing.assert_array_equal(dropped.apply(params, X), plain.apply(params, X))
    hidden = dropped.clone(taps=("hidden",)).apply(params, X, rngs={"dropout": KEY})["hidden"]
    kept = np.asarray(plain.clone(taps=("hidden",)).apply(params, X)["hidden"])
    ratio = np.asarray(hidden)[kept > 0] / kept[kept > 0]
    np.testing.assert_allclose(ratio, np.round(ratio / 2) * 2, atol=1e-5)  # 0 or doubled
    assert 0.4 < (ratio == 0).mean() < 0.6
    still = functools.partial(fit, KEY, data=DATA, loss=hard(), optimizer=optax.sgd(0.0), epochs=2)
    one, other = (still(model=model, validation=DATA).history for model in (plain, dropped))
    np.testing.assert_array_equal(one["val_loss"], other["val_loss"])
    assert np.all(one["loss"] != other["loss"])
    assert other["loss"][0] != other["loss"][1]
    assert (plain.rngs, dropped.rngs) == ((), ("dropout",))


def test_dropout_is_a_probability_below_1():
    for wrong in (-0.1, 1.0, 1.5):
        with pytest.raises(ValueError, match=r"`dropout` must (lie between 0 and 1|be less than 1), but is"):
            MLP((4,), classes=2, dropout=wrong)


@pytest.mark.slow
def test_a_sampled_teacher_labels_with_a_key():
    params = SAMPLED.init(KEY, X)
    labeled = label(DATA, SAMPLED, params, rngs={"shots": KEY})
    np.testing.assert_array_equal(labeled.teacher, SAMPLED.apply(params, X, rngs={"shots": KEY}))
    with pytest.raises(ValueError, match=r"`rngs` must hold a key named \"shots\""):
        label(DATA, SAMPLED, params)


class Normalized(nn.Module):
    """A linear module with batch statistics."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(2)(nn.BatchNorm(use_running_average=True)(x))


def test_state_beside_the_parameters_is_refused():
    with pytest.raises(
        ValueError, match=r"`model` must have no state beside .* one with \['batch_stats'\]\. Norm"
    ):
        fit(KEY, Normalized(), DATA, hard(), optax.sgd(0.1), epochs=1)
    layers = nn.Sequential([nn.LayerNorm(), nn.Dense(2)])
    assert np.isfinite(fit(KEY, layers, DATA, hard(), optax.sgd(0.1), epochs=1).history["loss"][0])
