"""Tables for the terminal and for documents, from the rows of a study."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from rich.box import SIMPLE_HEAD
from rich.table import Table

from jaxqkd.experiments.claims import FEWEST_SEEDS, Row
from jaxqkd.experiments.payoff.gains import Gains
from jaxqkd.statistics import fewest_seeds

WIDE = 154
"""Columns from which each row of a table is one line; in a narrower terminal its cells take several."""

VERDICT_HEADERS = ("student", "params", "without", "with", "change", "wins", "paper", "verdict")

READ_AS = """\
Scores are F1 weighted by the classes' frequencies, without and with
distillation: mean, variance and median over the seeds. The change is paired by
seed, with its 95 % interval (Student's t) and the Holm-corrected p; "wins" is
the share of seeds whose change is positive; no change counts half. The paper's
means are marked ✓ inside and ✗ outside the predicted interval, which
manifest.json gives. Parameters are classical + quantum."""


SUMMARY_HEADERS = ("mean", "interquartile mean", "median", "variance", "failed")

SUMMARY = """\
Over the seeds: the mean and the interquartile mean with their 95 % intervals
(bootstrap), the median, the sample variance, and the share of seeds that failed,
below what always answering the commonest class scores plus 0.05."""


def summary_cells(described: xr.Dataset) -> list[list[list[str]]]:
    """Returns a line for each student and setting of what `statistics.describe` returns."""
    places = [described[name].values for name in described["mean"].dims]
    lines = []
    for at in np.ndindex(*described["mean"].shape):
        found = {str(name): float(values.values[at]) for name, values in described.items()}
        means = [
            [f"{found[m]:.3f}", f"[{found[m + '_low']:.3f},", f"{found[m + '_high']:.3f}]"]
            for m in ("mean", "iqm")
        ]
        others = [f"{found['median']:.3f}", f"{found['variance']:.3f}", _share(found["failed"])]
        lines.append(
            [*([str(axis[i])] for axis, i in zip(places, at, strict=True)), *means, *([o] for o in others)]
        )
    return lines


def verdict_cells(row: Row) -> list[list[str]]:
    """Returns the cells of a row, each as the parts that a narrow terminal breaks between."""
    change = row.change
    without, distilled = (
        [f"{found.mean:.3f}", f"var {found.variance:.3f}", f"med {found.median:.3f}"]
        for found in (row.without, row.distilled)
    )
    return [
        [row.student],
        [f"{row.classical}+{row.quantum}"],
        without,
        distilled,
        [f"{change.mean:+.3f}", f"[{change.low:+.3f},", f"{change.high:+.3f}]", f"p {row.p_corrected:.3f}"],
        [f"{change.win_rate:.0%}"],
        [f"{mean:.3f}{_mark(row, inside)}" for mean, inside in zip(row.published, row.inside, strict=True)],
        [row.verdict],
    ]


def teachers(results: xr.Dataset) -> str:
    """Returns how good the teachers are."""
    f1 = results.teacher_f1
    return f"Teachers: macro F1 {float(f1.mean()):.3f} on average, {float(f1.min()):.3f} at least."


def gain_headers(rows: Sequence[Gains]) -> list[str]:
    """Returns the headers of a table of gains, one a setting."""
    return ["labels", "teacher", "alone", *(f"T={t:g}, α={a:g}" for t, a in rows[0].gains)]


def gain_cells(row: Gains) -> list[list[str]]:
    """Returns the cells of a row of gains; a star marks those whose corrected p is below 0.05."""
    gains = [f"{gain.mean:+.3f}{'*' if row.p_corrected[at] < 0.05 else ''}" for at, gain in row.gains.items()]
    case = [f"{row.train_size},", f"{row.label_noise:.0%} wrong"]
    return [case, *([text] for text in (f"{row.teacher_f1:.3f}", f"{row.without:.3f}", *gains))]


def gain_summary(rows: Sequence[Gains], seeds: int) -> str:
    """Returns in words what the corrected tests say of all gains over that many seeds."""
    tested = [(gain.mean, row.p_corrected[at]) for row in rows for at, gain in row.gains.items()]
    better = sum(mean > 0 and p < 0.05 for mean, p in tested)
    worse = sum(mean < 0 and p < 0.05 for mean, p in tested)
    told = (
        "Mean macro F1 on clean test labels: of the teacher, of the student alone\n"
        "(alpha = 0), and the paired gain of distillation at each temperature and alpha.\n"
        f"*: Wilcoxon p below 0.05 after Holm's correction over {len(tested)} comparisons.\n"
        f"Distillation gained in {better} of them and lost in {worse}; in the other\n"
        f"{len(tested) - better - worse}, these {seeds} seeds show no difference."
    )
    return told if seeds >= fewest_seeds(len(tested)) else f"{told}\n{too_few(len(tested))}"


def too_few(comparisons: int) -> str:
    """Returns what to say where no comparison can pass the correction."""
    return f"Fewer than {fewest_seeds(comparisons)} seeds never pass a correction over {comparisons} comparisons."


def cells_inside(rows: Sequence[Row], seeds: int) -> str:
    """Returns, for each reading, how many of the published means lie inside the predicted intervals."""
    if seeds < FEWEST_SEEDS:
        return f"{seeds} seeds are too few to say whether the published means are inside."
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        inside, total = counts.get(row.reading, (0, 0))
        counts[row.reading] = inside + sum(row.inside), total + 2
    told = ", ".join(f"{inside} of {total} in {reading}" for reading, (inside, total) in counts.items())
    text = f"Published means inside the predicted intervals: {told}."
    return text if seeds >= fewest_seeds(len(rows)) else f"{text}\n{too_few(len(rows))}"


def terminal(title: str, headers: Sequence[str], cells: Sequence[Sequence[Sequence[str]]], width: int) -> Table:
    """Returns a table for a terminal of that width."""
    joint = " " if width >= WIDE else "\n"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in headers:
        is_text = header in ("student", "verdict", "labels")
        table.add_column(header, justify="left" if is_text else "right", no_wrap=not is_text)
    for line in cells:
        table.add_row(*(joint.join(parts) for parts in line))
    return table


def _share(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0%}"


def _mark(row: Row, inside: bool) -> str:
    if row.verdict == "too few seeds":
        return ""
    return "✓" if inside else "✗"


def markdown(headers: Sequence[str], cells: Sequence[Sequence[Sequence[str]]]) -> str:
    """Returns the table as Markdown."""
    lines = [headers, ["---"] * len(headers), *([" ".join(parts) for parts in line] for line in cells)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
