"""The study as it is shown: differences that distillation and noisy training make, and curves over the noise."""

import pandas as pd
import xarray as xr

from jaxqkd.experiments.noise_robustness.setup import SHOTS, STRENGTHS, TRAINED
from jaxqkd.reports import plots, tables
from jaxqkd.reports.outcome import Outcome
from jaxqkd.statistics import compare, describe, fewest_seeds

HEADERS = ("data", "student", "trained under", "judged under", "before", "after", "change", "wins", "verdict")

READ_AS = """\
Macro F1 on test rows, exact unless shots are named: means over the seeds, the
change paired by seed with its 95 % interval (Student's t), the p of Wilcoxon's
test corrected by Holm's method over the rows of the table, and the share of seeds
that gained, no change counting half. A strength p is depolarizing noise of
probability p after every gate on two qubits and of p / 10 after every gate on
one, and a readout that errs with probability p. "No difference shown" does not
say that there is none."""

GAIN = "What distillation adds, by strength of the noise"
DROP = "What distillation adds to F1 under noise less F1 without: its robustness"
TRAINING = "What training under noise adds, without a teacher"


def scores(results: xr.Dataset) -> xr.DataArray:
    """Returns macro F1 over student, dataset, trained, distilled, seed, strength and shots."""
    found = results.f1_at.rename(f1_at_0="strength", f1_at_1="shots")
    labeled = found.assign_coords(strength=list(STRENGTHS), shots=list(SHOTS))
    return labeled.assign_attrs(long_name="macro F1 on test rows", units="1")


def present(results: xr.Dataset) -> Outcome:
    """Returns the three tables of differences, their notes, and the curves over the strength of the noise."""
    exact = scores(results).sel(shots=0, drop=True)
    drop = (exact - exact.sel(strength=0.0, drop=True)).sel(strength=list(STRENGTHS[1:]))
    alone = exact.sel(distilled=0, drop=True)
    tested = {
        GAIN: compare(exact, "distilled", baseline=0),
        DROP: compare(drop, "distilled", baseline=0),
        TRAINING: compare(alone, "trained", baseline=TRAINED[0]),
    }
    compared = {GAIN: exact, DROP: drop, TRAINING: alone}
    parts = {
        title: [_cells(row, compared[title]) for _, row in found.iterrows()] for title, found in tested.items()
    }
    notes = [READ_AS, *_in_words(tested, results.sizes["seed"]), _shots(results), tables.teachers(results)]
    lines = exact.stack(line=("trained", "distilled"))
    names = [_line(trained, distilled) for trained, distilled in lines.line.values]
    figure = plots.strength_curves(lines.drop_vars(["line", "trained", "distilled"]).assign_coords(line=names))
    return Outcome(
        HEADERS,
        parts,
        notes,
        figure,
        _alt(exact),
        "Mean macro F1 on the test rows over the seeds, with its 95 % interval, by strength of the noise.",
    )


def _line(trained: float, distilled: int) -> str:
    teacher = "distilled" if distilled else "alone"
    return f"{teacher}, trained {'clean' if trained == 0 else f'under p = {trained:g}'}"


def _cells(row: pd.Series, compared: xr.DataArray) -> list[list[str]]:
    at = {name: row[name] for name in ("dataset", "student", "trained", "strength") if name in row}
    across = "distilled" if "distilled" in compared.dims else "trained"
    before, after = (float(compared.sel(at | {across: row[end]}).mean("seed")) for end in ("before", "after"))
    trained = f"p = {row.trained:g}" if "trained" in at else f"p = {row.before:g}, then {row.after:g}"
    return [
        [str(row.dataset)],
        [str(row.student)],
        [trained],
        [f"p = {row.strength:g}"],
        [f"{before:+.3f}" if before < 0 or after < 0 else f"{before:.3f}"],
        [f"{after:+.3f}" if before < 0 or after < 0 else f"{after:.3f}"],
        [f"{row['mean']:+.3f}", f"[{row.low:+.3f},", f"{row.high:+.3f}]", f"p {row.p_corrected:.3f}"],
        [f"{row.win_rate:.0%}"],
        [row.verdict],
    ]


def _in_words(tested: dict[str, pd.DataFrame], seeds: int) -> list[str]:
    """Returns how many of each table's rows are better and worse."""
    told = []
    for title, found in tested.items():
        counts = found.verdict.value_counts()
        better, worse = (int(counts.get(verdict, 0)) for verdict in ("better", "worse"))
        told.append(
            f"{title}: better in {better}, worse in {worse} of {len(found)} rows; else no difference shown."
        )
        if seeds < fewest_seeds(len(found)):
            told.append(tables.too_few(len(found)))
    return told


def _shots(results: xr.Dataset) -> str:
    """Returns mean and variance of F1 by shots, over the seeds, of the distilled students trained clean."""
    found = scores(results).sel(distilled=1, trained=TRAINED[0])
    means, variances = found.mean("seed"), found.var("seed", ddof=1)
    told = [
        "Distilled students trained clean, by shots an example: mean F1, and its variance",
        "over seeds in brackets.",
    ]
    for dataset in found.dataset.values:
        for name in found.student.values:
            for strength in (STRENGTHS[0], STRENGTHS[-2]):
                at = {"dataset": dataset, "student": name, "strength": strength}
                pairs = zip(SHOTS, means.sel(at).values, variances.sel(at).values, strict=True)
                each = [f"{shots or 'exact'}: {mean:.3f} ({variance:.5f})" for shots, mean, variance in pairs]
                told.append(f"  {dataset}, {name}, p = {strength:g}: {', '.join(each)}")
    return "\n".join(told)


def _alt(exact: xr.DataArray) -> str:
    """Returns what the figure shows, in numbers: the means at both ends of each line."""
    means = describe(exact)["mean"].sel(strength=[STRENGTHS[0], STRENGTHS[-1]])
    told = [
        f"{dataset}, {student}, {_line(trained, distilled)}: {ends[0]:.3f} to {ends[1]:.3f}"
        for dataset in exact.dataset.values
        for student in exact.student.values
        for trained in exact.trained.values
        for distilled in exact.distilled.values
        for ends in [means.sel(dataset=dataset, student=student, trained=trained, distilled=distilled).values]
    ]
    strengths = f"from p = {STRENGTHS[0]:g} to p = {STRENGTHS[-1]:g}"
    return f"Curves of mean macro F1 by strength of the noise, {strengths}. {'; '.join(told)}."
