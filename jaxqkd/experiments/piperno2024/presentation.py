"""The seed study as it is shown: verdicts by student and reading, and every seed beside the paper's bars."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from jaxqkd.experiments import claims, wording
from jaxqkd.experiments.piperno2024.figure import published_against_measured
from jaxqkd.experiments.piperno2024.setup import FEATURES, PUBLISHED, student
from jaxqkd.models import count_parameters
from jaxqkd.reports import Section, Table, assemble, comparisons
from jaxqkd.reports.labels import too_few
from jaxqkd.statistics import Summary, fewest_seeds

HEADERS = ("student", "params", "without", "with", "change", "wins", "paper", "verdict")

READ_AS = """\
Scores are F1 weighted by the classes' frequencies, without and with
distillation: mean, variance and median over the seeds. The change is paired by
seed, with its 95 % interval (Student's t) and the Holm-corrected p; "wins" is
the share of seeds whose change is positive; no change counts half. The paper's
means are marked ✓ inside and ✗ outside the predicted interval, which
manifest.json gives. Parameters are classical + quantum."""


def report(results: xr.Dataset) -> list[Section]:
    """Returns the figure of every seed, a table of verdicts for each reading, and what they say."""
    counts = [count_parameters(student(str(name)), FEATURES) for name in results.student.values]
    counted = results.assign(
        classical=("student", np.asarray([count.classical for count in counts])),
        quantum=("student", np.asarray([count.quantum for count in counts])),
    )
    rows = claims.rows(counted, PUBLISHED)
    own = [
        Section(
            "Every seed beside the published means",
            drawing=published_against_measured(results.f1_weighted, rows),
            caption="F1 of every seed, its mean with the 95 % interval, and the published means as outlines.",
            facts={"verdicts": [row._asdict() for row in rows]},
        ),
        *(_verdicts(str(reading), rows) for reading in results.reading.values),
        Section("How to read the tables", READ_AS, listing=claims.RULE),
        Section(
            "What came out",
            f"{published_inside(rows, results.sizes['seed'])}\n\n{wording.teachers(results)}",
            answer=True,
        ),
    ]
    return assemble(results, own, tested=comparisons(results.f1_weighted, "distilled", 0))


def verdict_table(rows: Sequence[claims.Row]) -> Table:
    """Returns a row for each student: parameters, scores, change, the paper's means and the verdict."""
    return Table(HEADERS, [_cells(row) for row in rows])


def published_inside(rows: Sequence[claims.Row], seeds: int) -> str:
    """Returns, for each reading, how many of the published means lie inside the predicted intervals."""
    if seeds < claims.FEWEST_SEEDS:
        return f"{seeds} seeds are too few to say whether the published means are inside."
    counts = {row.reading: (0, 0) for row in rows}
    for row in rows:
        inside, total = counts[row.reading]
        counts[row.reading] = inside + sum(row.inside), total + 2
    each = ", ".join(f"{inside} of {total} in {reading}" for reading, (inside, total) in counts.items())
    text = f"Published means inside the predicted intervals: {each}."
    return text if seeds >= fewest_seeds(len(rows)) else f"{text}\n{too_few(len(rows))}"


def _verdicts(reading: str, rows: Sequence[claims.Row]) -> Section:
    return Section(f"Reading: {reading}", table=verdict_table([row for row in rows if row.reading == reading]))


def _cells(row: claims.Row) -> list[str]:
    change = row.change
    return [
        row.student,
        f"{row.classical}+{row.quantum}",
        _scores(row.without),
        _scores(row.distilled),
        f"{change.mean:+.3f}\n[{change.low:+.3f},\n{change.high:+.3f}]\np {row.p_corrected:.3f}",
        f"{change.win_rate:.0%}",
        "\n".join(
            f"{mean:.3f}{_mark(row, inside)}" for mean, inside in zip(row.published, row.inside, strict=True)
        ),
        row.verdict,
    ]


def _scores(score: Summary) -> str:
    return f"{score.mean:.3f}\nvar {score.variance:.3f}\nmed {score.median:.3f}"


def _mark(row: claims.Row, inside: bool) -> str:
    if row.verdict == "too few seeds":
        return ""
    return "✓" if inside else "✗"
