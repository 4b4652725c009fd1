"""Sections: what a report shows of any study, each from the variables that the results have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from jaxqkd.reports import plots
from jaxqkd.reports.plots import words
from jaxqkd.reports.plots.initializations import first_gradients
from jaxqkd.reports.plots.panels import label, parts, plain, settings, spaced
from jaxqkd.statistics import compare, describe

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = ("alpha", "distilled")
"""Settings of which 0 is a training without a teacher."""


class Section(NamedTuple):
    """A part of a report. All text is text: what looks like markup in it is shown as it stands.

    Attributes:
        title: Its heading.
        intro: Paragraphs, with an empty line between two.
        figure: Or None.
        alt: What the figure shows, in numbers, for those who do not see it.
        caption: What the figure is of.
        note: How to read the figure.
        headers: Of its table.
        rows: Cells of its table; the first cell of a row names it.
        listing: Text whose lines and columns are kept.
    """

    title: str
    intro: str = ""
    figure: Figure | None = None
    alt: str = ""
    caption: str = ""
    note: str = ""
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    listing: str = ""


class Comparisons(NamedTuple):
    """What `statistics.compare` tells of a score.

    Attributes:
        along: The dimension whose values are compared.
        table: A row a comparison.
    """

    along: str
    table: "pd.DataFrame"


def comparisons(scores: xr.DataArray) -> Comparisons | None:
    """Returns the comparisons with training without a teacher where there is one, else those of the students."""
    for name in WEIGHTS:
        if name in scores.dims and scores.sizes[name] > 1 and 0 in scores[name].values:
            return Comparisons(name, compare(scores, name, baseline=0))
    return Comparisons("student", compare(scores, "student")) if scores.sizes["student"] > 1 else None


def generic(results: xr.Dataset, tested: Comparisons | None) -> Iterator[Section]:
    """Yields the sections of any study, as far as the results have their variables."""
    score = results.attrs["score"]
    scores = results[score]
    yield _strips(results, score)
    curves = [name for name in ("val_loss", "loss") if name in results and "epoch" in results[name].dims]
    if curves:
        yield _curves(results, curves[0])
    if {"temperature", "alpha"} <= set(scores.dims) and tested is not None and tested.along == "alpha":
        yield from _maps(results, score, tested)
    if f"majority_{score}" in results or first_gradients(results) is not None:
        yield _initializations(results, score)
    if tested is not None:
        yield _compared(scores, tested)
    if "seconds" in results or "compile_seconds" in results:
        yield _times(results)


def _strips(results: xr.Dataset, score: str) -> Section:
    scores = results[score]
    names = ["student", *settings(scores)]
    found = describe(scores, majority=results.get(f"majority_{score}"))
    return Section(
        "Scores of every seed",
        figure=plots.score_strips(results, score),
        alt=words.score_strips(results, score),
        caption=f"A dot is a seed: {label(scores)}.",
        note="Black marks are interquartile means, of the middle half of the seeds, and black lines their 95 % "
        "bootstrap intervals. A strip in clumps tells of initializations that succeed or fail as a whole, which a "
        "mean hides. A seed stands at the same place in every strip.",
        headers=(
            *map(spaced, names),
            "interquartile mean",
            "its 95 % interval",
            "mean",
            "median",
            "variance",
            "failed",
        ),
        rows=[(*_place(part, names), *_summarized(part)) for _, part in parts(found, names)],
    )


def _curves(results: xr.Dataset, name: str) -> Section:
    trained = ""
    if "epochs" in results:
        trained = f"Half of the runs trained for {int(results.epochs.median())} epochs or fewer."
    return Section(
        "Learning curves",
        figure=plots.learning_curves(results, name),
        alt=words.learning_curves(results, name),
        caption=f"{label(results[name])} by epoch: the median over the seeds.",
        note="Bands are between the quartiles; every panel has its own axis. A seed that has stopped keeps its "
        f"last finite value. {trained}",
    )


def _maps(results: xr.Dataset, score: str, tested: Comparisons) -> Iterator[Section]:
    shown = {
        "gain": ("Gain by temperature and alpha", "The mean gain over alpha = 0 of the same seeds."),
        "p": ("Certainty of the gains", "The p of Wilcoxon's signed-rank test, Holm-corrected over all cells."),
    }
    if "too few seeds" in set(tested.table.verdict):
        del shown["p"]
    for quantity, (title, caption) in shown.items():
        yield Section(
            title,
            figure=plots.setting_heat_map(results, score, quantity),
            alt=words.setting_heat_map(results, score, quantity),
            caption=caption,
            note="A star marks a corrected p below 0.05. What has no star may be chance, however dark its color.",
        )


def _initializations(results: xr.Dataset, score: str) -> Section:
    return Section(
        "Sensitivity to the initialization",
        figure=plots.initialization_sensitivity(results, score),
        alt=words.initialization_sensitivity(results, score),
        caption="What depends on where a training began, by student.",
        note="A seed has failed if its score is less than 0.05 above that of always answering the commonest "
        "class, or not finite. Black marks are medians of what shares a strip. Gradients that are small and vary "
        "little over the seeds tell of a flat landscape.",
    )


def _compared(scores: xr.DataArray, tested: Comparisons) -> Section:
    names = [str(name) for name in scores.dims if name not in (tested.along, "seed")]
    return Section(
        "Paired comparisons",
        "Every row pairs the scores of the same seeds. p is of Wilcoxon's signed-rank test, corrected by Holm's "
        "method over the whole table. Cliff's delta is how often scores exceed those of the other side, over all "
        "pairs of seeds, less how often they fall below. Wins are the seeds that gained, no change counting half. "
        "Detectable is the smallest mean change that so many seeds would have shown with a probability of 0.8.",
        headers=(
            *map(spaced, names),
            spaced(tested.along),
            "change",
            "its 95 % interval",
            "corrected p",
            "Cliff's delta",
            "wins",
            "detectable",
            "verdict",
        ),
        rows=[(*(plain(row[name]) for name in names), *_change(row)) for row in tested.table.to_dict("records")],
    )


def _times(results: xr.Dataset) -> Section:
    return Section(
        "Time",
        figure=plots.runtime(results),
        alt=words.runtime(results),
        caption="Wall-clock time of all runs of a program, and of its compilation.",
        note="Programs may have been compiled several at once, so that the sum is more than anyone waited.",
    )


def _place(part: xr.Dataset, names: Sequence[str]) -> list[str]:
    return [plain(part[name].values[()]) for name in names]


def _summarized(part: xr.Dataset) -> list[str]:
    iqm, mean, middle, variance = (_number(part[name]) for name in ("iqm", "mean", "median", "variance"))
    interval = _interval(part.iqm_low, part.iqm_high)
    return [iqm, interval, mean, middle, variance, _number(part.failed, ".0%")]


def _change(row: Mapping[str, Any]) -> list[str]:
    p = row["p_corrected"]
    return [
        f"{plain(row['before'])}\u00a0→\u00a0{plain(row['after'])}",
        _number(row["mean"], "+.3f"),
        _interval(row["low"], row["high"], "+.3f"),
        "< 0.001" if p < 0.001 else _number(p),
        _number(row["cliffs_delta"], "+.2f"),
        _number(row["win_rate"], ".0%"),
        _number(row["smallest_effect"]),
        row["verdict"],
    ]


def _number(value: Any, form: str = ".3f") -> str:
    """Returns a number in that form, or a dash where it is not finite."""
    return format(float(value), form) if np.isfinite(value) else "–"


def _interval(low: Any, high: Any, form: str = ".3f") -> str:
    """Returns an interval that no line breaks."""
    return f"[{_number(low, form)},\u00a0{_number(high, form)}]"
