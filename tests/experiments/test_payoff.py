import jax
import numpy as np
import pytest

from jaxqkd import studies
from jaxqkd.experiments import payoff
from jaxqkd.studies.study import seed_keys
from jaxqkd.sweeps import sweep


def ran(study, directory):
    studies.run(study, directory)
    return studies.load(directory)


@pytest.mark.slow
def test_payoff_pairs_its_settings_and_repeats_alpha_zero(tmp_path):
    found = ran(payoff.study(payoff.Options(seeds=3, epochs=6, students=("mlp", "hea"))), tmp_path)
    dimensions = ("student", "train_size", "label_noise", "temperature", "alpha", "seed")
    assert found.f1_macro.dims == dimensions
    assert found.f1_macro.shape == (2, 3, 2, 3, 3, 3)
    alone = found.f1_macro.sel(alpha=0.0)
    np.testing.assert_array_equal(alone.isel(temperature=0), alone.isel(temperature=2))
    assert (found.f1_macro.sel(alpha=0.9) != alone).any()


@pytest.mark.slow
def test_a_payoff_cell_is_taught_at_its_own_level_of_noise(tmp_path):
    found = ran(payoff.study(payoff.Options(seeds=2, epochs=6, students=("linear",))), tmp_path)
    key = seed_keys(0, [1])[0]
    seed_data = jax.jit(lambda key: payoff.seed_data(key, epochs=6))(key)
    for level in range(2):
        np.testing.assert_array_equal(
            found.teacher_f1.isel(label_noise=level, seed=1), seed_data.teacher_f1[level]
        )


@pytest.mark.slow
def test_the_payoff_teacher_is_near_the_best_that_the_data_allow():
    seed_data = sweep(lambda key, hparams: payoff.seed_data(key), seed_keys(1, range(4)))
    assert seed_data.train.x.shape == (4, 2, 200, 2)
    assert (np.asarray(seed_data.teacher_f1) > 0.8).all()
    clean, noisy = np.moveaxis(np.asarray(seed_data.train.labels), 1, 0)
    assert 0.1 < (clean != noisy).mean() < 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [({"students": ("q2",)}, "`students` must be one of"), ({"epochs": 0}, "`epochs` must be at least 1")],
)
def test_unknown_names_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        payoff.study(payoff.Options(**options))
