"""Effects: many paired differences at a glance, each with its interval."""

from typing import TYPE_CHECKING

import numpy as np

from jaxqkd.reports.plots.panels import COLORS, GRAY, MARKERS, canvas, clear, legend
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def effects(table: "pd.DataFrame", *, along: str, panels: str, marks: str) -> Drawing:
    """Returns mean differences with intervals: a panel for each value of one column, a row for each of another.

    Filled marks are those whose verdict is "better" or "worse".

    Args:
        table: What `jaxqkd.statistics.compare` returns.
        along: The column whose values are the rows.
        panels: The column whose values are the panels.
        marks: The column whose values differ by color and marker.
    """
    rows, titles, names = (list(dict.fromkeys(table[column])) for column in (along, panels, marks))
    figure = canvas(1.2 + 0.24 * len(rows))
    axes = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    for panel, title in zip(axes, titles, strict=True):
        panel.set_title(str(title), loc="left", fontsize=9)
        panel.axvline(0, color=GRAY, linewidth=0.8)
        for at, name in enumerate(names):
            chosen = table[(table[panels] == title) & (table[marks] == name)].set_index(along).loc[rows]
            _draw(panel, chosen, at, 0.22 * (at - (len(names) - 1) / 2), str(name))
        clear(panel, "x")
    axes[0].set_yticks(range(len(rows)), [str(row) for row in rows], fontsize=8)
    axes[0].invert_yaxis()
    legend(figure, axes[0])
    return Drawing(figure, _alt(table, along, [marks, panels]))


def _draw(panel: "Axes", rows: "pd.DataFrame", at: int, shift: float, name: str) -> None:
    """Draws the rows' differences, in the looks of number `at`."""
    places = np.arange(len(rows)) + shift
    color, marker = COLORS[at % len(COLORS)], MARKERS[at % len(MARKERS)]
    spread = np.nan_to_num([rows["mean"] - rows.low, rows.high - rows["mean"]])
    panel.errorbar(rows["mean"], places, xerr=spread, fmt="none", ecolor=color, elinewidth=0.8)
    claimed = rows.verdict.isin(["better", "worse"]).to_numpy()
    faces = np.where(claimed, color, "white")
    panel.scatter(rows["mean"], places, 18, faces, marker=marker, edgecolors=color, zorder=3, label=name)


def _alt(table: "pd.DataFrame", along: str, groups: list[str]) -> str:
    """Returns the range of the differences in each group."""
    ranges = []
    for names, rows in table.dropna(subset="mean").groupby(groups, sort=False):
        low, high = (rows.loc[at] for at in (rows["mean"].idxmin(), rows["mean"].idxmax()))
        span = f"from {low['mean']:+.3f} ({low[along]}) to {high['mean']:+.3f} ({high[along]})"
        ranges.append(f"{' on '.join(map(str, names))}: {span}")
    return f"Dots with intervals, of mean differences. {'; '.join(ranges)}."
