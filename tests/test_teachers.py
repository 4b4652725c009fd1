import doctest
import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import jaxqkd as jq
from jaxqkd import teachers
from jaxqkd.losses import hard, kd, soft
from jaxqkd.models import Ensemble, FromNnx, wrappers

KEY = jax.random.key(0)
DATA = jq.data.xor_grid(KEY, count=40)
LINEAR = jq.models.Linear(classes=3)
MLP = jq.models.MLP(features=(5,), classes=3)


def test_probabilities_come_back_from_their_logits():
    found = teachers.from_probabilities(np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]]), floor=1e-3)
    np.testing.assert_allclose(jax.nn.softmax(found[0]), [0.2, 0.3, 0.5], rtol=1e-6)
    np.testing.assert_allclose(jax.nn.softmax(found[1]), np.array([1, 1e-3, 1e-3]) / 1.002, rtol=1e-5)


@pytest.mark.parametrize(
    ("probabilities", "options", "message"),
    [
        (np.array([[0.5, 0.5], [0.9, 0.2]]), {}, r"`probabilities` must be distributions .* at row 1"),
        (np.array([[1.5, -0.5]]), {}, r"`probabilities` must be distributions .* at row 0.*Data\.teacher"),
        (np.array([[np.nan, 1.0]]), {}, "`probabilities` must be finite"),
        (np.array([0.5, 0.5]), {}, "`probabilities` must have 2 axes"),
        (np.array([[0.5, 0.5]]), {"floor": 0.0}, r"`floor` must lie in \(0, 1\)"),
    ],
)
def test_what_is_no_probabilities_is_refused(probabilities, options, message):
    with pytest.raises(ValueError, match=message):
        teachers.from_probabilities(probabilities, **options)


@pytest.mark.parametrize("of", ["probabilities", "logits"])
def test_an_ensemble_of_one_is_the_model(of):
    model = Ensemble([MLP], of=of)
    params = model.init(KEY, DATA.x)
    logits = MLP.apply(params[0], DATA.x)
    np.testing.assert_allclose(jax.nn.softmax(model.apply(params, DATA.x)), jax.nn.softmax(logits), rtol=1e-5)


def test_an_ensemble_is_the_weighted_mean():
    models = [MLP, LINEAR, MLP]
    weights = np.array([1.0, 2.0, 5.0])
    by_logits = Ensemble(models, weights=weights, of="logits")
    by_probabilities = Ensemble(models, weights=weights)
    params = by_logits.init(KEY, DATA.x)
    logits = np.stack([model.apply(own, DATA.x) for model, own in zip(models, params, strict=True)]).astype(float)
    shares = (weights / 8)[:, None, None]
    np.testing.assert_allclose(
        by_logits.apply(params, DATA.x), (shares * logits).sum(axis=0), rtol=1e-5, atol=1e-6
    )
    odds = np.exp(logits)
    wanted = (shares * odds / odds.sum(axis=-1, keepdims=True)).sum(axis=0)
    np.testing.assert_allclose(np.exp(by_probabilities.apply(params, DATA.x)), wanted, rtol=1e-5)


def test_models_of_an_ensemble_start_apart_and_train_together():
    model = Ensemble([LINEAR, LINEAR])
    first, second = model.init(KEY, DATA.x)
    assert not np.array_equal(first["params"]["head"]["kernel"], second["params"]["head"]["kernel"])
    out = jax.jit(lambda key: jq.fit(key, model, DATA, hard(), optax.adam(0.1), epochs=5))(KEY)
    assert out.history["loss"][-1] < out.history["loss"][0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": []}, "`models` must hold at least one model"),
        ({"weights": [1.0]}, "`weights` must be 2 positive numbers"),
        ({"weights": [1.0, -1.0]}, "`weights` must be 2 positive numbers"),
        ({"weights": [1.0, np.inf]}, "`weights` must be 2 positive numbers"),
        ({"of": "votes"}, "`of` must be one of"),
    ],
)
def test_a_bad_ensemble_is_refused(options, message):
    assert Ensemble([LINEAR, MLP], weights=(1, 3)).weights == (0.25, 0.75)
    with pytest.raises(ValueError, match=message):
        Ensemble(**{"models": [LINEAR, MLP]} | options)


class Perceptron(nnx.Module):
    """An nnx module of the shape of `MLP`."""

    def __init__(self, *, dropout=False, rngs):
        self.first, self.head = nnx.Linear(2, 5, rngs=rngs), nnx.Linear(5, 3, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs) if dropout else None

    def __call__(self, x):
        return self.head(nnx.relu(self.first(x)))


