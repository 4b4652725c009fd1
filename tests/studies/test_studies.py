"""Verdicts, gains, tables, plots and the store, on results made by hand."""

import io

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console

from jaxqkd.experiments import claims
from jaxqkd.experiments.payoff import gains
from jaxqkd.experiments.piperno2024.setup import PUBLISHED
from jaxqkd.reports import plots, tables
from jaxqkd.statistics import difference, fewest_seeds

STEADY = np.array([0.0, 0.02, -0.02, 0.01, -0.01, 0.015, -0.015, 0.005, -0.005, 0.003, -0.003, 0.0])


@pytest.mark.parametrize(
    ("without", "distilled", "p", "verdict"),
    [
        (0.50, 0.70, 0.001, "reproduced"),
        (0.60, 0.90, 0.001, "direction reproduced"),
        (0.60, 0.90, 0.5, "higher than published"),
        (0.30, 0.55, 0.5, "lower than published"),
        (0.50, 0.90, 0.5, "higher than published"),
        (0.90, 0.30, 0.001, "mixed"),
    ],
)
def test_verdict_by_the_rule(without, distilled, p, verdict):
    pair = without + STEADY, distilled + STEADY[::-1]
    assert claims.judge(pair, (0.5, 0.7), difference(*pair), p) == verdict


def test_a_published_value_is_inside_up_to_its_rounding():
    exact = np.full(12, 0.9996)
    change = difference(exact, exact)
    assert claims.judge((exact, exact), (1.0, 1.0), change, 1.0) == "reproduced"
    assert claims.judge((exact - 1e-3, exact), (1.0, 1.0), change, 1.0) == "lower than published"


@pytest.mark.parametrize(("seeds", "verdict"), [(1, "too few seeds"), (5, "too few seeds"), (6, "reproduced")])
def test_few_seeds_get_no_verdict(seeds, verdict):
    pair = 0.5 + STEADY[:seeds], 0.7 + STEADY[:seeds]
    assert claims.judge(pair, (0.5, 0.7), difference(*pair), 1.0) == verdict


@pytest.fixture
def seed_study():
    rng = np.random.default_rng(0)
    scores = np.clip(rng.normal(0.6, 0.1, size=(2, 2, 2, 12)), 0, 1)
    dimensions = ("student", "reading", "distilled", "seed")
    return xr.Dataset(
        {
            "f1_weighted": (dimensions, scores),
            "classical": ("student", [195, 21]),
            "quantum": ("student", [0, 90]),
        },
        coords={"student": ["linear", "hea"], "reading": ["logits", "unstable"], "distilled": [0, 1]},
    )


def test_rows_pair_each_student_and_reading_with_its_own_scores(seed_study):
    rows = claims.rows(seed_study, PUBLISHED)
    assert [(row.reading, row.student) for row in rows] == [
        ("logits", "linear"), ("logits", "hea"), ("unstable", "linear"), ("unstable", "hea")
    ]  # fmt: skip
    scores = seed_study.f1_weighted.sel(student="hea", reading="unstable").values
    assert rows[3].without.mean == pytest.approx(scores[0].mean())
    assert rows[3].change.mean == pytest.approx((scores[1] - scores[0]).mean())
    assert (rows[3].classical, rows[3].quantum, rows[3].published) == (21, 90, (0.623, 0.700))
    assert all(row.p_corrected >= row.change.p for row in rows)


@pytest.mark.parametrize("width", [80, tables.WIDE])
def test_the_verdict_table_fits_its_terminal_whole(seed_study, width):
    cells = [tables.verdict_cells(row) for row in claims.rows(seed_study, PUBLISHED)]
    shown = io.StringIO()
    Console(width=width, file=shown).print(tables.terminal("Reading", tables.VERDICT_HEADERS, cells, width))
    text = shown.getvalue()
    assert "…" not in text
    assert "0.623" in text
    assert "21+90" in text


def test_few_seeds_get_no_marks(seed_study):
    rows = claims.rows(seed_study.isel(seed=slice(1)), PUBLISHED)
    shown = "".join(part for row in rows for cell in tables.verdict_cells(row) for part in cell)
    assert "✓" not in shown
    assert "✗" not in shown
    assert "too few" in tables.cells_inside(rows, 1)


