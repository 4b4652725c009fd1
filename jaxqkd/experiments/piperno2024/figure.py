"""The seed study's figure: every seed's score, its mean with interval, and the published bars."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from jaxqkd.experiments.claims import PublishedPair, Row
from jaxqkd.reports import Drawing
from jaxqkd.reports.plots.panels import BLUE, GRAY, ORANGE, canvas, clear, legend
from jaxqkd.statistics import predicted_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDES = ((0, -0.2, BLUE, "without distillation"), (1, 0.2, ORANGE, "with distillation"))


def published_against_measured(
    results: xr.Dataset, published: Mapping[str, PublishedPair], rows: Sequence[Row]
) -> Drawing:
    """Returns a panel for each reading: every seed's weighted F1, its mean with interval, and the published bars.

    Args:
        results: A dataset with `f1_weighted` over the dimensions student, reading, distilled (0, 1) and seed.
        published: The published means by student, drawn as gray outlines.
        rows: What `jaxqkd.experiments.claims.rows` returns of them, for the words.
    """
    readings = [str(name) for name in results.reading.values]
    figure = canvas(2.8 * len(readings) + 0.6)
    panels = figure.subplots(len(readings), 1, sharex=True, squeeze=False)[:, 0]
    for panel, reading in zip(panels, readings, strict=True):
        _draw(panel, results.f1_weighted.sel(reading=reading), published)
        panel.set_title(f"reading: {reading}", loc="left", fontsize=10)
        panel.set_ylabel("F1 (weighted)")
    panels[-1].set_xticks(range(results.sizes["student"]), [str(name) for name in results.student.values])
    legend(figure, panels[0])
    return Drawing(figure, ". ".join(map(_in_words, rows)))


def _draw(panel: "Axes", scores: xr.DataArray, published: Mapping[str, PublishedPair]) -> None:
    for place, name in enumerate(scores.student.values):
        targets = published[str(name)].f1_without, published[str(name)].f1_with
        for distilled, shift, color, side in SIDES:
            bar = panel.bar(place + shift, targets[distilled], 0.36, fill=False, edgecolor=GRAY)
            values = scores.sel(student=name, distilled=distilled).values
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
