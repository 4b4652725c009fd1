"""The study as it is shown: each student's setting, chosen on validation rows, and tests on the test rows."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from jaxqkd import teachers
from jaxqkd.reports import plots, tables
from jaxqkd.reports.outcome import Outcome
from jaxqkd.reports.plots import words
from jaxqkd.statistics import compare, fewest_seeds

HEADERS = ("student", "compared", "setting", "before", "after", "change", "wins", "verdict")
ALONE, TAUGHT, SHUFFLED, SMOOTHED = "without a teacher", "with the teacher", "teacher shuffled", "label smoothing"
LINES = ("majority_f1_macro", "teacher_f1")
"""Scores of a seed that a student's are read against."""
ADDED, BEHIND = "What the teacher adds", "What is behind it"

READ_AS = """\
Macro F1 on test rows that nothing was chosen or fitted on: means over the seeds,
and the change paired by seed with its 95 % interval (Student's t) and the p of
Wilcoxon's test, corrected by Holm's method over all rows of both tables. "wins"
is the share of seeds that gained, no change counting half. Better and worse are
claimed where the corrected p is below 0.05; "no difference shown" does not say
that there is none.
Each seed draws its own split into training, validation and test rows (3 : 1 : 1),
its own teacher and its own initializations. The seeds share the rows of one table:
the tests speak of this table, and would be too sure of another of its kind.
The setting (temperature T, weight alpha of the teacher) is each student's own, the
best of the grid by mean macro F1 on the validation rows. Controls: the teacher's
answers shuffled among the rows; label smoothing with the teacher's confidence; a
linear model, a perceptron with about as many parameters, the student with its
angles frozen, and without entangling gates."""


class Setting(NamedTuple):
    """A setting of the teacher's weight, and what it scores on the validation rows.

    Attributes:
        temperature: T.
        alpha: The weight; 0 for training without a teacher.
        score: Mean macro F1 over the seeds.
    """

    temperature: float
    alpha: float
    score: float

    def __str__(self) -> str:
        return f"T={self.temperature:g}, α={self.alpha:g}" if self.alpha else ALONE


class Row(NamedTuple):
    """A comparison: which student, of what with what, at which setting, and scores [seeds]."""

    part: str
    student: str
    compared: tuple[str, str]
    setting: Setting
    before: np.ndarray
    after: np.ndarray


def chosen(results: xr.Dataset, student: str) -> Setting:
    """Returns a student's setting with a teacher, the best on the validation rows; the first among equals."""
    judged = results.validation_f1.sel(student=student, teacher="teacher").mean("seed")
    taught = judged.sel(alpha=judged.alpha > 0).stack(at=("temperature", "alpha"))
    best = taught[int(taught.values.argmax())]
    return Setting(float(best.temperature), float(best.alpha), float(best))


def alone(results: xr.Dataset, student: str) -> Setting:
    """Returns a student's setting without a teacher."""
    at = {"student": student, "teacher": "teacher", "alpha": 0.0}
    found = results.validation_f1.sel(at).isel(temperature=0)
    return Setting(float(found.temperature), 0.0, float(found.mean()))


def trainings(results: xr.Dataset) -> xr.Dataset:
    """Returns the test scores over student, training and seed, each student at its chosen setting."""
    ways = {ALONE: "teacher", TAUGHT: "teacher", SHUFFLED: "shuffled", SMOOTHED: "smoothed"}
    by_student = []
    for name in results.student.values:
        at = chosen(results, str(name))
        each = [
            results.f1_macro.sel(
                student=name, teacher=kind, temperature=at.temperature, alpha=at.alpha * (way != ALONE), drop=True
            )
            for way, kind in ways.items()
        ]
        by_student.append(xr.concat(each, xr.DataArray(list(ways), dims="training", name="training")))
    scores = xr.concat(by_student, results.student).assign_attrs(results.f1_macro.attrs)
    of_seed = {at: results[at].isel(student=0, teacher=0, temperature=0, alpha=0, drop=True) for at in LINES}
    return xr.Dataset({"f1_macro": scores, **of_seed})


