"""The seed study's figure: every seed's score, its mean with interval, and the published bars."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jaxqkd.experiments.claims import Row
from jaxqkd.reports import Drawing
from jaxqkd.reports.plots.panels import BLUE, GRAY, ORANGE, canvas, clear, legend
from jaxqkd.statistics import predicted_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDES = ((0, -0.2, BLUE, "without distillation"), (1, 0.2, ORANGE, "with distillation"))


def published_against_measured(scores: xr.DataArray, rows: Sequence[Row]) -> Drawing:
    """Returns a panel for each reading: every seed's score, its mean with interval, and the published bars.

    Args:
        scores: Scores over the dimensions student, reading, distilled (0, 1) and seed.
        rows: What `jaxqkd.experiments.claims.rows` returns of them. Their published means are gray outlines.
    """
    readings = list(dict.fromkeys(row.reading for row in rows))
    figure = canvas(2.8 * len(readings) + 0.6)
    panels = figure.subplots(len(readings), 1, sharex=True, squeeze=False)[:, 0]
    for panel, reading in zip(panels, readings, strict=True):
        _draw(panel, scores.sel(reading=reading), [row for row in rows if row.reading == reading])
        panel.set_title(f"reading: {reading}", loc="left", fontsize=10)
        panel.set_ylabel("F1 (weighted)")
    panels[-1].set_xticks(range(scores.sizes["student"]), [str(name) for name in scores.student.values])
    legend(figure, panels[0])
    return Drawing(figure, ". ".join(map(_in_words, rows)))


def _draw(panel: "Axes", scores: xr.DataArray, rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        for distilled, shift, color, side in SIDES:
            bar = panel.bar(place + shift, row.published[distilled], 0.36, fill=False, edgecolor=GRAY)
            values = scores.sel(student=row.student, distilled=distilled).values
            dots, mean = _draw_seeds(panel, values, place + shift, color)
            if place == 0:
                dots.set_label(side)
            if place == 0 and distilled:
                bar.set_label("published")
                mean.set_label("mean and its 95 % interval")
    panel.set_ylim(0, 1.05)
    clear(panel)


def _draw_seeds(panel: "Axes", values: np.ndarray, place: float, color: str) -> tuple[Any, Any]:
    """Draws scores [seeds] and their mean with its interval."""
    spread = place + np.linspace(-0.12, 0.12, len(values))
    dots = panel.scatter(spread, values, 9, color, alpha=0.55, linewidth=0)
    low, high = np.clip(predicted_mean(values, count=None), 0.0, 1.0)
    middle = values.mean()
    reach = [[middle - low], [high - middle]] if np.isfinite(low) else None
    look: dict[str, Any] = {"fmt": "_", "color": "black", "markersize": 11, "capsize": 3}
    return dots, panel.errorbar(place, middle, reach, **look)


def _in_words(row: Row) -> str:
    return (
        f"{row.student}, {row.reading}: mean F1 {row.without.mean:.3f} without and {row.distilled.mean:.3f} with "
        f"distillation, published {row.published[0]:.3f} and {row.published[1]:.3f}"
    )
