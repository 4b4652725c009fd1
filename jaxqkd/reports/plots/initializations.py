"""Initializations: how much of what comes out was decided by where a training began."""

from math import prod

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd import checks
from jaxqkd.reports.plots.panels import COLORS, WIDTH, grid, legend, named, parts, scale, settings, strips
from jaxqkd.statistics import describe


def initialization_sensitivity(results: xr.Dataset, score: str) -> Figure:
    """Returns up to three panels by student: failed seeds, the first gradients, and how these vary.

    The first panel has a dot for each setting, the share of seeds that failed, see `failed_share`; the second one
    for each setting and seed, `gradient_norm` in the first epoch; the third one for each setting, its variance.
    Colors and markers tell the last settings, as many as there are colors for; the others share a strip. Black
    marks are medians. A panel without data is left out.

    Args:
        results: A dataset with `score` over student, any settings, and seed.
        score: The name of the score.

    Raises:
        ValueError: If there is no such score, or nothing to draw.
    """
    failed, norms = failed_share(results, score), first_gradients(results)
    shown = {} if failed is None else {"share of failed seeds": failed}
    if norms is not None:
        shown["gradient norm in the first epoch"] = norms
        shown["its variance over the seeds"] = norms.var("seed", ddof=1)
    told = f"with {', '.join(map(str, results))}"
    checks.require(bool(shown), "results", f"have `majority_{score}` or `gradient_norm`", told)
    figure, panels = grid(list(shown), inches=WIDTH)
    for panel, values in zip(panels, shown.values(), strict=True):
        _draw(panel, values)
    if failed is not None:
        panels[0].set_ylim(-0.04, 1.04)
        panels[0].yaxis.set_major_formatter("{x:.0%}")
    legend(figure, panels[0])
    return figure


def failed_share(results: xr.Dataset, score: str) -> xr.DataArray | None:
    """Returns the share of failed seeds over student and settings; None without the commonest class's score.

    A seed has failed if its score is below `majority_` and the score's name, plus 0.05, or is not finite.
    """
    scores, majority = named(results, score, "score"), results.get(f"majority_{score}")
    return None if majority is None else describe(scores, majority=majority).failed


def first_gradients(results: xr.Dataset) -> xr.DataArray | None:
    """Returns `gradient_norm` in the first epoch, NaN where it is not finite; None without it."""
    norms = results.get("gradient_norm")
    if norms is None or "epoch" not in norms.dims:
        return None
    first = norms.isel(epoch=0)
    return first.where(np.isfinite(first))


def _told_apart(values: xr.DataArray) -> list[str]:
    """Returns as many of the last settings as have a color for each of their values together."""
    names = settings(values)
    while prod(values.sizes[name] for name in names) > len(COLORS) and len(names) > 1:
        names = names[1:]
    return names


def _draw(panel: Axes, values: xr.DataArray) -> None:
    students = [str(name) for name in values.student.values]
    shown = parts(values.transpose("student", ...), _told_apart(values))
    places = strips(panel, students, [(title, part.values.reshape(len(students), -1)) for title, part in shown])
    for middle, (_, part) in zip(places, shown, strict=True):
        pooled = [name for name in part.dims if name != "student"]
        if pooled:
            panel.plot(middle, part.median(pooled), "_k", markersize=9)
    scale(panel, values.values)
