"""Curves: how a loss, or anything else that a run records by epoch, went."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd import checks
from jaxqkd.reports.plots.panels import (
    COLORS,
    LINES,
    MARKERS,
    grid,
    label,
    legend,
    named,
    parts,
    scale,
    settings,
    wrapped,
)


def learning_curves(results: xr.Dataset, variable: str = "val_loss") -> Figure:
    """Returns a panel for each setting: by student the median over the seeds, with a band between the quartiles.

    Every panel has its own axis. A seed that has stopped keeps its last finite value; one without any is left out.

    Args:
        results: A dataset with the variable over student, any settings, seed and epoch.
        variable: Its name.

    Raises:
        ValueError: If there is no such variable, or it has no epochs.
    """
    values = named(results, variable, "variable")
    told = f"{variable!r}, over {', '.join(map(str, values.dims))}"
    checks.require("epoch" in values.dims, "variable", "name a variable by epoch", told)
    names = settings(values)
    shown = parts(values, names)
    figure, panels = grid([title for title, _ in shown], 2.0, values.sizes[names[-1]] if names else 1)
    for panel, (_, part) in zip(panels, shown, strict=True):
        scale(panel, _draw(panel, part))
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel(wrapped(label(values), figure.get_figheight()), fontsize=9)
    legend(figure, panels[0])
    return figure


def quartiles(values: np.ndarray) -> np.ndarray:
    """Returns the quartiles [3, epochs] of histories [seeds, epochs] whose last finite value is kept on.

    NaN where no seed has had a finite value.
    """
    known = np.isfinite(values)
    last = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
    kept = np.take_along_axis(np.where(known, values, np.nan), last, axis=1)
    begun = np.isfinite(kept).any(axis=0)
    found = np.full((3, values.shape[1]), np.nan)
    found[:, begun] = np.nanquantile(kept[:, begun], [0.25, 0.5, 0.75], axis=0)
    return found


def _draw(panel: Axes, part: xr.DataArray) -> np.ndarray:
    """Draws a curve a student, and returns all that is drawn."""
    epochs = np.arange(1, part.sizes["epoch"] + 1)
    every, drawn = max(1, len(epochs) // 6), []
    for at, name in enumerate(part.student.values):
        low, middle, high = found = quartiles(part.sel(student=name).transpose("seed", "epoch").values)
        color = COLORS[at % len(COLORS)]
        panel.fill_between(
            epochs, low, high, color=color, alpha=min(0.2, 0.8 / part.sizes["student"]), linewidth=0
        )
        look = {"linestyle": LINES[at % len(LINES)], "marker": MARKERS[at % len(MARKERS)]}
        marked = (at * every // 4 % every, every)  # not where the others' markers are
        panel.plot(epochs, middle, color=color, markersize=4.5, markevery=marked, label=str(name), **look)
        drawn.append(found)
    return np.concatenate(drawn)
