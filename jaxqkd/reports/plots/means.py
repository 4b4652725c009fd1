"""Means: a score's mean over the seeds as a curve over one setting."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import label, parts, plain, spaced
from jaxqkd.reports.plots.panels import COLORS, LINES, MARKERS, grid, legend, wrapped
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def mean_curves(described: xr.Dataset, *, along: str, lines: str, name: str = "") -> Drawing:
    """Returns a panel for each place of the other dimensions, and in it each line's mean with its 95 % intervals.

    The values along the horizontal axis stand at equal distances, in their order, so that 0 has a place.

    Args:
        described: What `jaxqkd.statistics.describe` returns of scores.
        along: The dimension of the horizontal axis.
        lines: The dimension whose values are the lines.
        name: Of the horizontal axis; by default the dimension's.

    Raises:
        ValueError: If a dimension is missing.
    """
    dimensions = [str(known) for known in described["mean"].dims]
    for argument, value in (("along", along), ("lines", lines)):
        checks.one_of(argument, value, dimensions)
    shown = parts(described, [known for known in dimensions if known not in (along, lines)])
    figure, panels = grid([title for title, _ in shown], 2.4, 1 + (len(shown) % 2 == 0), sharey=True)
    for panel, (_, part) in zip(panels, shown, strict=True):
        _draw(panel, part, lines)
        panel.set_xticks(range(described.sizes[along]), [plain(value) for value in described[along].values])
    figure.supxlabel(name or spaced(along), fontsize=9)
    figure.supylabel(wrapped(label(described["mean"]), figure.get_figheight()), fontsize=9)
    legend(figure, panels[0])
    return Drawing(figure, _alt(shown, along, lines, name or spaced(along)))


def _draw(panel: "Axes", part: xr.Dataset, lines: str) -> None:
    for at, name in enumerate(part[lines].values):
        mean, low, high = (part[end].sel({lines: name}).values for end in ("mean", "mean_low", "mean_high"))
        shift = 0.06 * (at - (part.sizes[lines] - 1) / 2)  # intervals beside each other
        look: dict[str, Any] = {"color": COLORS[at % len(COLORS)], "marker": MARKERS[at % len(MARKERS)]}
        look |= {"linestyle": LINES[at % len(LINES)], "label": str(name), "capsize": 2, "markersize": 4}
        panel.errorbar(np.arange(len(mean)) + shift, mean, np.nan_to_num([mean - low, high - mean]), **look)


def _alt(shown: list[tuple[str, xr.Dataset]], along: str, lines: str, name: str) -> str:
    """Returns the means at both ends of each line."""
    first, last = (plain(value) for value in shown[0][1][along].values[[0, -1]])
    ends = []
    for title, part in shown:
        for line in part[lines].values:
            start, stop = part["mean"].sel({lines: line}).values[[0, -1]]
            ends.append(f"{', '.join(filter(None, [title, str(line)]))}: {start:.3f} to {stop:.3f}")
    return f"Curves of means by {name}, from {first} to {last}. {'; '.join(ends)}."
