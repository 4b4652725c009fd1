"""The study as it is shown: each student's setting, chosen on validation rows, and tests on the test rows."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from jaxqkd import teachers
from jaxqkd.experiments import wording
from jaxqkd.experiments.own_data.selection import ALONE, Setting, alone, chosen
from jaxqkd.reports import Comparisons, Drawing, Section, Table, assemble, comparison_maps, plots
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import compare, describe, fewest_seeds

HEADERS = ("student", "compared", "setting", "before", "after", "change", "wins", "verdict")
TAUGHT, SHUFFLED, SMOOTHED = "with the teacher", "teacher shuffled", "label smoothing"
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


class Row(NamedTuple):
    """A comparison: which student, of what with what, at which setting, and scores [seeds]."""

    part: str
    student: str
    compared: tuple[str, str]
    setting: Setting
    before: np.ndarray
    after: np.ndarray


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


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of every seed, two tables of differences, and what they say."""
    scores = trainings(results)
    rows = list(_rows(results, scores.f1_macro))
    tested = _tested(rows)
    own = [
        Section(
            "Scores at the chosen settings",
            drawing=_strips(scores),
            caption="A dot is a seed: macro F1 on the test rows, at each student's chosen setting.",
            facts={"chosen": {row.student: row.setting._asdict() for row in rows if row.part == ADDED}},
        ),
        *(_table(part, rows, tested) for part in (ADDED, BEHIND)),
        Section("How to read the tables", READ_AS),
        Section("What they say", "\n\n".join(_in_words(results, rows, tested))),
    ]
    weights = Comparisons("alpha", compare(results.f1_macro, "alpha", baseline=0.0))
    own += comparison_maps(weights, down="temperature")
    return assemble(results, own, tested=weights, references=wording.TEACHERS)


def _strips(scores: xr.Dataset) -> Drawing:
    lines = {"always the commonest class": scores.majority_f1_macro, "the teachers": scores.teacher_f1}
    described = describe(scores.f1_macro)
    return plots.score_strips(scores.f1_macro, described, lines)


def _table(part: str, rows: Sequence[Row], tested: Sequence[dict[str, Any]]) -> Section:
    cells = [_cells(row, test) for row, test in zip(rows, tested, strict=True) if row.part == part]
    return Section(part, table=Table(HEADERS, cells))


def _rows(results: xr.Dataset, f1: xr.DataArray) -> Iterator[Row]:
    """Yields what is compared: each student without and with a teacher, then the first one with its controls."""
    names = [str(name) for name in f1.student.values]
    settings = {name: chosen(results, name) for name in names}

    def scores(name: str, training: str) -> np.ndarray:
        return f1.sel(student=name, training=training).values

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


def _cells(row: Row, test: dict[str, Any]) -> list[str]:
    p = test["p_corrected"]
    return [
        row.student,
        "\n".join(row.compared),
        str(row.setting),
        f"{row.before.mean():.3f}",
        f"{row.after.mean():.3f}",
        f"{test['mean']:+.3f}\n[{test['low']:+.3f},\n{test['high']:+.3f}]\n"
        + ("p < 0.001" if p < 0.001 else f"p {p:.3f}"),
        f"{test['win_rate']:.0%}",
        test["verdict"],
    ]


def _in_words(results: xr.Dataset, rows: Sequence[Row], tested: Sequence[dict[str, Any]]) -> list[str]:
    """Returns what the tests say, how good the teachers are, and a warning where they are not."""
    student, count = rows[0].student, results.sizes["seed"]
    without = alone(results, student)
    verdict = tested[0]["verdict"]
    sentence = f"Whether the teacher changes {student}: {verdict}, with these {count} seeds."
    if verdict in ("better", "worse"):
        sentence = f"The corrected test says that the teacher makes {student} {verdict}."
    few = [too_few(len(rows))] if count < fewest_seeds(len(rows)) else []
    return [
        sentence,
        f"On validation rows {student} scores {without.score:.3f} without a teacher,\n"
        f"and {rows[0].setting.score:.3f} with the teacher at {rows[0].setting}.",
        wording.teachers(results),
        *few,
        *_gate(results, student),
    ]


def _gate(results: xr.Dataset, student: str) -> list[str]:
    """Returns the warning of the teachers' quality gate, if there is one."""
    at = {"teacher": "teacher", "temperature": results.temperature[0], "alpha": 0.0}
    of_student = results.sel(student=student, **at)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        teachers.check_quality(of_student.teacher_validation_f1.values, of_student.validation_f1.values)
    return [f"Warning: {warning.message}" for warning in caught]
