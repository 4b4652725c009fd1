"""Panels: what all figures of a study share, that is their parts by setting, their layout and their looks."""

import itertools
from collections.abc import Sequence
from textwrap import fill
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxqkd import checks

BLUE, ORANGE, GRAY = "#0072B2", "#D55E00", "#555555"
COLORS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", GRAY)
"""Colors that people with any color vision tell apart (Okabe and Ito), but for yellow, too pale on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<")
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (7, 2, 1, 2, 1, 2)))
WIDTH = 10.0
"""Inches of every figure."""
WIDE = 30
"""From this ratio of the largest to the least value an axis is logarithmic."""

Labeled = TypeVar("Labeled", xr.DataArray, xr.Dataset)


def named(results: xr.Dataset, name: str, argument: str) -> xr.DataArray:
    """Returns a variable of the results; refuses the name of one that is not there."""
    checks.one_of(argument, name, [str(known) for known in results])
    return results[name]


def settings(values: xr.DataArray) -> list[str]:
    """Returns the dimensions that are settings of the study."""
    return [str(name) for name in values.dims if name not in ("student", "seed", "epoch")]


def parts(values: Labeled, dimensions: Sequence[str]) -> list[tuple[str, Labeled]]:
    """Returns what is at each place of the dimensions, with the place in words; for none of them, all of it."""
    places = itertools.product(*(range(values.sizes[name]) for name in dimensions))
    found = [values.isel(dict(zip(dimensions, place, strict=True))) for place in places]
    return [(_in_words(part, dimensions), part) for part in found]


def plain(value: Any) -> str:
    """Returns a value in words: fractions in the fewest digits, anything else as it is."""
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)


def spaced(name: Any) -> str:
    """Returns a name with spaces for its underscores."""
    return str(name).replace("_", " ")


def label(values: xr.DataArray) -> str:
    """Returns what a variable is, with its unit."""
    unit = values.attrs.get("units", "1")
    return f"{values.attrs.get('long_name', values.name)}" + (f" ({unit})" if unit != "1" else "")


def grid(titles: Sequence[str], inches: float, across: int = 1, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """Returns a figure with a panel a title, `across` of them in a row if each then has the inches it needs."""
    fitting = range(1, max(1, int(WIDTH / inches)) + 1)
    columns = across if across in fitting else max(count for count in fitting if len(titles) % count == 0)
    rows = len(titles) // columns
    figure = Figure(figsize=(WIDTH, 0.8 + rows * (2.1 if rows > 1 else 3.2)), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=sharey, squeeze=False).ravel()
    for panel, title in zip(panels, titles, strict=True):
        panel.set_title(wrapped(title, WIDTH / columns), loc="left", fontsize=9)
        clear(panel)
    return figure, list(panels)


def wrapped(text: str, inches: float) -> str:
    """Returns a panel's title or an axis's label in lines that are not longer."""
    return fill(text, max(12, int(12 * inches)))


def clear(panel: Axes) -> None:
    """Leaves of a panel's frame what helps to read it."""
    panel.grid(axis="y", alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)


def legend(figure: Figure, panel: Axes) -> None:
    """Puts what a panel's marks stand for above the panels, if there is more than one thing to tell."""
    handles, names = panel.get_legend_handles_labels()
    if len(names) > 1:
        inches = sum(0.6 + 0.085 * len(name) for name in names)
        columns = min(len(names), max(1, int(len(names) * WIDTH / inches)))
        figure.legend(handles, names, ncols=columns, loc="outside upper center", frameon=False, fontsize=9)


def scale(panel: Axes, values: np.ndarray) -> None:
    """Makes the axis of values logarithmic where they span more than a linear one can show."""
    finite = values[np.isfinite(values)]
    if len(finite) and 0 < WIDE * finite.min() < finite.max():
        panel.set_yscale("log")


def strips(panel: Axes, students: Sequence[str], shown: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """Draws labeled values [students, dots] side by side, and returns the strips' places [parts, students].

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


def _in_words(part: xr.DataArray | xr.Dataset, dimensions: Sequence[str]) -> str:
    """Returns where a part stands: "hea, train size = 30"."""
    told = {name: plain(part[name].values[()]) for name in dimensions}
    return ", ".join(at if name == "student" else f"{spaced(name)} = {at}" for name, at in told.items())


def _name_students(panel: Axes, students: Sequence[str]) -> None:
    panel.set_xticks(range(len(students)), students, fontsize=9)
    panel.set_xlim(-0.6, len(students) - 0.4)
    inches = (WIDTH - 1) / panel.get_gridspec().ncols / len(students)  # type: ignore[union-attr]
    if 0.075 * max(map(len, students)) > inches:
        panel.tick_params(axis="x", rotation=40)
