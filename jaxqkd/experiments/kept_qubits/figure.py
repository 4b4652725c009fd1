"""The figure of the experiment: the mean score of every set, by size, with the study's and the teacher's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from jaxqkd.experiments.kept_qubits.analysis import Choice
from jaxqkd.experiments.kept_qubits.setup import OF_THE_STUDY
from jaxqkd.reports import Drawing
from jaxqkd.reports.plots.panels import BLUE, GRAY, ORANGE, canvas, clear, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {
    "never": "never measured",
    "one": "one measured after each layer",
    "every": "all measured after every layer",
}
WITH = ("without distillation", "with distillation")


def sets_by_size(scores: xr.DataArray, rows: Sequence[Choice]) -> Drawing:
    """Returns a panel for each measurement and distillation: a dot for the mean score of each set.

    Args:
        scores: Scores over measured, kept, distilled and seed.
        rows: What `jaxqkd.experiments.kept_qubits.analysis.choices` returns of them.
    """
    cells = [(str(when), int(taught)) for taught in scores.distilled.values for when in scores.measured.values]
    figure = canvas(0.6 + 2.7 * scores.sizes["distilled"])
    grid = figure.subplots(
        scores.sizes["distilled"], scores.sizes["measured"], sharex=True, sharey=True, squeeze=False
    )
    for panel, (when, taught) in zip(grid.ravel(), cells, strict=True):
        _draw(
            panel,
            scores.sel(measured=when, distilled=taught).mean("seed"),
            [row for row in rows if (row.measured, row.distilled) == (when, taught)],
        )
        panel.set_title(f"{TITLES[when]}, {WITH[taught]}", loc="left", fontsize=8)
    figure.supxlabel("kept qubits", fontsize=9)
    figure.supylabel("mean F1 (weighted) over the seeds", fontsize=9)
    legend(figure, grid[0, 0])
    return Drawing(figure, ". ".join(map(_in_words, rows)) or "Mean F1 by kept qubits.")


def _draw(panel: "Axes", means: xr.DataArray, rows: Sequence[Choice]) -> None:
    names = [str(name) for name in means.kept.values]
    sizes = np.asarray([len(name) for name in names])
    of_study = np.isin(names, list(OF_THE_STUDY.values()))
    panel.scatter(sizes[~of_study], means.values[~of_study], 16, GRAY, alpha=0.5, linewidth=0, label="a set")
    panel.scatter(sizes[of_study], means.values[of_study], 34, ORANGE, marker="D", label="the study's q2 to q5")
    at = [row.size for row in rows]
    panel.plot(
        at,
        [row.f1 for row in rows],
        "_",
        color=BLUE,
        markersize=16,
        markeredgewidth=2,
        label="the teacher's choice",
    )
    panel.plot(at, [row.random for row in rows], "_k", markersize=10, label="mean of all sets")
    panel.set_xticks(range(1, sizes.max() + 1))
    clear(panel)


def _in_words(row: Choice) -> str:
    return (
        f"{row.size} kept, {TITLES[row.measured]}, {WITH[row.distilled]}: mean F1 {row.f1:.3f} of the teacher's "
        f"choice, {row.random:.3f} of all sets, {row.best:.3f} of the best one"
    )
