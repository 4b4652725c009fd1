"""The set-up of `mechanisms`: tasks, targets, students, and a small study."""

import jax
import numpy as np
import pytest

from jaxqkd import controls, data, studies
from jaxqkd.experiments import mechanisms
from jaxqkd.experiments.mechanisms import __main__ as command
from jaxqkd.experiments.mechanisms import analysis, setup, targets
from jaxqkd.models import count_parameters

KEY = jax.random.key(4)


def test_the_matched_pair_has_as_many_parameters():
    assert controls.mlp_like(setup.HEAD, setup.FEATURES) == setup.STUDENTS["mlp"]
    counts = [count_parameters(setup.STUDENTS[name], setup.FEATURES).total for name in ("head", "mlp")]
    assert counts[0] == counts[1]


def test_a_task_counts_three_of_four_features():
    blobs = setup.mixture("low")
    rows = data.gaussian_mixture(KEY, blobs._replace(spread=1e-3), count=200)
    np.testing.assert_array_equal(rows.labels, (np.asarray(rows.x)[:, :3] > 0).sum(axis=1) % 3)
    assert float(abs(rows.x[:, 3]).max()) < 0.01
    assert setup.steps(1000) == (50, 200, 1000)


@pytest.mark.slow
def test_what_targets_hold_is_told_apart():
    blobs, rate = setup.mixture("high"), 0.3
    rows = data.with_label_noise(KEY, data.gaussian_mixture(KEY, blobs, count=4000), rate, classes=3)
    truth = data.posterior(rows.x, blobs, classes=3, rate=rate)
    hard = targets.CERTAIN * jax.nn.one_hot(rows.labels, 3)
    shuffled = truth[jax.random.permutation(KEY, 4000)]
    smooth = controls.entropy_matched(rows.labels, truth)

    def of(teacher):
        return targets.knowledge(teacher, rows.labels, truth, 0.5)

    known = of(truth)
    np.testing.assert_allclose(
        [known.signal, known.retained, known.removed, known.risk], [1, 0, 0.75, 0], atol=1e-3
    )
    np.testing.assert_allclose([of(hard).signal, of(hard).retained, of(hard).removed], [1, 1, 0], atol=2e-3)
    assert float(of(hard).softness) < 1e-4
    np.testing.assert_allclose([of(smooth).removed, of(smooth).softness], [0, float(known.softness)], atol=2e-3)
    np.testing.assert_allclose([of(shuffled).signal, of(shuffled).retained], [0, 0], atol=0.05)
    assert float(of(shuffled).risk) > float(of(smooth).risk) > 0.1


@pytest.mark.parametrize("task", [*setup.REAL[:-1], pytest.param("mnist", marks=pytest.mark.slow)])
def test_held_out_tasks_have_four_components_and_few_classes(task):
    rows = setup.table(task)
    np.testing.assert_allclose(rows.x.std(axis=0), 0.5, rtol=1e-4)
    assert rows.x.shape[1] == 4
    assert set(np.unique(rows.labels)) == ({0, 1} if task == "breast_cancer" else {0, 1, 2})


def test_options_out_of_range_are_refused():
    for options, message in {
        ("students", ("hea",)): "`students` must be one of",
        ("tasks", ("iris",)): "`tasks` must be one of",
        ("tasks", ("wine",)): "`rows` must be at most 60 for held-out tasks",
        ("epochs", 19): "`epochs` must be at least 20",
    }.items():
        with pytest.raises(ValueError, match=message):
            mechanisms.study(mechanisms.Options(**dict([options])))
    held_out = mechanisms.study(mechanisms.Options(tasks=("wine", "digits"), rows=(15, 30)))
    assert len(held_out.data) == 2
    assert mechanisms.study(mechanisms.Options(quick=True)).seeds == 4


@pytest.mark.slow
def test_a_small_study_of_mixtures_and_held_out_tasks(tmp_path, capsys):
    options = {"seeds": 2, "epochs": 20, "rows": (15,)}
    for name, tasks in {"main": ("low",), "other": ("wine", "breast_cancer")}.items():
        students = ("mlp", "observable") if name == "main" else ("mlp",)
        study = mechanisms.study(mechanisms.Options(tasks=tasks, students=students, **options))
        studies.run(study, tmp_path / name)
    whole = analysis.named(studies.load(tmp_path / "main"))
    best, found = whole.sel(student="observable"), whole.sel(student=["mlp"])
    assert float(best.gap_of.max()) < 1e-4
    assert bool(best.f1_at.sel(teaching="trained, T = 4, standardized").isnull().all())
    assert found.f1_at.sizes["teaching"] == 11
    assert found.f1_at.sizes["step"] == 3
    np.testing.assert_array_equal(found.gain.sel(teaching="none"), 0)
    assert np.isfinite(found.gain).all()
    clean = found.sel(label_noise=0.0)
    np.testing.assert_allclose(
        clean.f1_at.sel(teaching="clean labels"), clean.f1_at.sel(teaching="none"), atol=0.02
    )
    assert not found.diverged.any()
    command.main([str(tmp_path / "main"), "--held-out", str(tmp_path / "other"), "--save", str(tmp_path / "out")])
    assert {"out.png", "out.svg", "out-table.md"} <= {path.name for path in tmp_path.iterdir()}
    assert "breast_cancer" in capsys.readouterr().out
    other = studies.load(tmp_path / "other")
    assert float(other.f1_macro.max()) <= 1
    assert analysis.combined([studies.load(tmp_path / "main").sel(student=["mlp"]), other]).sizes["task"] == 3
    twice = analysis.combined([other, other])
    assert twice.seed.values.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="`task` must hold each value once"):
        analysis.combined([other, other.sel(task=["wine"])])
