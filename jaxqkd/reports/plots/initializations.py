"""Initializations: how much of a result was decided by where its training began."""

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import by_student, parts, settings
from jaxqkd.reports.plots.panels import COLORS, WIDTH, grid, legend, scale, strips
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def initialization_sensitivity(failed: xr.DataArray | None, norms: xr.DataArray | None) -> Drawing:
    """Returns up to three panels by student: failed seeds, the first gradients, and how these vary.

    The first panel has a dot for each setting, the share of seeds that failed; the second one for each setting and
    seed, the gradient's norm in the first epoch; the third one for each setting, the variance of that norm. Colors
    and markers distinguish the last settings, as many as there are colors for; the others share a strip. Black
    marks are medians. A panel without data is left out.

    Args:
        failed: The share of failed seeds over student and settings, as `statistics.describe` gives it, or None.
        norms: What `first_gradients` returns: norms over student, settings and seed, or None.

    Raises:
        ValueError: If both are None.
    """
    checks.require(failed is not None or norms is not None, "failed", "be given where there are no norms", None)
    shown = {} if failed is None else {"share of failed seeds": failed}
    alt = [] if failed is None else [f"Share of failed seeds: {by_student(failed, '.0%')}."]
    if norms is not None:
        variances = norms.var("seed", ddof=1)
        shown |= {"gradient norm in the first epoch": norms, "its variance over the seeds": variances}
        alt.append(f"Gradient norm in the first epoch: {by_student(norms, '.3g')}.")
        alt.append(f"Its variance over the seeds: {by_student(variances, '.3g')}.")
    figure, panels = grid(list(shown), inches=WIDTH)
    for panel, values in zip(panels, shown.values(), strict=True):
        _draw(panel, values)
    if failed is not None:
        panels[0].set_ylim(-0.04, 1.04)
        panels[0].yaxis.set_major_formatter("{x:.0%}")
    legend(figure, panels[0])
    return Drawing(figure, " ".join(["Dots by student.", *alt]))


def first_gradients(results: xr.Dataset) -> xr.DataArray | None:
    """Returns `gradient_norm` in the first epoch, NaN where it is not finite; None without it."""
    norms = results.get("gradient_norm")
    if norms is None or "epoch" not in norms.dims:
        return None
    first = norms.isel(epoch=0)
    return first.where(np.isfinite(first))


def _colored(values: xr.DataArray) -> list[str]:
    """Returns as many of the last settings as have a color for each of their values together."""
    names = settings(values)
    while prod(values.sizes[name] for name in names) > len(COLORS) and len(names) > 1:
        names = names[1:]
    return names


def _draw(panel: "Axes", values: xr.DataArray) -> None:
    students = [str(name) for name in values.student.values]
    shown = parts(values.transpose("student", ...), _colored(values))
    places = strips(panel, students, [(title, part.values.reshape(len(students), -1)) for title, part in shown])
    for middle, (_, part) in zip(places, shown, strict=True):
        pooled = [name for name in part.dims if name != "student"]
        if pooled:
            panel.plot(middle, part.median(pooled), "_k", markersize=9)
    scale(panel, values.values)
