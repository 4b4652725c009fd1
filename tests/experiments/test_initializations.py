import jax
import numpy as np
import pytest
import xarray as xr

from jaxqkd import studies
from jaxqkd.experiments import initializations, piperno2024
from jaxqkd.experiments.initializations import analysis, crossed, presentation, scores, setup
from jaxqkd.experiments.initializations.setup import Options
from jaxqkd.statistics import seeds_needed

KEY = jax.random.key(0)
SMALL = {"students": ("linear",), "epochs": 4}


def dataset(coordinates, scores):
    dims = ("student", *(name for name in coordinates if name != "student"))
    shape = tuple(len(coordinates[name]) for name in dims)
    variables = {
        "f1_weighted": (dims, np.broadcast_to(scores, shape)),
        "majority_f1_weighted": (dims, np.full(shape, 0.3)),
        "teacher_f1": (dims, np.ones(shape)),
    }
    return xr.Dataset(variables, coordinates)


def of_seeds(change=0.2, seeds=40):
    generator = np.random.default_rng(0)
    coordinates = {
        "student": ["linear", "q2"],
        "reading": ["logits"],
        "distilled": [0, 1],
        "seed": np.arange(seeds),
    }
    scores = 0.6 + 0.05 * generator.normal(size=(2, 1, 2, seeds))
    scores[1, 0, 1] += change
    scores[0, 0, 0, :10] = 0.2
    return dataset(coordinates, scores)


def all_crossed(of_data=0.0, of_teacher=0.0, of_start=0.1):
    generator = np.random.default_rng(0)
    coordinates = {
        "student": ["q2"],
        "reading": ["logits"],
        "draw": np.arange(6),
        "teacher": [setup.ALONE, *(f"teacher {number}" for number in range(4))],
        "seed": np.arange(12),
    }
    scores = 0.7 + of_data * generator.normal(size=(6, 1, 1)) + of_start * generator.normal(size=12)
    scores = scores + of_teacher * generator.normal(size=(5, 1)) + 0.02 * generator.normal(size=(6, 5, 12))
    return dataset(coordinates, scores)


def test_seeds_that_the_published_table_needs():
    (_, q2) = analysis.needed(of_seeds().f1_weighted)
    paper = piperno2024.setup.PUBLISHED["q2"]
    published = paper.f1_with - paper.f1_without
    assert q2.published == pytest.approx(0.148)
    assert q2.by_published == seeds_needed(published, np.sqrt(0.024 + 0.099), 8)
    assert q2.by_spread == seeds_needed(published, q2.deviation, 8)
    assert q2.by_measured == seeds_needed(q2.change.mean, q2.deviation, 8)
    assert q2.power > 0.95


def test_no_change_shown_needs_no_number():
    (_, q2) = analysis.needed(of_seeds(change=0.0).f1_weighted)
    assert np.isnan([q2.by_measured, q2.power]).all()


@pytest.mark.parametrize(
    ("of", "verdict"),
    [
        ({}, "mostly initialization"),
        ({"of_data": 0.6, "of_start": 0.0}, "mostly data"),
        ({"of_data": 0.1, "of_start": 0.1}, "open"),
    ],
)
def test_the_verdict_follows_the_components(of, verdict):
    alone, taught = analysis.split(all_crossed(**of).f1_weighted)
    assert alone.verdict == verdict
    assert alone.components.effects == (("data",), ("initialization",), ("data", "initialization"))
    assert taught.verdict == "not shown"


def test_teachers_that_differ_are_found():
    *_, taught = analysis.split(all_crossed(of_teacher=0.1).f1_weighted)
    assert taught.verdict == "teachers differ"
    assert len(taught.components.effects) == 7


def test_scores_without_spread_are_not_shared_out():
    alone, _ = analysis.split(0.05 * all_crossed().f1_weighted)
    assert alone.verdict == "no spread"


def test_a_single_level_has_no_component():
    assert analysis.split(all_crossed().f1_weighted.isel(draw=[0])) == []


def test_the_report_of_seeds_shows_failures_and_needs():
    sections = presentation.report(of_seeds())
    tables = [section.table for section in sections if section.table]
    assert [len(table.rows) for table in tables] == [4, 2]
    assert tables[0].rows[0][-1] == "25.00%"
    assert setup.RULE in [section.listing for section in sections]


