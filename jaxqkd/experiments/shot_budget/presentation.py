"""The study as it is shown: executions to an accuracy, accuracy at a budget, and what teachers change of both."""

from typing import TYPE_CHECKING

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.shot_budget.setup import BUDGETS, RULE
from jaxqkd.reports import Section, Table, assemble, comparisons, plots
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import compare, describe, fewest_seeds

if TYPE_CHECKING:
    import pandas as pd

COST_HEADERS = ("gradient by", "taught by", "reached", "executions", "log10 saved", "wins", "verdict")
ACCURACY_HEADERS = ("gradient by", "executions", "taught by", "alone", "taught", "change", "wins", "verdict")

READ_AS = """\
Executions are the geometric mean over the seeds of what it took to reach a test
accuracy of 0.85, with all executions where it never was reached; beside them the
share of seeds that reached it. Changes are paired by seed with their 95 % interval
(Student's t), and the p of Wilcoxon's test, corrected by Holm's method over the
table; wins are the seeds that gained, no change counting half. "No difference
shown" does not say that there is none."""

SAVED = "Executions to reach the accuracy, against students without a teacher"
KNOWLEDGE = "Executions to reach the accuracy, against students with the teacher"
GAINED = "Accuracy at a budget of executions, against students without a teacher"


def report(results: xr.Dataset) -> list[Section]:
    """Returns curves over the budget, tables of differences, the rule, and the verdict by it."""
    results = results.squeeze("student")
    saved = -results.cost
    gains = compare(saved, "taught", baseline="none")
    others = saved.sel(taught=[name for name in saved.taught.values if name != "none"])
    knowledge = compare(others, "taught", baseline="teacher")
    own = [
        _curves(accuracies(results)),
        Section(SAVED, table=_costs(gains, results)),
        Section(KNOWLEDGE, table=_costs(knowledge, results)),
        Section(GAINED, table=_accuracies(accuracies(results))),
        Section("How to read the tables", READ_AS),
        Section("The rule, written before any run", RULE),
        Section(
            "The verdict",
            "\n\n".join([*verdicts(gains, knowledge, results), wording.teachers(results)]),
            answer=True,
        ),
    ]
    general = comparisons(results.f1_macro, "taught", "none")
    return assemble(results.expand_dims("student"), own, tested=general, references=wording.TEACHERS)


def accuracies(results: xr.Dataset) -> xr.DataArray:
    """Returns the accuracy over estimator, taught, seed and budget, NaN at budgets that were not met."""
    budgets = results.accuracy_at.rename(accuracy_at_0="budget")
    return budgets.assign_coords(budget=list(BUDGETS)).assign_attrs(long_name="test accuracy", units="1")


def verdicts(gains: "pd.DataFrame", knowledge: "pd.DataFrame", results: xr.Dataset) -> list[str]:
    """Returns the verdict on each estimator by `RULE`, in words."""
    seeds = results.sizes["seed"]
    if seeds < fewest_seeds(len(gains)):
        return [too_few(len(gains))]
    return [_verdict(str(name), gains, knowledge) for name in results.estimator.values]


def _verdict(estimator: str, gains: "pd.DataFrame", knowledge: "pd.DataFrame") -> str:
    row = gains[(gains.estimator == estimator) & (gains.after == "teacher")].iloc[0]
    factor = 10 ** float(row["mean"])
    start = f"{estimator}: the teacher divides the executions by {factor:.2f} on average,"
    if row.verdict == "worse":
        return f"{start} so distillation costs executions."
    if row.verdict != "better":
        return f"{start} and no difference is shown."
    own = knowledge[knowledge.estimator == estimator]
    is_known = bool((own.verdict == "worse").all())
    reason = "more than both other teachers: its knowledge is the reason"
    return f"{start} {reason if is_known else 'but not shown to be more than both other teachers'}."


def _curves(accuracy: xr.DataArray) -> Section:
    met = accuracy.sel(budget=[b for b in BUDGETS if bool(accuracy.sel(budget=b).notnull().all())])
    if not met.sizes["budget"]:
        return Section("Accuracy by budget", "No budget was met by all estimators.")
    shown = met.assign_coords(budget=[f"{value:.0e}" for value in met.budget.values])
    return Section(
        "Accuracy by budget",
        drawing=plots.mean_curves(describe(shown), along="budget", lines="taught", name="executions"),
        caption="Mean test accuracy over the seeds, with its 95 % interval, at budgets that all estimators met.",
    )


def _costs(rows: "pd.DataFrame", results: xr.Dataset) -> Table:
    return Table(COST_HEADERS, [_cost(row, results) for _, row in rows.iterrows()])


def _cost(row: "pd.Series", results: xr.Dataset) -> list[str]:
    ends = [results.sel(estimator=row.estimator, taught=row[end]) for end in ("before", "after")]
    return [
        str(row.estimator),
        f"{row.before}, then {row.after}",
        ", then ".join(f"{float(end.reached.mean()):.0%}" for end in ends),
        ", then ".join(f"{10 ** float(end.cost.mean()):.2g}" for end in ends),
        _change(row),
        f"{row.win_rate:.0%}",
        str(row.verdict),
    ]


def _accuracies(accuracy: xr.DataArray) -> Table:
    """Returns the comparisons of all estimators at the budgets that they met, corrected together."""
    places = accuracy.stack(place=("estimator", "budget"))
    met = places.notnull().all(["taught", "seed"])
    labels = [(str(name), float(budget)) for name, budget in places.place.values[met.values]]
    flat = places.isel(place=met.values).drop_vars(["place", "estimator", "budget"])
    if not labels:
        return Table(ACCURACY_HEADERS, [])
    rows = compare(flat.assign_coords(place=range(len(labels))), "taught", baseline="none")
    return Table(ACCURACY_HEADERS, [_accuracy(row, labels, flat) for _, row in rows.iterrows()])


def _accuracy(row: "pd.Series", labels: list[tuple[str, float]], accuracy: xr.DataArray) -> list[str]:
    estimator, budget = labels[row.place]
    before, after = (float(accuracy.isel(place=row.place).sel(taught=row[e]).mean()) for e in ("before", "after"))
    return [
        estimator,
        f"{budget:.0e}",
        str(row.after),
        f"{before:.3f}",
        f"{after:.3f}",
        _change(row),
        f"{row.win_rate:.0%}",
        str(row.verdict),
    ]


def _change(row: "pd.Series") -> str:
    return f"{row['mean']:+.3f}\n[{row.low:+.3f},\n{row.high:+.3f}]\np {row.p_corrected:.3f}"
