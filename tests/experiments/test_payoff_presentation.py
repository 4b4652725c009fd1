"""The tables of gains, on results made by hand."""

import numpy as np
import pytest
import xarray as xr

from jaxqkd.experiments.payoff import presentation
from jaxqkd.statistics import compare


@pytest.fixture
def results():
    settings = {"temperature": [1.0, 4.0], "alpha": [0.0, 0.9]}
    coordinates = {"student": ["hea"], "train_size": [30, 60], "label_noise": [0.0, 0.2], **settings}
    scores = np.random.default_rng(3).uniform(0.5, 0.6, size=(1, 2, 2, 1, 1, 20)) * np.ones((1, 1, 1, 2, 2, 1))
    scores[:, :, 1, 1, 1] += np.linspace(0.1, 0.2, 20)
    scores[:, 0, 0, 0, 1] -= np.linspace(0.1, 0.2, 20)
    dimensions = (*coordinates, "seed")
    teacher = (("seed", "label_noise"), np.full((20, 2), 0.87))
    return xr.Dataset(
        {"f1_macro": (dimensions, scores), "teacher_f1": teacher},
        coords=coordinates,
        attrs={"study": "payoff", "score": "f1_macro"},
    )


def gains(results):
    return compare(results.f1_macro, "alpha", baseline=0.0)


def test_gains_are_paired_corrected_and_marked(results):
    table = presentation.gain_table(results, gains(results), "hea")
    assert table.headers == ["labels", "teacher", "alone", "T=1,\nα=0.9", "T=4,\nα=0.9"]
    rows = {row[0].replace("\n", " "): row[1:] for row in table.rows}
    assert rows["60, 20% wrong"][2:] == ["+0.000", "+0.150*"]
    assert rows["30, 0% wrong"][2:] == ["-0.150*", "+0.000"]
    alone = float(results.f1_macro.sel(train_size=60, label_noise=0.0, alpha=0.0, temperature=1.0).mean())
    assert rows["60, 0% wrong"] == ["0.870", f"{alone:.3f}", "+0.000", "+0.000"]
    assert len(rows) == 4
    corrected = gains(results).p_corrected
    assert corrected.min() == pytest.approx(8 * 2 / 2**20, rel=1e-6)


def test_the_words_count_what_the_corrected_tests_show(results):
    text = presentation.in_words(gains(results), 20)
    assert "Of 8 comparisons, distillation gained in 2 and lost in 1; in the other\n5," in text
    assert "Fewer than" not in text


def test_the_words_say_when_there_are_too_few_seeds(results):
    text = presentation.in_words(gains(results.isel(seed=slice(4))), 4)
    assert "Fewer than 9 seeds never pass a correction over 8 comparisons" in text


def test_the_report_shows_the_gains_as_a_figure_and_a_table_a_student(results):
    shown = [section for section in presentation.report(results) if not section.detail]
    titles = ["Gain by temperature and alpha", "Student: hea", "How to read the tables", "What came out"]
    assert [section.title for section in shown] == titles
    assert len(shown[0].drawing.figure.axes) == 4 + 1
    assert "3 of 8 corrected p are below 0.05" in shown[0].drawing.alt
