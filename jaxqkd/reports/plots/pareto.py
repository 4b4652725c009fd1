"""Pareto fronts: what students score against what they cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd import checks
from jaxqkd.reports.plots.panels import COLORS, GRAY, MARKERS, WIDE, WIDTH, clear, label, legend, spaced
from jaxqkd.statistics import describe

COLUMNS = 3
"""Panels in a row."""


def pareto(scores: xr.DataArray, costs: Mapping[str, Mapping[str, float]]) -> Figure:
    """Returns a panel a cost: each student's mean score with its 95 % interval, and the front.

    A student is on the front if no other one costs as little and scores as much. A student whose cost is 0 has no
    place in that panel, as a classical one among gates; what costs all others the same is not drawn.

    Args:
        scores: Scores over student and seed, higher is better.
        costs: Of each student, its costs by name, such as `jaxqkd.resources.count(...)._asdict()`.

    Raises:
        ValueError: If a student has no costs, or no cost tells the students apart.
    """
    students = [str(name) for name in scores.student.values]
    missing = [name for name in students if name not in costs]
    checks.require(not missing, "costs", "name every student", f"without {missing}")
    found = {
        name: np.asarray([float(costs[student][name]) for student in students]) for name in costs[students[0]]
    }
    drawn = {name: values for name, values in found.items() if len(np.unique(values[values > 0])) > 1}
    checks.require(bool(drawn), "costs", "tell students apart", "the same for all")
    figure, panels = _panels([spaced(name) for name in drawn])
    for panel, values in zip(panels, drawn.values(), strict=True):
        _draw(panel, values, scores)
    legend(figure, max(panels, key=lambda panel: len(panel.containers)))
    figure.supylabel(label(scores), fontsize=9)
    return figure


def on_front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns which of the points are not dominated: no other costs at most as much and scores at least as much.

    Of points that are equal in both, all stay.
    """
    cheaper = costs[:, None] >= costs
    higher = scores[:, None] <= scores
    strictly = (costs[:, None] > costs) | (scores[:, None] < scores)
    return ~np.any(cheaper & higher & strictly, axis=1)


def _panels(titles: Sequence[str]) -> tuple[Figure, list[Axes]]:
    rows = -(-len(titles) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 0.9 + 2.8 * rows), layout="constrained")
    places = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for spare in places[len(titles) :]:
        spare.remove()
    for panel, title in zip(places, titles, strict=False):
        panel.set_title(title, loc="left", fontsize=9)
        clear(panel)
    return figure, list(places[: len(titles)])


def _draw(panel: Axes, costs: np.ndarray, scores: xr.DataArray) -> None:
    described = describe(scores)
    means, low, high = (described[name].values for name in ("mean", "mean_low", "mean_high"))
    paid = np.flatnonzero(costs > 0)
    chosen = paid[on_front(costs[paid], means[paid])]
    chosen = chosen[np.argsort(costs[chosen])]
    panel.plot(costs[chosen], means[chosen], color=GRAY, linewidth=1, drawstyle="steps-post", zorder=0)
    for at in paid:
        spread = np.nan_to_num([[means[at] - low[at]], [high[at] - means[at]]])
        look: dict[str, Any] = {
            "fmt": MARKERS[at % len(MARKERS)],
            "color": COLORS[at % len(COLORS)],
            "label": str(scores.student.values[at]),
        }
        panel.errorbar(costs[at], means[at], spread, capsize=3, markersize=5, **look)
    if costs[paid].max() > WIDE * costs[paid].min():
        panel.set_xscale("log")
