"""The study as it is shown: each student's setting, chosen on validation rows, and tests on the test rows."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from jaxqkd import teachers
from jaxqkd.experiments import wording
from jaxqkd.experiments.own_data.selection import ALONE, Setting, alone, chosen
from jaxqkd.reports import Comparisons, Section, Table, assemble, comparison_maps, plots
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import compare, describe, fewest_seeds

HEADERS = ("student", "compared", "setting", "before", "after", "change", "wins", "verdict")
TAUGHT, SHUFFLED, SMOOTHED = "with the teacher", "teacher shuffled", "label smoothing"
LINES = {"always the commonest class": "majority_f1_macro"} | wording.TEACHERS
"""Scores of a seed that a student's are read against, by their names."""
DEVICE = """\
Students with a circuit were trained and judged on the best qubits of {name}, under
the noise of its calibration of {date}. Calibrated noise is a best case of a device."""
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
the tests hold for this table, and would be overconfident for another of its kind.

The setting (temperature T, weight alpha of the teacher) is each student's own, the
best of the grid by mean macro F1 on the validation rows. Controls: the teacher's
answers shuffled among the rows; label smoothing with the teacher's confidence; a
linear model, a perceptron with about as many parameters, the student with its
angles frozen, and without entangling gates."""


class Row(NamedTuple):
    """A comparison of one student: its table, what is compared, at which setting, and the scores [seeds]."""

    part: str
    student: str
    compared: tuple[str, str]
    setting: Setting
    before: np.ndarray
    after: np.ndarray


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of every seed, two tables of differences, and what they say."""
    settings = {str(name): chosen(results, str(name)) for name in results.student.values}
    scores = _trainings(results, settings)
    rows = list(_rows(settings, scores))
    tested = _tested(rows)
    first = {"student": 0, "teacher": 0, "temperature": 0, "alpha": 0}  # what does not depend on any of these
    lines = {name: results[at].isel(first, drop=True) for name, at in LINES.items()}
    taught = results.sel(teacher="teacher", drop=True)  # controls have tables of their own, and count nowhere else
    gains = Comparisons("alpha", compare(taught.f1_macro, "alpha", baseline=0.0))
    own = [
        Section(
            "Scores at the chosen settings",
            drawing=plots.score_strips(scores, describe(scores), lines),
            caption="A dot is a seed: macro F1 on the test rows, at each student's chosen setting.",
            facts={"chosen": {name: setting._asdict() for name, setting in settings.items()}},
        ),
        *(_table(part, rows, tested) for part in (ADDED, BEHIND)),
        Section("How to read the tables", READ_AS),
        Section("What came out", "\n\n".join(_in_words(results, rows, tested)), answer=True),
        *comparison_maps(gains, down="temperature"),
    ]
    return assemble(taught, own, tested=gains, references=wording.TEACHERS)


def _trainings(results: xr.Dataset, settings: Mapping[str, Setting]) -> xr.DataArray:
    """Returns the test scores over student, training and seed, each student at its setting."""
    kinds = {ALONE: "teacher", TAUGHT: "teacher", SHUFFLED: "shuffled", SMOOTHED: "smoothed"}
    by_student = []
    for name, setting in settings.items():
        at = results.f1_macro.sel(student=name, temperature=setting.temperature, drop=True)
        each = [
            at.sel(teacher=kind, alpha=0.0 if training == ALONE else setting.alpha, drop=True)
            for training, kind in kinds.items()
        ]
        by_student.append(xr.concat(each, xr.DataArray(list(kinds), dims="training", name="training")))
    return xr.concat(by_student, results.student).assign_attrs(results.f1_macro.attrs)


def _table(part: str, rows: Sequence[Row], tested: Sequence[dict[str, Any]]) -> Section:
    cells = [_cells(row, test) for row, test in zip(rows, tested, strict=True) if row.part == part]
    return Section(part, table=Table(HEADERS, cells))


def _rows(settings: Mapping[str, Setting], f1: xr.DataArray) -> Iterator[Row]:
    """Yields what is compared: each student without and with a teacher, then the first one with its controls."""
    scores = {
        (str(name), str(way)): f1.sel(student=name, training=way).values
        for name in f1.student.values
        for way in f1.training.values
    }
    for name, setting in settings.items():
        yield Row(ADDED, name, (ALONE, "→ with"), setting, scores[name, ALONE], scores[name, TAUGHT])
    student, *controls = settings
    setting, after = settings[student], scores[student, TAUGHT]
    for other in (SHUFFLED, SMOOTHED):
        yield Row(BEHIND, student, (other, "→ teacher"), setting, scores[student, other], after)
    for name in controls:
        yield Row(BEHIND, student, (name, f"→ {student}"), setting, scores[name, TAUGHT], after)


def _tested(rows: Sequence[Row]) -> list[dict[str, Any]]:
    coordinates = {"row": range(len(rows)), "side": ["before", "after"]}
    scores = xr.DataArray([[row.before, row.after] for row in rows], coordinates, ("row", "side", "seed"))
    return compare(scores, "side", baseline="before").to_dict("records")


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
    device = json.loads(results.attrs.get("options", "{}")).get("device")
    few = [too_few(len(rows))] if count < fewest_seeds(len(rows)) else []
    return [
        _effect(student, tested[0], count),
        *([] if device is None else [DEVICE.format(**device)]),
        f"On validation rows {student} scores {without.score:.3f} without a teacher,\n"
        f"and {rows[0].setting.score:.3f} with the teacher at {rows[0].setting}.",
        wording.teachers(results),
        *few,
        *_gate(results, student),
    ]


def _effect(student: str, test: Mapping[str, Any], seeds: int) -> str:
    """Returns what the teacher does to the student, with its interval and the verdict of the corrected test."""
    change = f"{test['mean']:+.3f} [{test['low']:+.3f}, {test['high']:+.3f}]"
    p = "p < 0.001" if test["p_corrected"] < 0.001 else f"p = {test['p_corrected']:.3f}"
    says = {
        "better": f"the teacher helps (corrected {p})",
        "worse": f"the teacher hurts (corrected {p})",
        "too few seeds": "too few seeds to tell",
    }.get(test["verdict"], f"{test['verdict']} (corrected {p})")
    return f"The teacher changes the macro F1 of {student} by {change} over {seeds} seeds: {says}."


def _gate(results: xr.Dataset, student: str) -> list[str]:
    """Returns the warning of the teachers' quality gate, if there is one."""
    at = {"teacher": "teacher", "temperature": results.temperature[0], "alpha": 0.0}
    of_student = results.sel(student=student, **at)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        teachers.check_quality(of_student.teacher_validation_f1.values, of_student.validation_f1.values)
    return [f"Warning: {warning.message}" for warning in caught]
