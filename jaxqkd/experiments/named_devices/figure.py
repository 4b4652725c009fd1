"""The figure of the experiment: scores and gains by where a student was trained and judged."""

import numpy as np
import xarray as xr

from jaxqkd.reports.plots.panels import canvas
from jaxqkd.reports.section import Drawing


def matrices(mean: xr.DataArray) -> Drawing:
    """Returns matrices of scores over trained, judged and distilled: without a teacher, with one, the change."""
    alone, taught = (mean.sel(distilled=kind).transpose("trained", "judged").values for kind in (0, 1))
    names, change = [str(name) for name in mean.judged.values], taught - alone
    figure = canvas(3.4)
    panels = figure.subplots(1, 3, sharey=True)
    least, most = float(min(alone.min(), taught.min())), float(max(alone.max(), taught.max()))
    limit = max(float(abs(change).max()), 0.01)
    drawn = [
        (alone, "without a teacher", "Blues", least, most, ".2f"),
        (taught, "with a teacher", "Blues", least, most, ".2f"),
        (change, "change", "PuOr_r", -limit, limit, "+.2f"),
    ]
    for panel, (values, title, colors, low, high, form) in zip(panels, drawn, strict=True):
        image = panel.imshow(values, cmap=colors, vmin=low, vmax=high, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            *color, _ = image.to_rgba(value)
            dark = np.dot(color, [0.299, 0.587, 0.114]) < 0.5
            panel.text(column, row, f"{value:{form}}", ha="center", va="center", fontsize=7,
                       color="white" if dark else "black")  # fmt: skip
        panel.set_title(title, fontsize=9)
        panel.set_xticks(range(len(names)), names, rotation=60, fontsize=8)
        panel.set_xlabel("judged on", fontsize=9)
    panels[0].set_yticks(range(len(names)), names, fontsize=8)
    panels[0].set_ylabel("trained for", fontsize=9)
    alt = (
        "Matrices by the device that students were trained for and judged on. Mean macro F1 is from "
        f"{alone.min():.3f} to {alone.max():.3f} without a teacher, and from {taught.min():.3f} to "
        f"{taught.max():.3f} with one; the change is from {change.min():+.3f} to {change.max():+.3f}."
    )
    return Drawing(figure, alt)
