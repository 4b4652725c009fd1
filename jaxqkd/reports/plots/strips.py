"""Strips: every seed's score as a dot, with what all seeds of a cell come to."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd.experiments.claims import PublishedPair
from jaxqkd.reports.plots.panels import (
    BLUE,
    GRAY,
    ORANGE,
    clear,
    grid,
    label,
    legend,
    named,
    parts,
    settings,
    strips,
    wrapped,
)
from jaxqkd.statistics import describe, predicted_mean


def score_strips(results: xr.Dataset, score: str) -> Figure:
    """Returns a panel for each setting but the last: every seed's score, by student and value of the last setting.

    Black marks are interquartile means with their 95 % bootstrap interval, see `statistics.summary`; cells with a
    score that is not finite have none. Lines are the mean scores of always answering the commonest class
    (`majority_` and the score's name) and, for `f1_macro`, of the teachers (`teacher_f1`), where the results have
    them.

    Args:
        results: A dataset with `score` over student, any settings, and seed.
        score: The name of the score.

    Raises:
        ValueError: If there is no such variable.
    """
    scores = named(results, score, "score")
    names, students = settings(scores), [str(name) for name in scores.student.values]
    lines = _reference_lines(results, score)
    known = describe(scores).assign({name: results[name] for name in (score, *lines)})
    shown = parts(known, names[:-1])
    strips_a_panel = len(students) * (scores.sizes[names[-1]] if names else 1)
    across = scores.sizes[names[-2]] if len(names) > 1 else 1
    figure, panels = grid([title for title, _ in shown], 0.5 + 0.2 * strips_a_panel, across, sharey=True)
    for panel, (_, part) in zip(panels, shown, strict=True):
        _marked_strips(panel, students, parts(part, names[-1:]), score)
        for name, (told, style) in lines.items():
            panel.axhline(float(part[name].mean()), color=GRAY, linestyle=style, label=told)
    figure.supylabel(wrapped(label(scores), figure.get_figheight()), fontsize=9)
    legend(figure, panels[0])
    return figure


def published_against_measured(
    results: xr.Dataset, published: Mapping[str, PublishedPair], *, score: str = "f1_weighted"
) -> Figure:
    """Returns a panel a reading: every seed's score, its mean with interval, and the published bars.

    Args:
        results: A dataset with `score` over the dimensions student, reading, distilled (0, 1) and seed.
        published: The published means by student, drawn as gray outlines.
        score: The name of the score.
    """
    readings = [str(name) for name in results.reading.values]
    figure = Figure(figsize=(10, 2.8 * len(readings) + 0.6), layout="constrained")
    panels = figure.subplots(len(readings), 1, sharex=True, squeeze=False)[:, 0]
    for panel, reading in zip(panels, readings, strict=True):
        _beside_published(panel, results[score].sel(reading=reading), published)
        panel.set_title(f"reading: {reading}", loc="left", fontsize=10)
        panel.set_ylabel("F1 (weighted)" if score == "f1_weighted" else score)
    panels[-1].set_xticks(range(results.sizes["student"]), [str(name) for name in results.student.values])
    legend(figure, panels[0])
    return figure


def _reference_lines(results: xr.Dataset, score: str) -> dict[str, tuple[str, str]]:
    """Returns name and style of the lines that scores are read against, by variable."""
    known = {f"majority_{score}": ("always the commonest class", ":")}
    if score == "f1_macro":
        known["teacher_f1"] = ("the teachers", "--")
    return {name: look for name, look in known.items() if name in results}


def _marked_strips(panel: Axes, students: list[str], shown: list[tuple[str, xr.Dataset]], score: str) -> None:
    dots = [(title, part[score].transpose("student", "seed").values) for title, part in shown]
    places = strips(panel, students, dots)
    for middle, (_, part) in zip(places, shown, strict=True):
        first = middle is places[0]
        panel.vlines(middle, part.iqm_low, part.iqm_high, color="black", linewidth=1.2)
        told = "interquartile mean and its 95 % interval" if first else "_"
        panel.plot(middle, part.iqm, "_k", markersize=9, markeredgewidth=2, label=told)


def _beside_published(panel: Axes, scores: xr.DataArray, published: Mapping[str, PublishedPair]) -> None:
    sides = ((0, -0.2, BLUE, "without distillation"), (1, 0.2, ORANGE, "with distillation"))
    for place, name in enumerate(scores.student.values):
        targets = published[str(name)].f1_without, published[str(name)].f1_with
        for distilled, shift, color, side in sides:
            values = scores.sel(student=name, distilled=distilled).values
            first = place == 0
            bar = panel.bar(place + shift, targets[distilled], 0.36, fill=False, edgecolor=GRAY)
            bar.set_label("published" if first and distilled else "_")
            spread = place + shift + np.linspace(-0.12, 0.12, len(values))
            panel.scatter(spread, values, 9, color, alpha=0.55, linewidth=0, label=side if first else "_")
            low, high = np.clip(predicted_mean(values, count=None), 0.0, 1.0)
            middle = values.mean()
            reach = [[middle - low], [high - middle]] if np.isfinite(low) else None
            panel.errorbar(
                place + shift,
                middle,
                reach,
                fmt="_",
                color="black",
                markersize=11,
                capsize=3,
                label="mean and its 95 % interval" if first and distilled else "_",
            )
    panel.set_ylim(0, 1.05)
    clear(panel)
