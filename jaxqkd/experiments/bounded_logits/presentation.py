"""The study as it is shown: what each method gains each student, tested and corrected, and a figure of it."""

from textwrap import fill

import pandas as pd
import xarray as xr

from jaxqkd.reports import plots, tables
from jaxqkd.reports.outcome import Outcome
from jaxqkd.statistics import compare, fewest_seeds

READ_AS = """\
Mean macro F1 on test rows that nothing was chosen or fitted on: of the student
alone ("none"), and the gain of each method over it, paired by seed, with its 95 %
interval (Student's t). "+" and "-" mark gains and losses whose Wilcoxon p, corrected
by Holm's method over all rows of all tables, is below 0.05, and that most seeds
share. A gain without a mark does not say that there is none. label_smoothing
hears the teacher's average confidence alone: it is the control."""


def present(results: xr.Dataset) -> Outcome:
    """Returns a table a data set, their notes, and the figure of all gains."""
    scores = results.f1_macro
    found = compare(scores, "case", baseline="none")
    students = [str(name) for name in results.student.values]
    parts = {
        f"Data: {dataset} (teacher {float(_of_teacher(results, dataset).mean()):.3f})": [
            [
                ["none"],
                *(
                    [f"{float(scores.sel(dataset=dataset, student=name, case='none').mean()):.3f}"]
                    for name in students
                ),
            ],
            *(
                [[str(case)], *(_cell(found, dataset, name, case) for name in students)]
                for case in results.case.values
                if case != "none"
            ),
        ]
        for dataset in results.dataset.values
    }
    return Outcome(
        ("method", *students),
        parts,
        [READ_AS, *_in_words(found, results.sizes["seed"]), tables.teachers(results)],
        plots.effects(found, along="after", panels="dataset", marks="student"),
        _alt(found),
        "Mean gain of macro F1 over training without a teacher, with its 95 % interval, by method and student.",
        {"gains": found.to_dict("records")},
    )


def _of_teacher(results: xr.Dataset, dataset: str) -> xr.DataArray:
    return results.teacher_f1.sel(dataset=dataset).isel(student=0, case=0)


def _cell(found: pd.DataFrame, dataset: str, student: str, case: str) -> list[str]:
    ((_, row),) = found[(found.dataset == dataset) & (found.student == student) & (found.after == case)].iterrows()
    mark = {"better": " +", "worse": " -"}.get(row.verdict, "")
    return [f"{row['mean']:+.3f}", f"[{row.low:+.3f},", f"{row.high:+.3f}]{mark}"]


def _in_words(found: pd.DataFrame, seeds: int) -> list[str]:
    """Returns for each student and data set what gains and what loses."""
    told = []
    for (student, dataset), rows in found.groupby(["student", "dataset"], sort=False):
        lines = [f"{student} on {dataset}: {len(rows)} compared."]
        for verdict, verb in (("better", "gain"), ("worse", "lose")):
            names = rows[rows.verdict == verdict].after.tolist()
            listed = f"  {len(names)} {verb}{': ' if names else '.'}{'; '.join(names)}"
            lines.append(fill(listed, 80, subsequent_indent="    ", break_on_hyphens=False))
        told.append("\n".join(lines))
    few = [tables.too_few(len(found))] if seeds < fewest_seeds(len(found)) else []
    return told + few


def _alt(found: pd.DataFrame) -> str:
    """Returns the range of the gains of each student on each data set."""
    told = [
        f"{student} on {dataset}: from {rows['mean'].min():+.3f} ({rows.after[rows['mean'].idxmin()]}) to "
        f"{rows['mean'].max():+.3f} ({rows.after[rows['mean'].idxmax()]})"
        for (student, dataset), rows in found.groupby(["student", "dataset"], sort=False)
    ]
    return f"Dots with intervals, a row a method. Mean gains: {'; '.join(told)}."
