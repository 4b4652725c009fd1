"""Figures: what they draw against the data, their layout, and what is left out."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure

from jaxqkd.reports import plots
from jaxqkd.reports.plots import initializations, panels
from jaxqkd.reports.plots.curves import quartiles
from jaxqkd.statistics import compare, describe, summary

STUDENTS, SEEDS, EPOCHS = ["linear", "hea"], 12, 6


def study(settings, *, students=STUDENTS, seeds=SEEDS):
    """Returns results of random scores and histories over settings."""
    rng = np.random.default_rng(0)
    coordinates = {"student": students, **settings, "seed": np.arange(seeds)}
    dimensions = tuple(coordinates)
    shape = tuple(len(values) for values in coordinates.values())
    norms = rng.lognormal(size=(*shape, EPOCHS))
    return xr.Dataset(
        {
            "f1_macro": (dimensions, rng.uniform(0.3, 0.9, size=shape), {"long_name": "macro F1"}),
            "majority_f1_macro": ("seed", np.full(seeds, 0.4)),
            "teacher_f1": (dimensions, np.full(shape, 0.95)),
            "val_loss": ((*dimensions, "epoch"), rng.uniform(1, 2, size=norms.shape), {"units": "nat"}),
            "gradient_norm": ((*dimensions, "epoch"), norms),
            "seconds": ("student", np.linspace(1, 2, len(students))),
            "compile_seconds": ("student", np.linspace(3, 4, len(students))),
        },
        coords=coordinates,
        attrs={"study": "small", "score": "f1_macro"},
    )


@pytest.fixture(scope="module")
def readings():
    return study({"reading": ["plain", "other"], "distilled": [0, 1]})


@pytest.fixture(scope="module")
def weights():
    """All seeds gain 0.3 at temperature 4 and alpha 0.9, and nothing elsewhere."""
    results = study({"size": [30, 60], "temperature": [1.0, 4.0], "alpha": [0.0, 0.5, 0.9]})
    scores = results.f1_macro.isel(temperature=0, alpha=0).broadcast_like(results.f1_macro)
    moved = xr.where((scores.temperature == 4) & (scores.alpha == 0.9), 0.3, 0.0)
    return results.assign(f1_macro=(scores + moved).transpose(*results.f1_macro.dims))


def strips(results):
    """Returns the strips of a study, with the lines that its report has."""
    lines = {"always the commonest class": results.majority_f1_macro, "the teachers": results.teacher_f1}
    return plots.score_strips(results.f1_macro, describe(results.f1_macro), lines)


def curves(results):
    return plots.learning_curves(results.val_loss)


def sensitivity(results):
    failed = describe(results.f1_macro, majority=results.majority_f1_macro).failed
    return plots.initialization_sensitivity(failed, initializations.first_gradients(results))


def heat_map(results, quantity="mean"):
    table = compare(results.f1_macro, "alpha", baseline=0.0)
    return plots.comparison_heat_map(table, down="temperature", across="alpha", quantity=quantity)


def titles(figure):
    return [panel.get_title(loc="left") for panel in figure.axes]


def dots(panel):
    return [np.asarray(found.get_offsets()) for found in panel.collections if isinstance(found, PathCollection)]


def named(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_strips_hold_every_seed_and_what_they_come_to(readings):
    figure = strips(readings).figure
    assert titles(figure) == ["reading = plain", "reading = other"]
    for panel, reading in zip(figure.axes, readings.reading.values, strict=True):
        scores = readings.f1_macro.sel(reading=reading)
        for distilled, found in zip((0, 1), dots(panel), strict=True):
            np.testing.assert_array_equal(found[:, 1], scores.sel(distilled=distilled).values.ravel())
        marks = [line.get_ydata() for line in panel.lines if line.get_marker() == "_"]
        wanted = [summary(scores.sel(student=name, distilled=1)).iqm for name in STUDENTS]
        np.testing.assert_allclose(marks[1], wanted)
    assert named(figure)[-2:] == ["always the commonest class", "the teachers"]


def test_strips_do_not_overlap(readings):
    found = dots(strips(readings).figure.axes[0])
    spans = sorted((part[:, 0].min(), part[:, 0].max()) for strip in found for part in np.split(strip, 2))
    assert (np.diff(np.ravel(spans)) > 0).all()


def test_intervals_are_drawn_as_lines(readings):
    panel = strips(readings).figure.axes[0]
    lines = next(found for found in panel.collections if isinstance(found, LineCollection)).get_segments()
    wanted = summary(readings.f1_macro.sel(reading="plain", distilled=0, student="hea"))
    np.testing.assert_allclose(lines[1][:, 1], [wanted.iqm_low, wanted.iqm_high])


@pytest.mark.parametrize("settings", [{}, {"alpha": [0.0]}, {"alpha": [0.0, 0.5, 1.0]}])
def test_a_study_may_have_any_settings(settings):
    results = study(settings)
    for figure in (
        strips(results).figure,
        curves(results).figure,
        sensitivity(results).figure,
    ):
        assert isinstance(figure, Figure)
    assert len(strips(results).figure.axes) == 1
    assert titles(curves(results).figure) == [f"alpha = {a:g}" for a in settings.get("alpha", ())] or [""]


def test_one_seed_of_one_student_is_drawn():
    results = study({"distilled": [0, 1]}, students=["hea"], seeds=1)
    panel = strips(results).figure.axes[0]
    np.testing.assert_array_equal([found[0, 1] for found in dots(panel)], results.f1_macro.values.ravel())
    assert len(sensitivity(results).figure.axes) == 3


def test_scores_that_are_not_finite_are_no_marks(readings):
    scores = readings.f1_macro.copy()
    scores[{"student": 0, "reading": 0, "distilled": 0, "seed": 3}] = np.nan
    panel = strips(readings.assign(f1_macro=scores)).figure.axes[0]
    marks = [line.get_ydata() for line in panel.lines if line.get_marker() == "_"]
    np.testing.assert_array_equal(np.isfinite(marks), [[False, True], [True, True]])


@pytest.mark.parametrize(("students", "columns"), [(4, 3), (8, 1)])
def test_panels_stay_as_wide_as_their_strips_need(students, columns):
    results = study(
        {"reading": ["a", "b", "c"], "alpha": [0.0, 0.5, 1.0]}, students=[f"s{i}" for i in range(students)]
    )
    grid = strips(results).figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (3 // columns, columns)


def test_quartiles_keep_the_last_finite_value():
    nan, inf = np.nan, np.inf
    histories = np.array([[4.0, 2.0, nan, nan], [3.0, 3.0, 3.0, 3.0], [2.0, 1.0, 7.0, inf], [nan, nan, nan, nan]])
    values = xr.DataArray(histories, dims=("seed", "epoch"))
    np.testing.assert_allclose(quartiles(values).sel(quartile=0.5), [3, 2, 3, 3])
    np.testing.assert_allclose(quartiles(values).sel(quartile=0.25), [2.5, 1.5, 2.5, 2.5])
    assert np.isnan(quartiles(values * nan)).all()


def test_curves_are_medians_by_student(readings):
    figure = curves(readings).figure
    assert titles(figure)[1] == "reading = plain, distilled = 1"
    assert figure.axes[0].get_gridspec().ncols == 2
    for line, name in zip(figure.axes[1].lines, STUDENTS, strict=True):
        wanted = readings.val_loss.sel(reading="plain", distilled=1, student=name).median("seed")
        np.testing.assert_allclose(line.get_ydata(), wanted)
        assert line.get_xdata()[0] == 1
    assert named(figure) == STUDENTS


def test_students_are_told_apart_without_color():
    eight = [f"s{i}" for i in range(8)]
    figure = curves(study({}, students=eight)).figure
    looks = {(line.get_linestyle(), line.get_marker()) for line in figure.axes[0].lines}
    markers = {line.get_marker() for line in figure.axes[0].lines}
    assert len(looks) == len(markers) == len(set(panels.COLORS)) == 8


def test_an_axis_is_logarithmic_where_values_span_much(readings):
    shrinking = readings.val_loss * 10.0 ** -xr.DataArray(np.arange(EPOCHS), dims="epoch")
    assert curves(readings).figure.axes[0].get_yscale() == "linear"
    assert curves(readings.assign(val_loss=shrinking)).figure.axes[0].get_yscale() == "log"


def shown(figure):
    """Returns the heat maps [panels, temperature, alpha] of a figure, and their texts."""
    maps = [panel for panel in figure.axes if panel.images and panel.texts]
    texts = [text.get_text() for panel in maps for text in panel.texts]
    return np.stack([panel.images[0].get_array() for panel in maps]), texts


def test_gains_are_those_of_the_table(weights):
    found, texts = shown(heat_map(weights).figure)
    table = compare(weights.f1_macro, "alpha", baseline=0.0)
    np.testing.assert_allclose(found.ravel(), table["mean"])
    assert found.shape == (4, 2, 2)
    assert texts == ["+0.00", "+0.00", "+0.00", "+0.30*"] * 4


def test_a_star_marks_what_passes_the_correction(weights):
    found, texts = shown(heat_map(weights, "p").figure)
    smallest = 16 * 2 / 2**SEEDS
    np.testing.assert_allclose(found[0], [[0, 0], [0, -np.log10(smallest)]], atol=1e-12)
    assert texts[:4] == ["1.000", "1.000", "1.000", "0.008*"]


def test_a_p_is_never_said_to_be_none():
    found = study({"temperature": [1.0], "alpha": [0.0, 1.0]}, seeds=40)
    moved = found.assign(f1_macro=found.f1_macro.isel(alpha=0) + found.alpha)
    assert shown(heat_map(moved, "p").figure)[1] == ["<0.001*"] * 2


def test_heat_maps_keep_the_order_of_the_students(weights):
    figure = heat_map(weights).figure
    assert [panel.get_ylabel() for panel in figure.axes[:4:2]] == ["linear\ntemperature", "hea\ntemperature"]
    one = heat_map(weights.sel(student=["hea"])).figure
    np.testing.assert_array_equal(shown(figure)[0][2:], shown(one)[0])
    assert [panel.get_title() for panel in figure.axes[:2]] == ["size = 30", "size = 60"]


def test_what_is_not_finite_is_no_gain(weights):
    scores = weights.f1_macro.where(weights.f1_macro.alpha != 0.5)
    for quantity in ("mean", "p"):
        _, texts = shown(heat_map(weights.assign(f1_macro=scores), quantity).figure)
        assert texts[0] == "–"
        assert texts[3].endswith("*")


def test_narrow_cells_have_stars_only():
    results = study({"size": list(range(6)), "temperature": [1.0], "alpha": list(np.linspace(0, 1, 7))})
    _, texts = shown(heat_map(results).figure)
    assert set(texts) == {""}


def test_failed_seeds_are_those_near_the_commonest_class(readings):
    found = (readings.f1_macro < 0.45).mean("seed")
    figure = sensitivity(readings).figure
    assert titles(figure) == [
        "share of failed seeds", "gradient norm in the first epoch", "its variance over the seeds"
    ]  # fmt: skip
    share, norms, variances = figure.axes
    at = {"reading": 1, "distilled": 0}
    np.testing.assert_allclose(dots(share)[2][:, 1], found.isel(at))
    first = readings.gradient_norm.isel(epoch=0)
    np.testing.assert_allclose(dots(norms)[2][:, 1], first.isel(at).values.ravel())
    np.testing.assert_allclose(dots(variances)[2][:, 1], first.isel(at).var("seed", ddof=1))
    assert named(figure)[2] == "reading = other, distilled = 0"


def test_strips_of_many_settings_are_pooled_over_the_first(weights):
    figure = sensitivity(weights).figure
    assert named(figure)[0] == "temperature = 1, alpha = 0"
    assert [len(found) for found in dots(figure.axes[0])] == [2 * len(STUDENTS)] * 6
    pooled = weights.gradient_norm.isel(epoch=0, temperature=0, alpha=0).sel(student="hea")
    marks = [line.get_ydata() for line in figure.axes[1].lines]
    assert marks[0][1] == pytest.approx(float(pooled.median()))


def test_gradients_that_are_not_finite_are_left_out(readings):
    norms = readings.gradient_norm.where(readings.seed > 0, np.inf)
    found = initializations.first_gradients(readings.assign(gradient_norm=norms))
    np.testing.assert_array_equal(np.isnan(found).sum("seed"), np.ones((2, 2, 2)))
    assert initializations.first_gradients(readings.assign(gradient_norm=found)) is None


def test_panels_without_data_are_left_out(readings):
    failed, norms = readings.f1_macro.mean("seed"), initializations.first_gradients(readings)
    assert len(plots.initialization_sensitivity(failed, None).figure.axes) == 1
    assert len(plots.initialization_sensitivity(None, norms).figure.axes) == 2


def test_times_are_bars(readings):
    figure = plots.runtime(readings).figure
    assert titles(figure) == ["all runs", "compilation"]
    assert [[bar.get_width() for bar in panel.patches] for panel in figure.axes] == [[1, 2], [3, 4]]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == STUDENTS
    by_size = readings.drop_vars("compile_seconds").assign(seconds=(("student", "size"), [[1.0, 2.0], [3.0, 4.0]]))
    figure = plots.runtime(by_size.assign_coords(size=[30, 60])).figure
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()][1] == "linear, size = 60"
    assert len(figure.axes) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda results: plots.learning_curves(results.f1_macro), "`values` must have a dimension `epoch`"),
        (lambda results: heat_map(results, "q"), "`quantity` must be one of"),
        (lambda results: rows_by(results, "size"), "`down` must be one of"),
        (lambda results: rows_by(results, "temperature", baseline=None), "`table` must have one baseline"),
        (lambda results: means_by(results, "epoch"), "`along` must be one of"),
        (lambda results: plots.runtime(results[["f1_macro"]]), "have `seconds` or `compile_seconds`"),
        (lambda results: plots.initialization_sensitivity(None, None), "`failed` must be given"),
    ],
)
def test_missing_data_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(study({"temperature": [1.0], "alpha": [0.0, 0.5, 0.9]}))


def rows_by(results, down, baseline=0.0):
    table = compare(results.f1_macro, "alpha", baseline=baseline)
    return plots.comparison_heat_map(table, down=down, across="alpha")


def means_by(results, along):
    return plots.mean_curves(describe(results.f1_macro), along=along, lines="temperature")


def test_effects_are_those_of_the_table(readings):
    table = compare(readings.f1_macro, "distilled", baseline=0)
    table.loc[0, "verdict"] = "better"
    figure, alt = plots.effects(table, along="reading", panels="after", marks="student")
    (panel,) = figure.axes
    np.testing.assert_allclose(dots(panel)[0][:, 0], table["mean"][table.student == "linear"])
    assert [text.get_text() for text in panel.get_yticklabels()] == ["plain", "other"]
    filled = panel.collections[1].get_facecolor()[:, :3].min(axis=1) < 1
    assert filled.tolist() == [True, table.verdict[1] in ("better", "worse")]
    first = table[table.student == "linear"].sort_values("mean")
    assert f"linear on 1: from {first['mean'].iloc[0]:+.3f} ({first.reading.iloc[0]})" in alt


def test_means_are_curves_with_their_ends_in_words(readings):
    described = describe(readings.f1_macro)
    figure, alt = plots.mean_curves(described, along="reading", lines="distilled", name="of the text")
    assert titles(figure) == STUDENTS
    wanted = described["mean"].sel(student="hea", distilled=1)
    np.testing.assert_allclose(figure.axes[1].lines[-3].get_ydata(), wanted)
    assert f"hea, 1: {float(wanted[0]):.3f} to {float(wanted[1]):.3f}" in alt
    assert "by of the text, from plain to other" in alt


def test_words_give_the_numbers_of_the_figures(readings, weights):
    flat = readings.assign(f1_macro=readings.f1_macro * 0 + xr.DataArray([0.25, 0.75], dims="distilled"))
    assert "from 0.250 (linear, reading = plain, distilled = 0) to 0.750" in strips(flat).alt
    assert "linear 0.250 to 0.750; hea 0.250 to 0.750" in strips(flat).alt
    assert curves(flat.assign(val_loss=flat.val_loss * 0 + 2)).alt.endswith("linear 2; hea 2.")
    alt = heat_map(weights).alt
    assert "+0.000 (linear, size = 30, temperature = 1, alpha = 0.5)" in alt
    assert "4 of 16 corrected p are below 0.05" in alt
    assert "Share of failed seeds: linear 0% to 100%; hea 0% to 100%." in sensitivity(flat).alt
    assert "All runs, in seconds: linear 1; hea 2." in plots.runtime(readings).alt
    assert "is finite nowhere" in strips(flat * np.nan).alt


def test_distributions_are_the_shares_of_seeds_up_to_a_score(readings):
    scores = readings.f1_macro.copy()
    scores[0, 0, 0, 3] = np.nan
    figure, alt = plots.distributions(scores, lines="distilled")
    panel = figure.axes[0]
    values, shares = panel.lines[0].get_data()
    wanted = np.sort(scores.values[0, 0, 0][np.isfinite(scores.values[0, 0, 0])])
    np.testing.assert_allclose(values, wanted)
    np.testing.assert_allclose(shares, np.arange(2, SEEDS + 1) / SEEDS)
    assert len(figure.axes) == len(STUDENTS) * scores.sizes["reading"]
    assert "linear" in alt


def test_shares_are_bars_one_after_the_other():
    rows = {"first": {"a": 0.25, "b": 0.75}, "second": {"a": np.nan, "b": np.nan}}
    figure, alt = plots.stacked_shares(rows, name="share")
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]
    np.testing.assert_allclose(bars, [(0, 0.25), (0, 0), (0.25, 0.75), (0, 0)])
    assert alt == "first: a 0.25, b 0.75. second: nothing finite"


@pytest.mark.parametrize(
    ("rows", "told"),
    [({}, "at least one row"), ({"a": {"x": 1.0}, "b": {"y": 1.0}}, "the same parts in every row")],
)
def test_shares_of_other_parts_are_refused(rows, told):
    with pytest.raises(ValueError, match=told):
        plots.stacked_shares(rows, name="share")
