"""Panels: the layout and the looks that all figures of a study share."""

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#555555"
COLORS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", GRAY)
"""Colors that people with any color vision can distinguish (Okabe and Ito), without yellow, too pale on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (7, 2, 1, 2, 1, 2)))
WIDTH = 10.0
"""Inches of every figure."""
WIDE = 30
"""From this ratio of the largest to the least value an axis is logarithmic."""


def canvas(inches: float) -> "Figure":
    """Returns an empty figure of that height."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, inches), layout="constrained")


def grid(
    titles: Sequence[str], inches: float, across: int = 1, sharey: bool = False
) -> tuple["Figure", list["Axes"]]:
    """Returns a figure with a panel for each title, `across` of them in a row if each has the inches it needs.

    If they do not fit, a row has the largest number of panels that fits and leaves no row short.
    """
    fitting = range(1, max(1, int(WIDTH / inches)) + 1)
    columns = across if across in fitting else max(count for count in fitting if len(titles) % count == 0)
    rows = len(titles) // columns
    figure = canvas(0.8 + rows * (2.1 if rows > 1 else 3.2))
    panels = figure.subplots(rows, columns, sharex=True, sharey=sharey, squeeze=False).ravel()
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(wrapped(title, WIDTH / columns), loc="left", fontsize=9)
        clear(panel)
    return figure, list(panels)


def wrapped(text: str, inches: float) -> str:
    """Returns a panel's title or an axis's label in lines of at most so many inches."""
    return fill(text, max(12, int(12 * inches)))


def clear(panel: "Axes", lines: Any = "y") -> None:
    """Draws faint grid lines across one axis of a panel, and removes the frame's top and right side."""
    panel.grid(axis=lines, alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)


def legend(figure: "Figure", panel: "Axes") -> None:
    """Puts the legend of one panel above all of them, if it has more than one entry."""
    handles, names = panel.get_legend_handles_labels()
    if len(names) > 1:
        inches = sum(0.6 + 0.085 * len(name) for name in names)
        columns = min(len(names), max(1, int(len(names) * WIDTH / inches)))
        figure.legend(handles, names, ncols=columns, loc="outside upper center", frameon=False, fontsize=9)


def scale(panel: "Axes", values: np.ndarray) -> None:
    """Makes the axis of values logarithmic where they span more than a linear one can show."""
    finite = values[np.isfinite(values)]
    if len(finite) and 0 < WIDE * finite.min() < finite.max():
        panel.set_yscale("log")


def strips(panel: "Axes", students: Sequence[str], shown: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """Draws labeled values [students, dots] side by side; returns the strips' places [labels, students].

    The dots of a strip stand in the order of the values, so that a seed has the same place in each.
    """
    width = 0.8 / len(shown)
    places = np.arange(len(students)) + ((np.arange(len(shown)) - (len(shown) - 1) / 2) * width)[:, None]
    for at, ((name, values), middle) in enumerate(zip(shown, places, strict=True)):
        count = values.shape[1]
        spread = (np.arange(count) - (count - 1) / 2) * 0.7 * width / max(count - 1, 1)
        color, marker = COLORS[at % len(COLORS)], MARKERS[at % len(MARKERS)]
        x = middle[:, None] + spread
        dots = panel.scatter(x.ravel(), values.ravel(), 14, color, marker=marker, alpha=0.65, linewidth=0)
        dots.set_label(name or "_")
    _name_students(panel, students)
    return places


def _name_students(panel: "Axes", students: Sequence[str]) -> None:
    panel.set_xticks(range(len(students)), students, fontsize=9)
    panel.set_xlim(-0.6, len(students) - 0.4)
    inches = (WIDTH - 1) / panel.get_gridspec().ncols / len(students)  # type: ignore[union-attr]
    if 0.075 * max(map(len, students)) > inches:
        panel.tick_params(axis="x", rotation=40)