def test_the_report_of_the_crossed_design_shows_its_components():
    sections = presentation.report(all_crossed())
    assert [section.title for section in sections][:2] == [
        "Components of variance, without a teacher",
        "Components of variance, with a teacher",
    ]
    assert sections[0].table.rows[0][-1] == "mostly initialization"
    assert "initialization 0." in sections[0].drawing.alt
    assert "6 draws of data x 5 teachers and none x 12 initializations" in sections[0].caption


@pytest.mark.exhaustive
def test_the_crossed_data_are_the_same_for_all_seeds_and_share_teachers_starts():
    small = {"draws": 2, "teachers": 3, "epochs": 2}
    shapes = jax.eval_shape(lambda key: crossed.seed_data(key, **small), KEY)
    assert shapes.train.x.shape == (2, 3, 800, 64)
    assert shapes.teacher_f1.shape == (2, 3)
    draw = jax.jit(lambda key: crossed.seed_data(key, **small))
    first, second = draw(KEY), draw(jax.random.key(1))
    np.testing.assert_array_equal(first.train.teacher, second.train.teacher)
    np.testing.assert_array_equal(first.train.x[:, 0], first.train.x[:, 1])
    assert not np.array_equal(first.train.x[0], first.train.x[1])
    assert not np.array_equal(first.train.teacher[:, 0], first.train.teacher[:, 1])


def test_compact_scores_are_read_as_they_were(tmp_path):
    results = of_seeds().assign_attrs(study="initializations")
    shape = results.f1_weighted
    whole = results.assign(f1_macro=shape, epochs=shape.astype(int) + 60, diverged=shape > 2)
    (tmp_path / "scores.nc").write_bytes(bytes(scores.compact(whole).to_netcdf(engine="scipy")))
    with xr.open_dataset(tmp_path / "scores.nc", engine="scipy") as found:
        np.testing.assert_allclose(found.f1_weighted, results.f1_weighted, atol=scores.STEP / 2 + 1e-7)
        assert found.teacher_f1.dims == ("seed",)
        assert int(found.epochs.min()) == 60
        assert found.attrs["study"] == "initializations"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"design": "nested"}, "`design` must be one of"),
        ({"students": ("q2_measured",)}, "`students` must be one of"),
        ({"readings": ("unstable",)}, "`readings` must be one of"),
        ({"design": "crossed", "orders": 2}, "`orders` must be 1 for the full batch"),
        ({"design": "crossed", "draws": 0}, "`draws` must be at least 1"),
        ({"design": "crossed", "batch_size": -1}, "`batch_size` must be at least 0"),
        ({"epochs": 0}, "`epochs` must be at least 1"),
    ],
)
def test_unknown_options_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        initializations.study(Options(**options))


def test_ten_thousand_seeds_are_in_blocks_of_50():
    study = initializations.study(Options())
    assert (study.seeds, study.seeds_a_block) == (10_000, 50)


@pytest.mark.exhaustive
def test_seeds_are_those_of_the_seed_study(tmp_path):
    options = Options(seeds=3, readings=("logits",), **SMALL)
    studies.run(initializations.study(options), tmp_path / "own")
    seeds = piperno2024.Options(seeds=3, readings=("logits",), **SMALL)
    studies.run(piperno2024.study(seeds), tmp_path / "theirs")
    own, theirs = (studies.load(tmp_path / name) for name in ("own", "theirs"))
    np.testing.assert_allclose(own.f1_weighted, theirs.f1_weighted, atol=0.02)
    assert "val_loss" not in own
    assert scores.save_scores(tmp_path / "own", tmp_path / "scores.nc") == 3
    with xr.open_dataset(tmp_path / "scores.nc", engine="scipy") as found:
        np.testing.assert_allclose(found.f1_weighted, own.f1_weighted, atol=scores.STEP)


@pytest.mark.exhaustive
def test_orders_of_batches_share_the_start(tmp_path):
    options = Options(design="crossed", seeds=2, draws=2, teachers=1, orders=2, batch_size=400, **SMALL)
    studies.run(initializations.study(options), tmp_path)
    results = studies.load(tmp_path)
    assert results.f1_weighted.dims == ("student", "reading", "draw", "teacher", "order", "seed")
    assert not np.array_equal(results.f1_weighted.sel(order=0), results.f1_weighted.sel(order=1))
    rows = analysis.split(results.f1_weighted)
    assert rows[0].components.effects[:3] == (("data",), ("initialization",), ("order",))
