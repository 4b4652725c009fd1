"""Pareto fronts: what students score against what they cost."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import label, spaced
from jaxqkd.reports.plots.panels import COLORS, GRAY, MARKERS, WIDE, canvas, clear, legend
from jaxqkd.reports.section import Drawing
from jaxqkd.statistics import describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
"""Panels in a row."""


def pareto(scores: xr.DataArray, costs: Mapping[str, Mapping[str, float]]) -> Drawing:
    """Returns a panel for each cost: every student's mean score with its 95 % interval, and the front.

    A student is on the front if no other one costs as little and scores as much. A student whose cost is 0 has no
    place in that panel, as a classical one among gates. A cost that is the same for all others is not drawn.

    Args:
        scores: Scores over student and seed, higher is better.
        costs: The costs of each student by name, such as `jaxqkd.resources.count(...)._asdict()`.

    Raises:
        ValueError: If a student has no costs, or no cost differs between students.
    """
    students = [str(name) for name in scores.student.values]
    missing = [name for name in students if name not in costs]
    checks.require(not missing, "costs", "name every student", f"without {missing}")
    by_name = {
        name: np.asarray([float(costs[student][name]) for student in students]) for name in costs[students[0]]
    }
    drawn = {name: values for name, values in by_name.items() if len(np.unique(values[values > 0])) > 1}
    checks.require(bool(drawn), "costs", "tell students apart", "the same for all")
    described, fronts = describe(scores), []
    figure, panels = _panels([spaced(name) for name in drawn])
    for panel, (name, values) in zip(panels, drawn.items(), strict=True):
        front = _front(values, described["mean"].values)
        _draw(panel, values, front, described)
        fronts.append(f"{spaced(name)}: {', '.join(students[at] for at in front)}")
    legend(figure, max(panels, key=lambda panel: len(panel.containers)))
    figure.supylabel(label(scores), fontsize=9)
    means = "; ".join(f"{name} {float(described['mean'].sel(student=name)):.3f}" for name in students)
    alt = f"Dots by cost: {label(scores)}. Means: {means}. On the front, by {'; by '.join(fronts)}."
    return Drawing(figure, alt)


def on_front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns which points are not dominated: no other one costs at most as much and scores at least as much.

    Points that are equal in both do not dominate each other.
    """
    cheaper = costs[:, None] >= costs
    higher = scores[:, None] <= scores
    strictly = (costs[:, None] > costs) | (scores[:, None] < scores)
    return ~np.any(cheaper & higher & strictly, axis=1)


def _panels(titles: Sequence[str]) -> tuple["Figure", list["Axes"]]:
    rows = -(-len(titles) // COLUMNS)
    figure = canvas(0.9 + 2.8 * rows)
    places = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for spare in places[len(titles) :]:
        spare.remove()
    for panel, title in zip(places, titles, strict=False):
        panel.set_title(title, loc="left", fontsize=9)
        clear(panel)
    return figure, list(places[: len(titles)])


def _front(costs: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Returns the positions of the students on the front, by rising cost."""
    paid = np.flatnonzero(costs > 0)
    chosen = paid[on_front(costs[paid], means[paid])]
    return chosen[np.argsort(costs[chosen])]


def _draw(panel: "Axes", costs: np.ndarray, front: np.ndarray, described: xr.Dataset) -> None:
    means, low, high = (described[name].values for name in ("mean", "mean_low", "mean_high"))
    panel.plot(costs[front], means[front], color=GRAY, linewidth=1, drawstyle="steps-post", zorder=0)
    paid = np.flatnonzero(costs > 0)
    for at in paid:
        spread = np.nan_to_num([[means[at] - low[at]], [high[at] - means[at]]])
        look: dict[str, Any] = {
            "fmt": MARKERS[at % len(MARKERS)],
            "color": COLORS[at % len(COLORS)],
            "label": str(described.student.values[at]),
        }
        panel.errorbar(costs[at], means[at], spread, capsize=3, markersize=5, **look)
    if costs[paid].max() > WIDE * costs[paid].min():
        panel.set_xscale("log")