def test_an_nnx_module_is_a_model_that_trains_as_its_linen_twin():
    model = FromNnx(lambda rngs: Perceptron(rngs=rngs))
    params = model.init(KEY, DATA.x)
    ours = {
        "params": {
            "Dense_0": {name: params["first"][name].get_value() for name in ("kernel", "bias")},
            "head": {name: params["head"][name].get_value() for name in ("kernel", "bias")},
        }
    }
    train = jax.jit(
        lambda params, twin: [
            jq.fit(KEY, one, DATA, hard(), optax.adam(0.05), epochs=20, params=start).history["loss"]
            for one, start in ((model, params), (MLP, twin))
        ]
    )
    theirs, twins = train(params, ours)
    np.testing.assert_allclose(theirs, twins, rtol=1e-5)
    assert twins[-1] < twins[0]


def test_seeds_of_an_nnx_module_start_apart_under_vmap():
    model = FromNnx(lambda rngs: Perceptron(rngs=rngs))
    found = jax.vmap(lambda key: model.init(key, DATA.x))(jax.random.split(KEY, 3))
    kernels = np.asarray(found["first"]["kernel"].get_value())
    assert kernels.shape == (3, 2, 5)
    assert len(np.unique(kernels[:, 0, 0])) == 3


def test_an_nnx_module_with_other_state_is_refused():
    with pytest.raises(
        ValueError, match=r"`build` must make a module whose state is parameters alone, but is with .*RngKey"
    ):
        FromNnx(lambda rngs: Perceptron(dropout=True, rngs=rngs))


def test_the_example_of_an_nnx_module_holds():
    outcome = doctest.testmod(wrappers)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def generation(key, data):
    loss = hard() if data.teacher is None else kd(2.0, 0.5)
    return jq.fit(key, MLP, data, loss, optax.adam(0.05), epochs=15)


def test_each_generation_is_taught_by_the_last():
    run = functools.partial(teachers.generations, model=MLP, data=DATA, train=generation, count=3)
    first, second, third = jax.jit(run)(KEY)
    keys = [jax.random.fold_in(KEY, number) for number in range(3)]
    taught = jq.label(DATA, MLP, second.params)
    by_hand = jax.jit(generation)(keys[2], taught)
    np.testing.assert_allclose(third.history["loss"], by_hand.history["loss"], rtol=1e-5)
    np.testing.assert_allclose(
        first.history["loss"], jax.jit(generation)(keys[0], DATA).history["loss"], rtol=1e-5
    )


def test_no_generations_are_refused():
    with pytest.raises(ValueError, match="`count` must be at least 1"):
        teachers.generations(KEY, MLP, DATA, generation, count=0)


@pytest.mark.parametrize("pupil", ["classical", "quantum"])
@pytest.mark.slow
def test_a_quantum_teacher_teaches(pupil):
    def quantum(layers):
        return jq.models.QuantumStudent(
            jq.circuits.hea(qubits=2, layers=layers), classes=3, encoding=jq.quantum.encodings.angle
        )

    student = quantum(1) if pupil == "quantum" else LINEAR

    def run(key):
        taught = jq.fit(key, quantum(3), DATA, hard(), optax.adam(0.1), epochs=10)
        seed_data = jq.label(DATA, quantum(3), taught.params)
        return seed_data.teacher, jq.fit(key, student, seed_data, soft(), optax.adam(0.1), epochs=20).history[
            "loss"
        ]

    logits, loss = jax.jit(run)(KEY)
    assert logits.shape == (40, 3)
    assert 0 <= loss[-1] < loss[0]


def test_a_teacher_no_better_than_the_baseline_is_warned_of():
    with pytest.warns(UserWarning, match=r"on average 0\.500 against 0\.600, and not better in 2 of 3 seeds"):
        teachers.check_quality([0.9, 0.4, 0.2], [0.6, 0.6, 0.6])
    with pytest.warns(UserWarning, match=r"on average 0\.600 against 0\.600$"):
        teachers.check_quality(0.6, 0.6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teachers.check_quality([0.9, 0.7, 0.5], [0.6, 0.6, 0.6])
    with pytest.raises(ValueError, match=r"`baseline_score` must have the shape \(2,\)"):
        teachers.check_quality([0.5, 0.6], 0.5)
    with pytest.warns(UserWarning, match="no better"):
        teachers.check_quality(np.nan, 0.5)


def test_logits_of_another_program_teach_as_they_are():
    logits = jnp.asarray(np.random.default_rng(0).normal(size=(40, 3)))
    out = jq.fit(KEY, LINEAR, DATA._replace(teacher=logits), soft(), optax.sgd(0.1), epochs=1)
    assert jnp.isfinite(out.history["loss"]).all()
