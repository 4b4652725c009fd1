"""Parameters of one training at several budgets."""

import chex
import jax
import numpy as np
import optax
import pytest

import jaxqkd as jq

KEY = jax.random.key(1)
DATA = jq.data.moons(KEY, count=30)
MODEL = jq.models.MLP(features=(4,), classes=2)


def trained(**options):
    return jax.jit(lambda key: jq.fit(key, MODEL, DATA, jq.losses.hard(), optax.adam(0.05), **options))(KEY)


@pytest.mark.parametrize(
    "options", [{"validation": DATA}, pytest.param({"batch_size": 8}, marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_checkpoints_are_the_parameters_of_shorter_trainings(options):
    found = trained(epochs=12, checkpoints=(3, 12, 1), **options)
    for place, epochs in enumerate((3, 12, 1)):
        kept = jax.tree.map(lambda leaf, place=place: leaf[place], found.checkpoints)
        chex.assert_trees_all_close(kept, trained(epochs=epochs, **options).last, rtol=1e-5, atol=1e-6)


def test_they_change_nothing_else_and_are_none_by_default():
    found, plain = trained(epochs=8, checkpoints=(2,)), trained(epochs=8)
    assert plain.checkpoints is None
    chex.assert_trees_all_close(found.params, plain.params, rtol=1e-5, atol=1e-6)
    assert set(found.history) == set(plain.history)
    np.testing.assert_allclose(found.history["loss"], plain.history["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checkpoints": (9,)}, "`checkpoints` must be at most the 8 epochs"),
        ({"checkpoints": (0,)}, "`checkpoints` must be at least 1"),
        ({"checkpoints": (2, 2)}, "`checkpoints` must hold each value once"),
        ({"checkpoints": (2,), "validation": DATA, "patience": 3}, "`patience` must be None with checkpoints"),
    ],
)
def test_what_a_training_does_not_reach_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        trained(epochs=8, **options)
