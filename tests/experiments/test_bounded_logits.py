import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxqkd import fit, losses, metrics, studies
from jaxqkd.experiments import bounded_logits
from jaxqkd.experiments.bounded_logits import presentation, setup, training
from jaxqkd.studies.study import seed_keys

pytestmark = pytest.mark.slow
KEY = jax.random.key(0)


def studied(**options):
    return bounded_logits.study(bounded_logits.Options(**options))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A small study, of the linear student on the XOR, and its directory."""
    study = studied(
        seeds=2, epochs=3, students=("linear",), datasets=("xor",), methods=("kd", "rkd_angle", "label_smoothing")
    )
    where = tmp_path_factory.mktemp("bounded_logits")
    studies.run(study, where)
    return study, studies.load(where)


def test_the_cases_are_seven_methods_and_six_at_each_temperature():
    assert len(setup.CASES) == 7 + 6 * 4
    assert setup.CASES["none"] == ("none", 1.0)
    assert setup.CASES["dist, T=0.5"] == ("dist", 0.5)


def test_a_traced_case_is_its_method_at_its_temperature():
    student, teacher = jax.random.normal(KEY, (2, 6, 3))
    labels = jnp.arange(6) % 3
    names = list(setup.CASES)
    found = jax.jit(lambda at: training._chosen(at, names, jnp.asarray(0.3))(student, teacher, labels))
    for at, name in enumerate(names):
        method, temperature = setup.CASES[name]
        wanted = setup.METHODS[method](temperature, 0.3)(student, teacher, labels)
        np.testing.assert_allclose(found(at), wanted, rtol=1e-4, atol=1e-5, err_msg=name)


def test_smoothing_gives_a_label_the_teachers_confidence():
    logits = jax.random.normal(KEY, (20, 4))
    smoothing = float(training._smoothing(logits))
    sure = float(jax.nn.softmax(logits).max(axis=1).mean())
    assert 1 - smoothing + smoothing / 4 == pytest.approx(sure, rel=1e-5)


@pytest.mark.parametrize("dataset", setup.DATASETS)
def test_a_bounded_student_is_bounded_and_the_others_have_a_head(dataset):
    task = setup.DATASETS[dataset]
    width = 64 if dataset == "digits" else 2
    x = jax.random.normal(KEY, (5, width))
    for name in setup.STUDENTS:
        model = setup.student(name, dataset)
        params = model.init(KEY, x)
        assert ("head" in params["params"]) == (name != "bounded")
        logits = model.apply(params, x)
        assert logits.shape == (5, task.classes)
        if name == "bounded":
            assert jnp.abs(logits).max() <= 1 + 1e-5


def test_a_student_has_few_rows_that_its_teacher_has_seen_and_other_test_rows():
    rows = {name: training._rows(name) for name in setup.DATASETS}
    found = jax.jit(lambda key: bounded_logits.seed_data(key, rows, datasets=("wine",), epochs=2)["wine"])(KEY)
    assert (found.train.x.shape, found.test.x.shape) == ((30, 13), (60, 13))
    both = np.concatenate([found.train.x, found.test.x]).round(4)
    assert len(np.unique(both, axis=0)) == 90
    shapes = jax.eval_shape(lambda key: bounded_logits.seed_data(key, rows, datasets=tuple(rows), epochs=2), KEY)
    assert shapes["digits"].train.teacher.shape == (30, 6)
    assert shapes["xor"].test.x.shape == (1000, 2)
    assert int(rows["digits"].labels.max()) == 5


def test_a_cell_equals_its_training_by_hand(results):
    study, found = results
    key = seed_keys(study.base, [1])[0]
    seed_data = jax.jit(lambda key: bounded_logits.seed_data(key, study.data, datasets=("xor",), epochs=3))(key)[
        "xor"
    ]
    for case, loss in (("none", losses.hard()), ("kd, T=2", losses.kd(2.0, 0.5))):
        model = setup.student("linear", "xor")
        out = fit(jax.random.fold_in(key, 1), model, seed_data.train, loss, optax.adam(0.03), epochs=3)
        f1 = metrics.f1(model.apply(out.params, seed_data.test.x), seed_data.test.labels, classes=3)
        cell = float(found.f1_macro.sel(student="linear", dataset="xor", case=case, seed=1))
        assert cell == pytest.approx(float(f1), abs=2e-3)


def test_gains_in_the_table_are_those_of_the_runs(results):
    _, found = results
    sections = presentation.report(found)
    (table,) = (section.table for section in sections if section.table and not section.detail)
    assert [row[0] for row in table.rows] == found.case.values.tolist()
    gains = found.f1_macro.isel(student=0, dataset=0) - found.f1_macro.isel(student=0, dataset=0).sel(case="none")
    for case, cell in table.rows[1:]:
        assert float(cell.split("\n")[0]) == pytest.approx(float(gains.sel(case=case).mean()), abs=5.1e-4)
    assert any("Fewer than" in section.text for section in sections)
    figure = next(section.drawing for section in sections if section.drawing)
    assert "linear on xor: from" in figure.alt


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"students": ("hea",)}, "`student` must be one of"),
        ({"datasets": ("mnist",)}, "`dataset` must be one of"),
        ({"methods": ("hinton",)}, "`methods` must be one of"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
    ],
)
def test_unknown_names_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        studied(**options)


def test_the_study_is_the_whole_grid():
    study = studied()
    assert dict(study.settings) == {"dataset": tuple(setup.DATASETS), "case": list(setup.CASES)}
    assert study.seeds == 64
