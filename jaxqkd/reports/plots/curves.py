"""Curves: a loss, or anything else that a run records by epoch."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import by_student, label, parts, settings
from jaxqkd.reports.plots.panels import COLORS, LINES, MARKERS, grid, legend, scale, wrapped
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def learning_curves(values: xr.DataArray) -> Drawing:
    """Returns a panel for each setting: by student the median over the seeds, with a band between the quartiles.

    Every panel has its own axis. A seed that has stopped keeps its last finite value; one without any is left out.

    Args:
        values: A loss over student, any settings, seed and epoch.

    Raises:
        ValueError: If it has no epochs.
    """
    given = f"over {', '.join(map(str, values.dims))}"
    checks.require("epoch" in values.dims, "values", "have a dimension `epoch`", given)
    names = settings(values)
    by_seed = quartiles(values)
    shown = parts(by_seed, names)
    figure, panels = grid([title for title, _ in shown], 2.0, values.sizes[names[-1]] if names else 1)
    for panel, (_, part) in zip(panels, shown, strict=True):
        _draw(panel, part)
        scale(panel, part.values)
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel(wrapped(label(values), figure.get_figheight()), fontsize=9)
    legend(figure, panels[0])
    return Drawing(figure, _alt(values, by_seed.sel(quartile=0.5)))


def quartiles(values: xr.DataArray) -> xr.DataArray:
    """Returns the quartiles over the seeds, in `quartile`, of histories whose last finite value is kept on.

    NaN where no seed has had a finite value.
    """
    return xr.apply_ufunc(
        _quartiles,
        values,
        input_core_dims=[["seed", "epoch"]],
        output_core_dims=[["quartile", "epoch"]],
        vectorize=True,
    ).assign_coords(quartile=[0.25, 0.5, 0.75])


def _quartiles(histories: np.ndarray) -> np.ndarray:
    """Returns the quartiles [3, epochs] of histories [seeds, epochs]."""
    known = np.isfinite(histories)
    last = np.maximum.accumulate(np.where(known, np.arange(histories.shape[1]), 0), axis=1)
    kept = np.take_along_axis(np.where(known, histories, np.nan), last, axis=1)
    begun = np.isfinite(kept).any(axis=0)
    result = np.full((3, histories.shape[1]), np.nan)
    result[:, begun] = np.nanquantile(kept[:, begun], [0.25, 0.5, 0.75], axis=0)
    return result


def _draw(panel: "Axes", part: xr.DataArray) -> None:
    """Draws quartiles [student, quartile, epoch]: a curve and a band for each student."""
    epochs = np.arange(1, part.sizes["epoch"] + 1)
    every, opacity = max(1, len(epochs) // 6), min(0.2, 0.8 / part.sizes["student"])
    for at, name in enumerate(part.student.values):
        low, middle, high = part.sel(student=name).transpose("quartile", "epoch").values
        color = COLORS[at % len(COLORS)]
        panel.fill_between(epochs, low, high, color=color, alpha=opacity, linewidth=0)
        look = {"linestyle": LINES[at % len(LINES)], "marker": MARKERS[at % len(MARKERS)]}
        marked = (at * every // 4 % every, every)  # not where the others' markers are
        panel.plot(epochs, middle, color=color, markersize=4.5, markevery=marked, label=str(name), **look)


def _alt(values: xr.DataArray, medians: xr.DataArray) -> str:
    """Returns the range of the medians at the first and the last epoch, by student."""
    return (
        f"Curves of the median over {values.sizes['seed']} seeds, by student and setting: {label(values)}. "
        f"In the first epoch: {by_student(medians.isel(epoch=0), '.3g')}. "
        f"In the last, {values.sizes['epoch']}: {by_student(medians.isel(epoch=-1), '.3g')}."
    )
