"""Verdicts on results made by hand."""

import numpy as np
import pytest
import xarray as xr

from jaxqkd.experiments import claims
from jaxqkd.experiments.piperno2024.setup import PUBLISHED
from jaxqkd.statistics import difference

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


def test_rows_say_which_published_means_lie_inside(seed_study):
    rows = claims.rows(seed_study, PUBLISHED)
    for row in rows:
        for (low, high), mean, inside in zip(row.predicted, row.published, row.inside, strict=True):
            assert inside == (low - claims.ROUNDING <= mean <= high + claims.ROUNDING)
