"""Effects: many paired differences at a glance, each with its interval."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from jaxqkd.reports.plots.panels import COLORS, GRAY, MARKERS, WIDTH, legend


def effects(table: pd.DataFrame, *, along: str, panels: str, marks: str) -> Figure:
    """Returns a panel a value of one column, and in it a row for each of another: mean differences and intervals.

    Filled marks are those whose verdict is "better" or "worse".

    Args:
        table: What `jaxqkd.statistics.compare` returns.
        along: The column whose values are the rows.
        panels: The column whose values are the panels.
        marks: The column whose values are told apart by color and marker.
    """
    rows, titles, names = (list(dict.fromkeys(table[column])) for column in (along, panels, marks))
    figure = Figure(figsize=(WIDTH, 1.2 + 0.24 * len(rows)), layout="constrained")
    axes = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    for panel, title in zip(axes, titles, strict=True):
        panel.set_title(str(title), loc="left", fontsize=9)
        panel.axvline(0, color=GRAY, linewidth=0.8)
        for at, name in enumerate(names):
            found = table[(table[panels] == title) & (table[marks] == name)].set_index(along).loc[rows]
            places = np.arange(len(rows)) + 0.22 * (at - (len(names) - 1) / 2)
            color = COLORS[at % len(COLORS)]
            spread = np.nan_to_num([found["mean"] - found.low, found.high - found["mean"]])
            panel.errorbar(found["mean"], places, xerr=spread, fmt="none", ecolor=color, elinewidth=0.8)
            shown = found.verdict.isin(["better", "worse"]).to_numpy()
            faces = np.where(shown, color, "white")
            marker = MARKERS[at % len(MARKERS)]
            panel.scatter(
                found["mean"], places, 18, faces, marker=marker, edgecolors=color, zorder=3, label=str(name)
            )
        panel.grid(axis="x", alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(range(len(rows)), [str(row) for row in rows], fontsize=8)
    axes[0].invert_yaxis()
    legend(figure, axes[0])
    return figure
