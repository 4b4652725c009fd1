"""Curves over a strength: how a score falls as noise grows."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from jaxqkd import checks
from jaxqkd.reports.plots.panels import COLORS, LINES, MARKERS, grid, label, legend, parts, plain
from jaxqkd.statistics import describe


def strength_curves(scores: xr.DataArray) -> Figure:
    """Returns a panel for each student and setting, and in it each line's mean by strength, with 95 % intervals.

    Strengths stand at equal distances, in their order, so that 0 has a place.

    Args:
        scores: Scores over line, strength, seed, and any other dimensions, which become panels.

    Raises:
        ValueError: If a dimension is missing.
    """
    lacking = [name for name in ("line", "strength", "seed") if name not in scores.dims]
    checks.require(not lacking, "scores", "have the dimensions line, strength and seed", f"without {lacking}")
    described = describe(scores)
    others = [str(name) for name in described["mean"].dims if name not in ("line", "strength")]
    shown = parts(described, others)
    across = 1 + (len(shown) % 2 == 0)
    figure, panels = grid([title for title, _ in shown], 2.4, across, sharey=True)
    places = np.arange(scores.sizes["strength"])
    for panel, (_, part) in zip(panels, shown, strict=True):
        for at, name in enumerate(part.line.values):
            mean, low, high = (part[end].sel(line=name).values for end in ("mean", "mean_low", "mean_high"))
            shift = 0.06 * (at - (part.sizes["line"] - 1) / 2)  # intervals beside each other
            look: dict[str, Any] = {"color": COLORS[at % len(COLORS)], "marker": MARKERS[at % len(MARKERS)]}
            look |= {"linestyle": LINES[at % len(LINES)], "label": str(name), "capsize": 2, "markersize": 4}
            spread = np.nan_to_num([mean - low, high - mean])
            panel.errorbar(places + shift, mean, spread, **look)
        panel.set_xticks(places, [plain(value) for value in scores.strength.values])
    figure.supxlabel("strength of the noise", fontsize=9)
    figure.supylabel(label(scores), fontsize=9)
    legend(figure, panels[0])
    return figure
