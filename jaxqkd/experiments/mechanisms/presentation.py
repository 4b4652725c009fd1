"""The study as it is shown: the predictions beside what came out, the verdict, and what each mechanism carries."""

import numpy as np
import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.mechanisms import analysis, predictions
from jaxqkd.experiments.mechanisms.setup import REAL, TEACHINGS
from jaxqkd.reports import Section, Table, assemble, plots
from jaxqkd.statistics import describe

SHOWN = ("posterior", "trained", "overfitted", "shuffled", "smoothing", "born again")
"""Ways of teaching that the figure shows."""

SHARES_READ_AS = """\
Macro F1 that each part of the formula adds to a student's mean gain by the posterior
and the trained teacher at T = 1, with its 95 % interval of a bootstrap over seeds: the
part's coefficient times its mean over the cells. The formula is fitted to all ways of
teaching, rows, levels of noise and steps of one student. "-" marks a part that a
student does not have."""

SPLIT_READ_AS = """\
Gain of macro F1 after all steps: of the optimum over all circuits and observables of the
same encoding (statistical), and what the student gains beyond it (circuit: its ansatz
and its training), means over all cells, with the 95 % interval over the seeds."""


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of the gains, claims, verdict, shares of the mechanisms, and how to read them."""
    found = analysis.named(results)
    own = [
        _gains(found),
        *_claims(analysis.outcomes(found)),
        *_verdict(found),
        *_shares(found),
        *_split(found),
        Section("How the claims are judged", listing=predictions.RULE),
        Section("The model of the matched pair", listing=predictions.MODEL),
        Section("The rule of the verdict", listing=predictions.VERDICT),
        Section("Teachers", wording.teachers(results)),
    ]
    return assemble(results, own, tested=None, references=wording.TEACHERS)


def _gains(found: xr.Dataset) -> Section:
    gain = found.gain.isel(step=-1, drop=True).sel(teaching=list(SHOWN)).mean(["label_noise", "task"])
    named = gain.assign_attrs(long_name="gain of macro F1 on clean test labels", units="1")
    return Section(
        "What each teacher adds",
        drawing=plots.mean_curves(describe(named), along="rows", lines="teaching", name="training rows"),
        caption="Mean gain of macro F1 over the untaught student of the same seed, after all steps, over all "
        "levels of label noise, with its 95 % interval.",
    )


def _claims(outcomes: list[analysis.Outcome]) -> list[Section]:
    if not outcomes:
        return []
    rows = [
        [
            each.claim.mechanism,
            each.claim.sentence,
            each.claim.expected,
            _interval(each.found.mean, each.found.low, each.found.high),
            each.outcome,
        ]
        for each in outcomes
    ]
    summed = {
        name: [each.outcome for each in outcomes if each.claim.mechanism == name]
        for name in predictions.MECHANISMS
    }
    said = [
        f"{name}. {sentence} {predictions.borne_out(summed[name]).capitalize()}: "
        f"{summed[name].count('came out')} of {len(summed[name])} claims came out."
        for name, sentence in predictions.MECHANISMS.items()
        if summed[name]
    ]
    headers = ("mechanism", "prediction", "expected", "mean gain", "outcome")
    facts = {"claims": [each.found._asdict() | {"outcome": each.outcome} for each in outcomes]}
    return [
        Section(f"Predictions of {predictions.DATE}, and what came out", table=Table(headers, rows), facts=facts),
        Section("The mechanisms", "\n\n".join(said)),
    ]


def _verdict(found: xr.Dataset) -> list[Section]:
    fitted = analysis.interaction(found)
    if fitted is None:
        return []
    middle, low, high = fitted.of("interaction")
    smallest = fitted.smallest[fitted.names.index("interaction")]
    text = (
        f"“Quantum students learn better through distillation”: {predictions.verdict(low, high)}. "
        "At matched capacity, the interaction of student type and teacher is "
        f"{_interval(middle, low, high)} of macro F1, over {found.sizes['seed']} seeds; an interaction of "
        f"{smallest:.4f} would have been found with a probability of 80 %."
    )
    rows = [[name, _interval(*fitted.of(name))] for name in fitted.names]
    table = Table(("regressor", "coefficient"), rows)
    facts = {"interaction": {"mean": middle, "low": low, "high": high, "smallest": float(smallest)}}
    return [Section("The verdict", text, table=table, facts=facts, answer=True)]


def _shares(found: xr.Dataset) -> list[Section]:
    if set(found.task.values.tolist()) & set(REAL):
        return []
    students = [str(name) for name in found.student.values]
    shares = {name: analysis.shares(found, name) for name in students}
    fits = {name: analysis.formula(found, name).r_squared for name in students}
    means = [_seed_interval(found.gain.sel(student=name, teaching=list(predictions.KNOWING))) for name in students]
    rows = [
        [f"{part} ({stands})", *(_interval(*own[part]) if part in own else "-" for own in shares.values())]
        for part, stands in analysis.PARTS.items()
    ]
    rows.append(["measured mean gain", *means])
    rows.append(["R² of the formula", *(f"{fits[name]:.3f}" for name in students)])
    table = Table(("part", *students), rows)
    return [Section("What each mechanism carries", SHARES_READ_AS, table=table)]


def _split(found: xr.Dataset) -> list[Section]:
    rows = []
    for teaching in predictions.KNOWING:
        parts = analysis.split(found, predictions.QUANTUM, teaching)
        if parts is not None:
            rows.append([teaching, *(_seed_interval(part) for part in parts.values())])
    if not rows:
        return []
    return [Section("The gain in parts", SPLIT_READ_AS, table=Table(("teacher", "statistical", "circuit"), rows))]


def forecasts(main: xr.Dataset, held_out: xr.Dataset) -> Section:
    """Returns how well the formula of the main study predicts the gains on tasks that it was not fitted to."""
    fitted_to, judged_on = analysis.named(main), analysis.named(held_out)
    rows = []
    for student in (str(name) for name in judged_on.student.values if name in fitted_to.student.values):
        formula = analysis.formula(fitted_to, student)
        for task in judged_on.task.values.tolist():
            cast = analysis.forecast(formula, judged_on.sel(task=[task]), student)
            error = float(np.abs(cast.measured - cast.predicted).mean())
            rows.append([student, task, f"{cast.r_squared:+.2f}", f"{cast.signs:.0%}", f"{error:.3f}"])
    text = (
        "The gains of cells that the formula never saw, predicted before the taught student is trained from label "
        "variance, the teacher's excess risk, rows, and the untaught student's optimization gap. R² is 1 less "
        "the squared errors over the squares of the measured gains about their mean, so that it is negative where "
        f"the mean would have been the better guess. {len(TEACHINGS) - 1} ways of teaching."
    )
    headers = ("student", "task", "R²", "right signs", "mean error of F1")
    return Section("The formula on held-out tasks", text, table=Table(headers, rows))


def _seed_interval(values: xr.DataArray) -> str:
    """Returns the mean of values over all cells, with its interval over the seeds."""
    seeds = values.transpose("seed", ...).values.reshape(values.sizes["seed"], -1).mean(axis=1)
    found = analysis.difference(np.zeros_like(seeds), seeds)
    return _interval(found.mean, found.low, found.high)


def _interval(mean: float, low: float, high: float) -> str:
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