def test_markdown_has_one_line_a_row():
    text = tables.markdown(["a", "b"], [[["1"], ["2", "3"]]])
    assert text == "| a | b |\n| --- | --- |\n| 1 | 2 3 |\n"


@pytest.fixture
def payoff_study():
    settings = {"temperature": [1.0, 4.0], "alpha": [0.0, 0.9]}
    coordinates = {"student": ["hea"], "train_size": [30, 60], "label_noise": [0.0, 0.2], **settings}
    scores = np.random.default_rng(3).uniform(0.5, 0.6, size=(1, 2, 2, 1, 1, 20)) * np.ones((1, 1, 1, 2, 2, 1))
    scores[:, :, 1, 1, 1] += np.linspace(0.1, 0.2, 20)
    scores[:, 0, 0, 0, 1] -= np.linspace(0.1, 0.2, 20)
    dimensions = (*coordinates, "seed")
    teacher = (("seed", "label_noise"), np.full((20, 2), 0.87))
    return xr.Dataset({"f1_macro": (dimensions, scores), "teacher_f1": teacher}, coords=coordinates)


def test_gains_are_paired_corrected_and_signed(payoff_study):
    rows = gains.gains(payoff_study)
    assert len(rows) == 4
    gained = {(row.train_size, row.label_noise): row.gains for row in rows}
    assert gained[60, 0.2][4.0, 0.9].mean == pytest.approx(0.15)
    assert gained[30, 0.0][1.0, 0.9].mean == pytest.approx(-0.15)
    assert gained[60, 0.0][1.0, 0.9].p == 1.0
    smallest = 2 / 2**20
    assert rows[1].p_corrected[4.0, 0.9] == pytest.approx(8 * smallest, rel=1e-6)


def test_the_summary_counts_what_the_corrected_tests_show(payoff_study):
    text = tables.gain_summary(gains.gains(payoff_study), 20)
    assert "gained in 2 of them and lost in 1; in the other\n5," in text
    assert "Fewer than" not in text


def test_the_summary_says_when_there_are_too_few_seeds(payoff_study):
    few = payoff_study.isel(seed=slice(4))
    assert "Fewer than 9 seeds never pass a correction over 8 comparisons" in tables.gain_summary(
        gains.gains(few), 4
    )


def test_gain_by_case_is_the_mean_gain(payoff_study):
    found = gains.gain_by_case(payoff_study)
    assert set(found.dims) == {"case", "student", "temperature", "alpha"}
    assert float(found.sel(case="60 labels, 20% wrong", student="hea", temperature=4, alpha=0.9)) == pytest.approx(
        0.15
    )
    assert float(np.abs(found.sel(alpha=0.0)).max()) == 0.0


def test_plots_draw_every_panel(seed_study, payoff_study):
    against = plots.published_against_measured(seed_study, PUBLISHED)
    assert isinstance(against, Figure)
    assert [axes.get_title(loc="left") for axes in against.axes] == ["reading: logits", "reading: unstable"]
    assert [bar.get_height() for bar in against.axes[0].patches] == [0.353, 1.000, 0.623, 0.700]
    heat = plots.gain_heat_map(gains.gain_by_case(payoff_study), title="gain")
    assert len(heat.axes) == 4 + 1


def test_the_number_of_seeds_that_can_pass_a_correction():
    assert fewest_seeds(1) == 6
    assert fewest_seeds(24) == 10
    assert 24 * 2.0 ** (1 - 10) < 0.05 < 24 * 2.0 ** (1 - 9)


def test_rows_say_which_published_means_lie_inside(seed_study):
    rows = claims.rows(seed_study, PUBLISHED)
    for row in rows:
        for (low, high), mean, inside in zip(row.predicted, row.published, row.inside, strict=True):
            assert inside == (low - claims.ROUNDING <= mean <= high + claims.ROUNDING)
    inside = sum(sum(row.inside) for row in rows if row.reading == "logits")
    assert f"{inside} of 4 in logits" in tables.cells_inside(rows, 12)
