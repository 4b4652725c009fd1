"""The seed study's tables and figure, on results made by hand."""

import numpy as np
import pytest
import xarray as xr

from jaxqkd.experiments import claims
from jaxqkd.experiments.piperno2024 import presentation
from jaxqkd.experiments.piperno2024.figure import published_against_measured
from jaxqkd.experiments.piperno2024.setup import PUBLISHED
from jaxqkd.reports import Section
from jaxqkd.reports.terminal import WIDE, print_sections


@pytest.fixture
def results():
    scores = np.clip(np.random.default_rng(0).normal(0.6, 0.1, size=(2, 2, 2, 12)), 0, 1)
    dimensions = ("student", "reading", "distilled", "seed")
    return xr.Dataset(
        {
            "f1_weighted": (dimensions, scores),
            "classical": ("student", [195, 21]),
            "quantum": ("student", [0, 90]),
            "teacher_f1": (dimensions, np.full(scores.shape, 0.95)),
        },
        coords={"student": ["linear", "hea"], "reading": ["logits", "unstable"], "distilled": [0, 1]},
        attrs={"study": "piperno2024", "score": "f1_weighted"},
    )


@pytest.mark.parametrize("width", [80, WIDE])
def test_the_verdict_table_fits_its_terminal_whole(results, capsys, width):
    table = presentation.verdict_table(claims.rows(results, PUBLISHED))
    print_sections([Section("Reading", table=table)], width=width)
    out = capsys.readouterr().out
    assert "…" not in out
    assert "0.623" in out
    assert "21+90" in out


def test_few_seeds_get_no_marks(results):
    rows = claims.rows(results.isel(seed=slice(1)), PUBLISHED)
    cells = "".join(cell for row in presentation.verdict_table(rows).rows for cell in row)
    assert "✓" not in cells
    assert "✗" not in cells
    assert "too few" in presentation.published_inside(rows, 1)


def test_published_means_inside_are_counted_by_reading(results):
    rows = claims.rows(results, PUBLISHED)
    inside = sum(sum(row.inside) for row in rows if row.reading == "logits")
    assert f"{inside} of 4 in logits" in presentation.published_inside(rows, 12)


def test_the_figure_has_a_panel_a_reading_and_the_published_bars(results):
    figure, alt = published_against_measured(results.f1_weighted, claims.rows(results, PUBLISHED))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["reading: logits", "reading: unstable"]
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.353, 1.000, 0.623, 0.700]
    mean = float(results.f1_weighted.sel(student="hea", reading="unstable", distilled=1).mean())
    assert (
        f"hea, unstable: mean F1 {float(results.f1_weighted[1, 1, 0].mean()):.3f} without and {mean:.3f} with"
        in alt
    )
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(names) == [
        "mean and its 95 % interval", "published", "with distillation", "without distillation"
    ]  # fmt: skip


def test_the_report_has_a_table_a_reading_and_the_verdicts_for_the_manifest(results):
    sections = presentation.report(results)
    tables = [section.title for section in sections if section.table and not section.detail]
    assert tables == ["Reading: logits", "Reading: unstable"]
    facts = {name: value for section in sections for name, value in section.facts.items()}
    assert [row["student"] for row in facts["verdicts"]] == ["linear", "hea"] * 2
    assert any("Teachers: macro F1 0.950 on average" in section.text for section in sections)
