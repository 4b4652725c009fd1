"""The study as it is shown: differences that distillation and noisy training make, and curves over the noise."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import xarray as xr

from jaxqkd.experiments import wording
from jaxqkd.experiments.noise_robustness.setup import SHOTS, STRENGTHS, TRAINED
from jaxqkd.reports import Section, Table, assemble, comparisons, plots
from jaxqkd.reports.labels import parts, too_few
from jaxqkd.statistics import compare, describe, fewest_seeds

if TYPE_CHECKING:
    import pandas as pd

HEADERS = ("data", "student", "trained under", "judged under", "before", "after", "change", "wins", "verdict")

READ_AS = """\
Macro F1 on test rows, exact unless shots are named: means over the seeds, the
change paired by seed with its 95 % interval (Student's t), the p of Wilcoxon's
test corrected by Holm's method over the rows of the table, and the share of seeds
that gained, no change counting half. A strength p is depolarizing noise of
probability p after every gate on two qubits and of p / 10 after every gate on
one, and a readout that errs with probability p. "No difference shown" does not
say that there is none."""

SHOTS_READ_AS = """\
Distilled students trained clean, by shots per example: mean F1, and its variance
over seeds in brackets."""

GAIN = "What distillation adds, by strength of the noise"
DROP = "What distillation adds to robustness: to F1 under noise minus F1 without"
TRAINING = "What training under noise adds, without a teacher"


def scores(results: xr.Dataset) -> xr.DataArray:
    """Returns macro F1 over student, dataset, trained, distilled, seed, strength and shots."""
    f1 = results.f1_at.rename(f1_at_0="strength", f1_at_1="shots")
    labeled = f1.assign_coords(strength=list(STRENGTHS), shots=list(SHOTS))
    return labeled.assign_attrs(long_name="macro F1 on test rows", units="1")


def report(results: xr.Dataset) -> list[Section]:
    """Returns curves over the strength of the noise, three tables of differences, and what they say."""
    exact = scores(results).sel(shots=0, drop=True)
    drop = (exact - exact.sel(strength=0.0, drop=True)).sel(strength=list(STRENGTHS[1:]))
    alone = exact.sel(distilled=0, drop=True)
    compared = {GAIN: exact, DROP: drop, TRAINING: alone}
    tested = {
        GAIN: compare(exact, "distilled", baseline=0),
        DROP: compare(drop, "distilled", baseline=0),
        TRAINING: compare(alone, "trained", baseline=TRAINED[0]),
    }
    own = [
        _curves(exact),
        *(Section(title, table=_table(rows, compared[title])) for title, rows in tested.items()),
        Section("How to read the tables", READ_AS),
        Section(
            "What came out",
            "\n\n".join([*_in_words(tested, results.sizes["seed"]), wording.teachers(results)]),
            answer=True,
        ),
        Section("Shots", SHOTS_READ_AS, listing="\n".join(_shots(scores(results)))),
    ]
    general = comparisons(results.f1_macro, "distilled", 0)
    return assemble(results, own, tested=general, references=wording.TEACHERS)


def _curves(exact: xr.DataArray) -> Section:
    lines = exact.stack(line=("trained", "distilled"))
    names = [_line(trained, distilled) for trained, distilled in lines.line.values]
    described = describe(lines.drop_vars(["line", "trained", "distilled"]).assign_coords(line=names))
    return Section(
        "Scores by strength of the noise",
        drawing=plots.mean_curves(described, along="strength", lines="line", name="strength of the noise"),
        caption="Mean macro F1 on the test rows over the seeds, with its 95 % interval, by strength of the noise.",
    )


def _line(trained: float, distilled: int) -> str:
    teacher = "distilled" if distilled else "alone"
    return f"{teacher}, trained {'clean' if trained == 0 else f'under p = {trained:g}'}"


def _table(rows: "pd.DataFrame", compared: xr.DataArray) -> Table:
    return Table(HEADERS, [_cells(row, compared) for _, row in rows.iterrows()])


def _cells(row: "pd.Series", compared: xr.DataArray) -> list[str]:
    at = {name: row[name] for name in ("dataset", "student", "trained", "strength") if name in row}
    across = "distilled" if "distilled" in compared.dims else "trained"
    before, after = (float(compared.sel(at | {across: row[end]}).mean("seed")) for end in ("before", "after"))
    form = "+.3f" if before < 0 or after < 0 else ".3f"
    return [
        str(row.dataset),
        str(row.student),
        f"p = {row.trained:g}" if "trained" in at else f"p = {row.before:g}, then {row.after:g}",
        f"p = {row.strength:g}",
        f"{before:{form}}",
        f"{after:{form}}",
        f"{row['mean']:+.3f}\n[{row.low:+.3f},\n{row.high:+.3f}]\np {row.p_corrected:.3f}",
        f"{row.win_rate:.0%}",
        row.verdict,
    ]


def _in_words(tested: Mapping[str, "pd.DataFrame"], seeds: int) -> Iterator[str]:
    """Yields how many of each table's rows are better and worse."""
    for title, rows in tested.items():
        better, worse = (int((rows.verdict == verdict).sum()) for verdict in ("better", "worse"))
        text = f"{title}: better in {better}, worse in {worse} of {len(rows)} rows; else no difference shown."
        yield text if seeds >= fewest_seeds(len(rows)) else f"{text} {too_few(len(rows))}"


def _shots(f1: xr.DataArray) -> Iterator[str]:
    """Yields mean and variance of F1 by shots, over the seeds, of the distilled students trained clean."""
    chosen = f1.sel(distilled=1, trained=TRAINED[0], strength=[STRENGTHS[0], STRENGTHS[-2]])
    for _, part in parts(chosen, ["dataset", "student", "strength"]):
        means, variances = part.mean("seed").values, part.var("seed", ddof=1).values
        pairs = zip(SHOTS, means, variances, strict=True)
        each = [f"{shots or 'exact'}: {mean:.3f} ({variance:.5f})" for shots, mean, variance in pairs]
        yield f"{part.dataset.values}, {part.student.values}, p = {part.strength:g}: {', '.join(each)}"
