import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxqkd import data, metrics, studies
from jaxqkd.experiments import noise_robustness
from jaxqkd.experiments.noise_robustness import presentation, setup, training

pytestmark = pytest.mark.slow
KEY = jax.random.key(0)


def studied(**options):
    return noise_robustness.study(noise_robustness.Options(**options))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small study of one student on wine."""
    where = tmp_path_factory.mktemp("noise_robustness")
    studies.run(studied(seeds=2, epochs=3, students=("hea",), datasets=("wine",)), where)
    return studies.load(where)


@pytest.fixture(scope="module")
def trained():
    """A student of wine, its random parameters, and rows."""
    rows = data.wine()
    (rows,) = data.standardize(rows)
    model = setup.student("hea", "wine")
    return model, model.init(KEY, rows.x[:1]), jax.tree.map(lambda leaf: leaf[::4], rows)


def test_no_strength_is_no_noise_and_much_of_it_leaves_nothing(trained):
    model, params, rows = trained
    scores = [model.clone(noise=setup.noise(p)).apply(params, rows.x) for p in (0.0, 1.0)]
    np.testing.assert_allclose(scores[0], model.apply(params, rows.x), atol=1e-5)
    assert np.ptp(scores[1], axis=0).max() < 1e-5


def test_scores_under_noise_are_f1_at_each_strength_and_of_sampled_expectations(trained):
    model, params, rows = trained
    judge = jax.jit(lambda key: training.f1_under_noise(key, model, params, rows))
    found = np.asarray(judge(KEY))
    assert found.shape == (len(setup.STRENGTHS), len(setup.SHOTS))
    apply = jax.jit(lambda p: model.clone(noise=setup.noise(p)).apply(params, rows.x))
    for at, p in enumerate(setup.STRENGTHS):
        wanted = metrics.f1(apply(p), rows.labels, classes=3)
        assert found[at, 0] == pytest.approx(float(wanted), abs=0.03)  # a near tie may fall either way
    assert not np.array_equal(found[:, 1], found[:, 2])
    np.testing.assert_array_equal(found, judge(KEY))
    np.testing.assert_array_equal(found[:, 0], judge(jax.random.key(1))[:, 0])


def test_a_seeds_trainings_share_their_data_and_their_start(results):
    f1 = presentation.scores(results)
    assert f1.dims == ("student", "dataset", "trained", "distilled", "seed", "strength", "shots")
    assert f1.sizes == {
        "student": 1,
        "dataset": 1,
        "trained": 2,
        "distilled": 2,
        "seed": 2,
        "strength": 5,
        "shots": 3,
    }
    np.testing.assert_array_equal(f1.sel(strength=0.0, shots=0), results.f1_macro)
    assert bool((results.teacher_f1 == results.teacher_f1.isel(trained=0, distilled=0)).all())


def test_tables_hold_the_means_and_differences_of_the_runs(results):
    sections = [section for section in presentation.report(results) if not section.detail]
    f1 = presentation.scores(results).isel(student=0, dataset=0).sel(shots=0)
    gain, drop, trained = (section.table.rows for section in sections if section.table)
    assert (len(gain), len(drop), len(trained)) == (10, 8, 5)
    cell = f1.sel(trained=0.03, strength=0.01).mean("seed")
    line = next(line for line in gain if line[2:4] == ["p = 0.03", "p = 0.01"])
    assert [float(line[4]), float(line[5])] == pytest.approx(cell.values, abs=5.1e-4)
    fall = f1.sel(strength=0.1) - f1.sel(strength=0.0)
    change = float((fall.sel(distilled=1) - fall.sel(distilled=0)).sel(trained=0.0).mean("seed"))
    line = next(line for line in drop if line[2:4] == ["p = 0", "p = 0.1"])
    assert float(line[6].split("\n")[0]) == pytest.approx(change, abs=5.1e-4)
    assert trained[0][2] == "p = 0, then 0.03"
    figure = next(section.drawing for section in sections if section.drawing)
    assert "dataset = wine, alone, trained clean: " in figure.alt


def test_seed_data_are_drawn_for_each_data_set():
    shapes = jax.eval_shape(
        lambda key: noise_robustness.seed_data(key, data.wine(), datasets=("xor", "wine"), epochs=2), KEY
    )
    assert shapes["xor"].train.x.shape == (800, 64)
    assert shapes["wine"].train.teacher.shape == (89, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"students": ("linear",)}, "`student` must be one of"),
        ({"datasets": ("digits",)}, "`dataset` must be one of"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
    ],
)
def test_unknown_names_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        studied(**options)


def test_strength_may_be_traced():
    found = jax.vmap(lambda p: setup.noise(p).two_qubit_gates.values)(jnp.asarray([0.0, 0.16]))
    np.testing.assert_allclose(found[:, 0], [1.0, 0.85], rtol=1e-6)
