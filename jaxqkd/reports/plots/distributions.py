"""Distributions: which share of the seeds scores at most so much."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from jaxqkd.reports.labels import by_student, label, parts, plain, settings, spaced
from jaxqkd.reports.plots.panels import COLORS, LINES, grid, legend, wrapped
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def distributions(scores: xr.DataArray, *, lines: str) -> Drawing:
    """Returns a panel for each student and setting: the share of seeds with a score of at most x.

    A curve that rises in steps far apart shows trainings that succeed or fail as a whole. What is not finite is
    counted in the share, and drawn nowhere.

    Args:
        scores: Scores over student, any settings, and seed.
        lines: The setting whose values are the curves of a panel.
    """
    names = ["student", *(name for name in settings(scores) if name != lines)]
    shown = parts(scores, names)
    across = min(4, scores.sizes["student"]) if len(names) == 1 else scores.sizes[names[-1]]
    figure, panels = grid([title for title, _ in shown], 2.0, across)
    for panel, (_, part) in zip(panels, shown, strict=True):
        _draw(panel, part, lines)
    figure.supxlabel(wrapped(label(scores), 8.0), fontsize=9)
    figure.supylabel("share of the seeds", fontsize=9)
    legend(figure, panels[0])
    medians = scores.median("seed")
    alt = f"The share of seeds by score. Medians by student: {by_student(medians, '.3f')}."
    return Drawing(figure, alt)


def _draw(panel: "Axes", part: xr.DataArray, lines: str) -> None:
    for at, value in enumerate(part[lines].values.tolist()):
        scores = part.sel({lines: value}).values
        finite = np.sort(scores[np.isfinite(scores)])
        shares = (np.arange(len(finite)) + 1 + len(scores) - len(finite)) / len(scores)
        look = {"color": COLORS[at % len(COLORS)], "linestyle": LINES[at % len(LINES)]}
        panel.step(finite, shares, where="post", label=f"{spaced(lines)} = {plain(value)}", **look)
    panel.set_ylim(0, 1.02)
