"""The study as it is shown: every set, where the seed study's lie, and what the teacher's choice is worth."""

from collections.abc import Sequence

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.kept_qubits import analysis
from jaxqkd.experiments.kept_qubits.analysis import Choice, Place
from jaxqkd.experiments.kept_qubits.figure import sets_by_size
from jaxqkd.experiments.kept_qubits.setup import RULE, STUDENT, WITHIN
from jaxqkd.reports import Section, Table
from jaxqkd.reports.labels import number, too_few
from jaxqkd.statistics import Difference, fewest_seeds

PLACE = ("student", "others measured", "teacher", "F1", "all sets", "lower sets", "change", "verdict")
CHOICE = (
    "kept",
    "others measured",
    "teacher",
    "F1",
    "all sets",
    "change",
    "verdict",
    "best set",
    "shortfall",
    "near?",
)

READ_AS = f"""\
F1 is weighted F1 on test rows, the mean over the seeds. "All sets" is the mean
over the sets of that size, which is what a set drawn at random scores. "Lower
sets" is the share of the other sets of that size whose mean is lower. Changes and
shortfalls are paired by seed, with their 95 % interval (Student's t); p is of
Wilcoxon's test, corrected by Holm's method over the table. The best set is chosen
on one half of the seeds and judged on the other, so that it can score less than
the teacher's. Near are choices within {WITHIN} of it."""


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of all sets, the tables of rules 1 to 3, the best sets, and what the tables say."""
    scores = results.f1_weighted.sel(student=STUDENT, drop=True)
    told_apart = results.told_apart.sel(student=STUDENT, drop=True).isel(measured=0, distilled=0, drop=True)
    placed = analysis.places(scores)
    chosen = analysis.choices(scores, told_apart.transpose("kept", "seed"))
    return [
        Section(
            "Every set of kept qubits",
            drawing=sets_by_size(scores, chosen),
            caption=f"Mean F1 of each set of kept qubits over {scores.sizes['seed']} seeds, by its size.",
            facts={"places": [row._asdict() for row in placed], "choices": [row._asdict() for row in chosen]},
        ),
        Section("Where the seed study's students lie", table=Table(PLACE, list(map(_placed, placed)))),
        Section("What the teacher's choice is worth", table=Table(CHOICE, list(map(_chosen, chosen)))),
        Section("The sets by mean F1", table=_ranked(scores)),
        Section("How to read the tables", READ_AS, listing=RULE),
        Section("What came out", _said(placed, chosen, results), answer=True),
    ]


def _said(placed: Sequence[Place], chosen: Sequence[Choice], results: xr.Dataset) -> str:
    seeds, rows = results.sizes["seed"], max(len(placed), len(chosen), 1)
    better, worse = (sum(row.verdict == verdict for row in placed) for verdict in ("better", "worse"))
    second, third = analysis.answer(chosen)
    sentences = [
        f"1: of {len(placed)} rows of q2 to q5, {better} are better and {worse} worse than a random set.",
        f"2, whether the teacher chooses better than chance: {second}.",
        f"3, whether its choice is within {WITHIN} of the best set: {third}.",
        wording.teachers(results),
    ]
    if seeds < fewest_seeds(rows):
        sentences.append(too_few(rows))
    return "\n\n".join([f"From {seeds} seeds, by the rules above.", *sentences])


def _ranked(scores: xr.DataArray) -> Table:
    """Returns a row for each set: its mean score at each measurement and distillation."""
    cells = [(str(when), int(taught)) for when in scores.measured.values for taught in scores.distilled.values]
    means = scores.mean("seed")
    rows = [
        [str(name), *(number(means.sel(kept=name, measured=when, distilled=taught)) for when, taught in cells)]
        for name in scores.kept.values
    ]
    return Table(("kept", *(f"{when}, {_teacher(taught)}" for when, taught in cells)), rows)


def _teacher(distilled: int) -> str:
    return "with" if distilled else "without"


def _placed(row: Place) -> list[str]:
    return [
        row.student,
        row.measured,
        _teacher(row.distilled),
        f"{row.f1:.3f}",
        f"{row.others:.3f}",
        f"{row.lower:.0%}",
        f"{_interval(row.change)}\np {row.p_corrected:.3f}",
        row.verdict,
    ]


def _chosen(row: Choice) -> list[str]:
    return [
        str(row.size),
        row.measured,
        _teacher(row.distilled),
        f"{row.f1:.3f}",
        f"{row.random:.3f}",
        f"{_interval(row.change)}\np {row.p_corrected:.3f}",
        row.against_random,
        f"{row.best:.3f}",
        _interval(row.shortfall),
        row.against_best,
    ]


def _interval(change: Difference) -> str:
    return f"{change.mean:+.3f}\n[{change.low:+.3f},\n{change.high:+.3f}]"
