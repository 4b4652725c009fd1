"""The study as it is shown: what each method gains each student, tested and corrected, and a figure of it."""

from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.reports import Comparisons, Section, Table, assemble, plots
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import compare, fewest_seeds

if TYPE_CHECKING:
    import pandas as pd

READ_AS = """\
Mean macro F1 on test rows that nothing was chosen or fitted on: of the student
alone ("none"), and the gain of each method over it, paired by seed, with its 95 %
interval (Student's t). "+" and "-" mark gains and losses whose Wilcoxon p, corrected
by Holm's method over all rows of all tables, is below 0.05, and that most seeds
share. A gain without a mark does not say that there is none. label_smoothing
uses only the teacher's average confidence: it is the control."""
MARKS = {"better": " +", "worse": " -"}


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of all gains, a table of them for each data set, and what they say."""
    gains = compare(results.f1_macro, "case", baseline="none")
    few = [too_few(len(gains))] if results.sizes["seed"] < fewest_seeds(len(gains)) else []
    own = [
        Section(
            "What each method gains",
            drawing=plots.effects(gains, along="after", panels="dataset", marks="student"),
            caption="Mean gain of macro F1 over training without a teacher, with its 95 % interval, by method and "
            "student.",
            facts={"gains": gains.to_dict("records")},
        ),
        *(
            _gains(results.sel(dataset=dataset), gains[gains.dataset == dataset])
            for dataset in results.dataset.values
        ),
        Section("How to read the tables", READ_AS),
        Section(
            "What came out",
            "\n\n".join([*few, wording.teachers(results)]),
            listing="\n\n".join(_in_words(gains)),
            answer=True,
        ),
    ]
    return assemble(results, own, tested=Comparisons("case", gains), references=wording.TEACHERS)


def _gains(results: xr.Dataset, gains: "pd.DataFrame") -> Section:
    """Returns the table of one data set: the score without a teacher, then a row for each method."""
    students = [str(name) for name in results.student.values]
    teacher = float(results.teacher_f1.isel(student=0, case=0).mean())
    alone = [f"{float(results.f1_macro.sel(student=name, case='none').mean()):.3f}" for name in students]
    by_place = gains.set_index(["after", "student"])
    rows = [[str(case), *(_cell(by_place.loc[case, name]) for name in students)] for case in gains.after.unique()]
    title = f"Data: {results.dataset.values} (teacher {teacher:.3f})"
    return Section(title, table=Table(["method", *students], [["none", *alone], *rows]))


def _cell(row: "pd.Series") -> str:
    return f"{row['mean']:+.3f}\n[{row.low:+.3f},\n{row.high:+.3f}]{MARKS.get(row.verdict, '')}"


def _in_words(gains: "pd.DataFrame") -> Iterator[str]:
    """Yields which methods gain and which lose, for each student and data set."""
    for (student, dataset), rows in gains.groupby(["student", "dataset"], sort=False):
        lines = [f"{student} on {dataset}: {len(rows)} compared."]
        for verdict, verb in (("better", "gain"), ("worse", "lose")):
            names = rows[rows.verdict == verdict].after.tolist()
            text = f"  {len(names)} {verb}{': ' if names else '.'}{'; '.join(names)}"
            lines.append(fill(text, 80, subsequent_indent="    ", break_on_hyphens=False))
        yield "\n".join(lines)
