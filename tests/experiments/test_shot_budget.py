import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from jaxqkd import data, studies
from jaxqkd.experiments import shot_budget
from jaxqkd.experiments.shot_budget import presentation, setup, training
from jaxqkd.experiments.shot_budget.training import progress

SHIFT, SPSA = "shift, 10 shots", "SPSA, 100 shots"


def test_an_epochs_executions_are_circuits_times_shots_times_examples():
    assert setup.executions(SHIFT, 80) == (1 + 2 * 4 * 3) * 10 * 75  # the last batch would not be full
    assert setup.executions(SPSA, 75) == 2 * 100 * 75
    assert setup.EPOCHS * setup.executions(SPSA, 75) >= 1e7


def test_budgets_are_met_by_the_last_epoch_within_them():
    assert setup.places(SHIFT, 75, 60).tolist() == [4, 52, -1, -1]  # 18,750 executions an epoch
    assert setup.places("shift, 100 shots", 75, 60).tolist() == [-1, 4, 52, -1]


def test_progress_follows_the_mean_over_the_window():
    accuracy = np.r_[np.full(20, 0.5), 0.9, np.full(39, 0.86)]
    found = progress(jnp.asarray(accuracy), SHIFT, 75)
    np.testing.assert_allclose(found["accuracy_at"], [0.5, 0.86, np.nan, np.nan], atol=1e-5)
    assert found["reached"] == 1
    # epochs 20 ... 24, counted from 0, are the first five with a mean of 0.85 or more
    np.testing.assert_allclose(found["cost"], np.log10(25 * 18_750), rtol=1e-6)
    never = progress(jnp.full(60, 0.8), SHIFT, 75)
    assert never["reached"] == 0
    np.testing.assert_allclose(never["cost"], np.log10(60 * 18_750), rtol=1e-6)


def test_a_seeds_students_share_their_rows_and_differ_in_teachers():
    shapes = jax.eval_shape(lambda key: shot_budget.seed_data(key, data.iris()), jax.random.key(0))
    assert shapes.train.x.shape == (75, 4)
    assert shapes.train.teacher.shape == (3, 75, 3)
    assert shapes.test.x.shape == (45, 4)


def results(seeds=12, saving=0.0, reached=1.0):
    """Results in which the teacher saves so much, and the others nothing."""
    random, estimators = np.random.default_rng(0), list(setup.ESTIMATORS)
    sizes = {"student": 1, "estimator": 4, "taught": 4, "seed": seeds}
    noise = random.normal(scale=0.02, size=tuple(sizes.values()))
    noise -= noise.mean(axis=-1, keepdims=True)
    cost = 6 + noise - saving * np.array([0, 1, 0, 0])[:, None]
    accuracy_at = np.repeat((0.9 + noise)[..., None], 4, axis=-1)
    accuracy_at[:, 0, ..., 2:] = np.nan
    dims = tuple(sizes)
    every = dict.fromkeys(("f1_macro", "accuracy", "teacher_f1"), (dims, 0.9 + noise))
    every |= {"cost": (dims, cost), "reached": (dims, np.full_like(cost, reached))}
    every |= {"accuracy_at": ((*dims, "accuracy_at_0"), accuracy_at), "diverged": (dims, noise > 9)}
    places = {"student": ["real_amplitudes"], "estimator": estimators, "taught": list(setup.TAUGHT)}
    return xr.Dataset(every, places | {"seed": range(seeds)}, {"study": "shot_budget", "score": "f1_macro"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"saving": 0.3},
            "divides the executions by 2.00 on average, more than both other",
        ),
        ({"saving": -np.log10(2)}, "divides the executions by 0.50 on average, so distillation costs executions"),
        ({}, "no difference is shown"),
        ({"seeds": 3}, "Fewer than 9 seeds never pass"),
    ],
)
def test_the_verdict_follows_the_rule(options, words):
    sections = {section.title: section for section in presentation.report(results(**options))}
    assert words in sections["The verdict"].text
    assert sections["The rule, written before any run"].text == setup.RULE


def test_tables_hold_the_means_of_the_budgets_that_were_met():
    sections = {section.title: section for section in presentation.report(results(saving=0.3))}
    rows = sections[presentation.GAINED].table.rows
    assert len(rows) == 3 * (2 + 4 + 4 + 4)
    assert {row[1] for row in rows if row[0] == SHIFT} == {"1e+05", "1e+06"}
    saved = sections[presentation.SAVED].table.rows
    assert len(saved) == 12
    assert saved[0][:4] == [SHIFT, "none, then teacher", "100%, then 100%", "1e+06, then 5e+05"]
    assert "executions" in sections["Accuracy by budget"].drawing.alt


@pytest.mark.slow
def test_a_small_study_runs_and_reports(tmp_path):
    options = shot_budget.Options(seeds=2, epochs=7, estimators=(SPSA,))
    studies.run(shot_budget.study(options), tmp_path)
    found = studies.load(tmp_path)
    assert found.accuracy_at.sizes == {"student": 1, "estimator": 1, "taught": 4, "seed": 2, "accuracy_at_0": 4}
    assert bool(((found.cost >= 4) & (found.cost <= np.log10(7 * 15_000) + 1e-6)).all())
    assert len(np.unique(found.f1_macro)) > 1
    titles = [section.title for section in presentation.report(found)]
    assert presentation.SAVED in titles


def test_unknown_estimators_are_refused():
    with pytest.raises(ValueError, match="`estimators` must be one of"):
        training.study(shot_budget.Options(estimators=("autodiff",)))
    with pytest.raises(ValueError, match="`epochs` must be at least 1"):
        training.study(shot_budget.Options(epochs=0))