def present(results: xr.Dataset) -> Outcome:
    """Returns the tables, their notes, and the figure of every seed."""
    found = trainings(results)
    rows = list(_rows(results, found))
    tested = _tested(rows)
    parts = {
        part: [_cells(row, test) for row, test in zip(rows, tested, strict=True) if row.part == part]
        for part in (ADDED, BEHIND)
    }
    return Outcome(
        HEADERS,
        parts,
        [READ_AS, *_told(results, rows, tested)],
        plots.score_strips(found, "f1_macro"),
        words.score_strips(found, "f1_macro"),
        "A dot is a seed: macro F1 on the test rows, at each student's chosen setting.",
        {"chosen": {row.student: row.setting._asdict() for row in rows if row.part == ADDED}},
    )


def _rows(results: xr.Dataset, found: xr.Dataset) -> Iterator[Row]:
    """Yields what is compared: each student without and with a teacher, then the first one with its controls."""
    names = [str(name) for name in found.student.values]
    settings = {name: chosen(results, name) for name in names}

    def scores(name: str, training: str) -> np.ndarray:
        return found.f1_macro.sel(student=name, training=training).values

    for name in names:
        yield Row(ADDED, name, (ALONE, "→ with"), settings[name], scores(name, ALONE), scores(name, TAUGHT))
    student, *controls = names
    after = scores(student, TAUGHT)
    for other in (SHUFFLED, SMOOTHED):
        yield Row(BEHIND, student, (other, "→ teacher"), settings[student], scores(student, other), after)
    for name in controls:
        yield Row(BEHIND, student, (name, f"→ {student}"), settings[student], scores(name, TAUGHT), after)


def _tested(rows: Sequence[Row]) -> list[dict[str, Any]]:
    scores = xr.DataArray(
        [[row.before, row.after] for row in rows],
        {"side": ["before", "after"]},
        ("row", "side", "seed"),
    )
    return compare(scores.assign_coords(row=range(len(rows))), "side", baseline="before").to_dict("records")


def _cells(row: Row, test: dict[str, Any]) -> list[list[str]]:
    p = test["p_corrected"]
    told = "p < 0.001" if p < 0.001 else f"p {p:.3f}"
    change = [f"{test['mean']:+.3f}", f"[{test['low']:+.3f},", f"{test['high']:+.3f}]", told]
    means = [f"{row.before.mean():.3f}"], [f"{row.after.mean():.3f}"]
    return [
        [row.student],
        list(row.compared),
        [str(row.setting)],
        *means,
        change,
        [f"{test['win_rate']:.0%}"],
        [test["verdict"]],
    ]


def _told(results: xr.Dataset, rows: Sequence[Row], tested: Sequence[dict[str, Any]]) -> list[str]:
    """Returns what the tests say, who the teachers are, and what is to be wary of."""
    student, count = rows[0].student, results.sizes["seed"]
    without = alone(results, student)
    said = {
        "better": f"The corrected test says that the teacher makes {student} better.",
        "worse": f"The corrected test says that the teacher makes {student} worse.",
    }
    verdict = tested[0]["verdict"]
    told = [
        said.get(verdict, f"Whether the teacher changes {student}: {verdict}, with these {count} seeds."),
        f"On validation rows {student} scores {without.score:.3f} without a teacher,\n"
        f"and {rows[0].setting.score:.3f} with the teacher at {rows[0].setting}.",
        tables.teachers(results),
    ]
    if count < fewest_seeds(len(rows)):
        told.append(tables.too_few(len(rows)))
    return told + _gate(results, student)


def _gate(results: xr.Dataset, student: str) -> list[str]:
    """Returns the warning of the teachers' quality gate, if there is one."""
    at = {"teacher": "teacher", "temperature": results.temperature[0], "alpha": 0.0}
    of_student = results.sel(student=student, **at)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        teachers.check_quality(of_student.teacher_validation_f1.values, of_student.validation_f1.values)
    return [f"Warning: {warning.message}" for warning in caught]
