"""Heat maps: paired comparisons over two settings, by student and case."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import extremes, parts, plain, settings, spaced
from jaxqkd.reports.plots.panels import WIDTH, canvas
from jaxqkd.reports.section import Drawing
from jaxqkd.statistics import LEVEL

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

LEGIBLE = 0.42
"""Inches of a cell from which a number fits in; in a narrower one only its star is shown."""
STEPS = 21
"""Colors of a scale; odd, so that one of them is for no gain."""


class _Scale(NamedTuple):
    colors: str
    least: float
    most: float
    name: str


class _Axes(NamedTuple):
    down: str
    across: str


def comparison_heat_map(table: "pd.DataFrame", *, down: str, across: str, quantity: str = "mean") -> Drawing:
    """Returns heat maps of comparisons with one baseline: a row for each student, a column for each case.

    A star marks those whose p, corrected over the whole table, is below 0.05.

    Args:
        table: What `jaxqkd.statistics.compare` returns along `across` with a baseline, for scores over student,
            `down`, `across`, seed and any other dimensions, whose places are the cases.
        down: The dimension whose values are a map's rows.
        across: The dimension that was compared; its values are a map's columns.
        quantity: "mean" for the mean gains, or "p" for the corrected p.

    Raises:
        ValueError: If the quantity is unknown, the table has no column `down`, or several baselines.
    """
    checks.one_of("quantity", quantity, ("mean", "p"))
    checks.one_of("down", down, list(table.columns))
    checks.require(table.before.nunique() == 1, "table", "have one baseline", sorted(set(table.before)))
    cells, gain = _cells(table, across), f"gain over {spaced(across)} = {plain(table.before.iloc[0])}"
    if quantity == "mean":
        values, words = cells["mean"], _words(_gain, cells["mean"], cells.p_corrected)
        limit = max(_largest(abs(values)), 0.01)
        scale = _Scale("PuOr_r", -limit, limit, f"mean {gain}")
        alt = f"The mean {gain} {extremes(values, '+.3f')}."
    else:
        values, words = -np.log10(cells.p_corrected), _words(_p, cells.p_corrected)
        scale = _Scale("Blues", 0.0, max(2.0, _largest(values)), "-log10 of the corrected p")
        alt = f"The corrected p of the {gain} {extremes(cells.p_corrected, '.3g')}."
    cases = [name for name in settings(values) if name not in (down, across)]
    figure = _draw(parts(xr.Dataset({"values": values, "words": words}), cases), _Axes(down, across), scale)
    claimed = f"{int((cells.p_corrected < LEVEL).sum())} of {len(table)} corrected p are below {LEVEL:g}."
    where = f"Heat maps by {spaced(down)} and {spaced(across)}, for each student and case."
    return Drawing(figure, f"{where} {alt} {claimed}")


def _cells(table: "pd.DataFrame", across: str) -> xr.Dataset:
    """Returns the columns of a table of comparisons as variables over its dimensions, in the table's order."""
    dimensions = list(table.columns[: table.columns.get_loc("before")])
    columns = table.rename(columns={"after": across}).set_index([*dimensions, across])[["mean", "p_corrected"]]
    sorted_cells: xr.Dataset = columns.to_xarray()
    order = {name: list(dict.fromkeys(columns.index.get_level_values(name))) for name in columns.index.names}
    return sorted_cells.sel(order)


def _draw(cases: Sequence[tuple[str, xr.Dataset]], axes: _Axes, scale: _Scale) -> "Figure":
    """Draws cases with `values` and `words` [student, down, across]."""
    first = cases[0][1]
    students, rows, columns = (first.sizes[name] for name in ("student", *axes))
    figure = canvas(1.0 + students * (0.5 + 0.27 * rows))
    panels = figure.subplots(students, len(cases), sharex=True, sharey=True, squeeze=False)
    legible = (WIDTH - 1.8) / len(cases) / columns > LEGIBLE
    for row, name in zip(panels, first.student.values, strict=True):
        for panel, (_, case) in zip(row, cases, strict=True):
            image = _map(panel, case.sel(student=name).transpose(*axes, ...), axes, scale, legible)
        row[0].set_ylabel(f"{name}\n{spaced(axes.down)}", fontsize=9)
    for panel, (title, _) in zip(panels[0], cases, strict=True):
        panel.set_title(title.replace(", ", "\n"), fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel(spaced(axes.across), fontsize=9)
    figure.colorbar(image, ax=panels, label=scale.name, shrink=0.8)
    return figure


def _map(panel: "Axes", case: xr.Dataset, axes: _Axes, scale: _Scale, legible: bool) -> "AxesImage":
    from matplotlib import colormaps

    values, colors = case["values"].values, colormaps[scale.colors].resampled(STEPS)
    image = panel.imshow(values, cmap=colors, vmin=scale.least, vmax=scale.most, aspect="auto")
    for (row, column), words in np.ndenumerate(case.words.values):
        *color, opacity = image.to_rgba(values[row, column])
        dark = opacity * (1 - np.dot(color, [0.299, 0.587, 0.114])) > 0.5
        text = words if legible else words[-1:].strip("0123456789")
        panel.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    down, across = ([plain(value) for value in case[name].values] for name in axes)
    panel.set_xticks(range(len(across)), across, fontsize=8)
    panel.set_yticks(range(len(down)), down, fontsize=8)
    return image


def _largest(values: xr.DataArray) -> float:
    return float(values.max()) if bool(np.isfinite(values).any()) else 0.0


def _words(word: Callable[..., str], *values: xr.DataArray) -> xr.DataArray:
    return xr.apply_ufunc(word, *values, vectorize=True, output_dtypes=[object])


def _gain(gain: float, p: float) -> str:
    return "–" if np.isnan(gain) else f"{round(gain, 2) + 0.0:+.2f}{_star(p)}"  # not -0.00


def _p(p: float) -> str:
    return "–" if np.isnan(p) else f"{'<0.001' if p < 0.001 else f'{p:.3f}'}{_star(p)}"


def _star(p: float) -> str:
    return "*" if p < LEVEL else ""
