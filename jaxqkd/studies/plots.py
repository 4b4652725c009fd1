"""Figures of a study: functions from a dataset to a matplotlib figure, usable alone."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd.studies.statistics import predicted_mean
from jaxqkd.studies.verdicts import PublishedPair

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
"""Colours that people with any colour vision tell apart (Okabe and Ito)."""


def published_against_measured(
    results: xr.Dataset, published: Mapping[str, PublishedPair], *, score: str = "f1_weighted"
) -> Figure:
    """Returns a panel a reading: every seed's score, its mean with interval, and the published bars.

    Args:
        results: A dataset with `score` over the dimensions student, reading, distilled (0, 1) and seed.
        published: The published means by student, drawn as grey outlines.
        score: The name of the score.
    """
    readings = [str(name) for name in results.reading.values]
    figure = Figure(figsize=(10, 2.8 * len(readings) + 0.6), layout="constrained")
    panels = figure.subplots(len(readings), 1, sharex=True, squeeze=False)[:, 0]
    for panel, reading in zip(panels, readings, strict=True):
        _strips(panel, results[score].sel(reading=reading), published)
        panel.set_title(f"reading: {reading}", loc="left", fontsize=10)
        panel.set_ylabel("F1 (weighted)" if score == "f1_weighted" else score)
    panels[-1].set_xticks(range(results.sizes["student"]), [str(name) for name in results.student.values])
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, ncols=len(names), loc="outside upper center", frameon=False)
    return figure


def gain_heat_map(gain: xr.DataArray, *, title: str) -> Figure:
    """Returns a grid of heat maps of a mean gain over temperature (down) and alpha (across).

    Args:
        gain: Mean gains over the dimensions student, case, temperature and alpha; a row of maps a student.
        title: Of the figure.
    """
    students, cases = gain.student.values, gain.case.values
    figure = Figure(figsize=(1.9 * len(cases) + 1.6, 1.75 * len(students) + 1.0), layout="constrained")
    panels = figure.subplots(len(students), len(cases), sharex=True, sharey=True, squeeze=False)
    limit = max(float(np.abs(gain).max()), 0.01)
    for row, name in zip(panels, students, strict=True):
        for panel, case in zip(row, cases, strict=True):
            values = gain.sel(student=name, case=case).transpose("temperature", "alpha").values
            image = panel.imshow(values, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
            for (down, across), value in np.ndenumerate(values):
                colour = "white" if abs(value) > 0.65 * limit else "black"
                panel.text(across, down, f"{value:+.2f}", ha="center", va="center", fontsize=8, color=colour)
            panel.set_xticks(range(gain.sizes["alpha"]), [f"{value:g}" for value in gain.alpha.values])
            panel.set_yticks(range(gain.sizes["temperature"]), [f"{t:g}" for t in gain.temperature.values])
        row[0].set_ylabel(f"{name}\ntemperature", fontsize=9)
    for panel, case in zip(panels[0], cases, strict=True):
        panel.set_title(str(case), fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("alpha", fontsize=9)
    figure.colorbar(image, ax=panels, label="mean gain of F1 over alpha = 0", shrink=0.8)
    figure.suptitle(title, fontsize=11)
    return figure


def _strips(panel: Axes, scores: xr.DataArray, published: Mapping[str, PublishedPair]) -> None:
    sides = ((0, -0.2, BLUE, "without distillation"), (1, 0.2, ORANGE, "with distillation"))
    for place, name in enumerate(scores.student.values):
        targets = published[str(name)].f1_without, published[str(name)].f1_with
        for distilled, shift, colour, label in sides:
            values = scores.sel(student=name, distilled=distilled).values
            first = place == 0
            bar = panel.bar(place + shift, targets[distilled], 0.36, fill=False, edgecolor=GREY)
            bar.set_label("published" if first and distilled else "_")
            spread = place + shift + np.linspace(-0.12, 0.12, len(values))
            panel.scatter(spread, values, 9, colour, alpha=0.55, linewidth=0, label=label if first else "_")
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
    panel.grid(axis="y", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
