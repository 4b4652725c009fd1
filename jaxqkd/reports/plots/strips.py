"""Strips: every seed's score as a dot, with what all seeds of a cell come to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import xarray as xr

from jaxqkd.reports.labels import by_student, extremes, label, parts, settings
from jaxqkd.reports.plots.panels import GRAY, grid, legend, strips, wrapped
from jaxqkd.reports.section import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = (":", "--", "-.")


def score_strips(
    scores: xr.DataArray, described: xr.Dataset, references: Mapping[str, xr.DataArray] | None = None
) -> Drawing:
    """Returns a panel for each setting but the last: every seed's score, by student and value of the last setting.

    Black marks are interquartile means with their 95 % bootstrap interval; cells with a score that is not finite
    have none.

    Args:
        scores: Scores over student, any settings, and seed.
        described: What `jaxqkd.statistics.describe` returns of them.
        references: Scores that these are read against, by their names, over dimensions of the scores. Each is
            drawn as a line at its mean.
    """
    names, students = settings(scores), [str(name) for name in scores.student.values]
    lines = dict(references or {})
    known = described.assign({"scores": scores} | {f"line {name}": values for name, values in lines.items()})
    shown = parts(known, names[:-1])
    strips_a_panel = len(students) * (scores.sizes[names[-1]] if names else 1)
    across = scores.sizes[names[-2]] if len(names) > 1 else 1
    figure, panels = grid([title for title, _ in shown], 0.5 + 0.2 * strips_a_panel, across, sharey=True)
    for panel, (_, part) in zip(panels, shown, strict=True):
        _draw(panel, students, parts(part, names[-1:]))
        for name, style in zip(lines, STYLES, strict=False):
            panel.axhline(float(part[f"line {name}"].mean()), color=GRAY, linestyle=style, label=name)
    figure.supylabel(wrapped(label(scores), figure.get_figheight()), fontsize=9)
    legend(figure, panels[0])
    return Drawing(figure, _alt(scores, described.iqm))


def _draw(panel: "Axes", students: list[str], shown: list[tuple[str, xr.Dataset]]) -> None:
    dots = [(title, part.scores.transpose("student", "seed").values) for title, part in shown]
    places = strips(panel, students, dots)
    for middle, (_, part) in zip(places, shown, strict=True):
        name = "interquartile mean and its 95 % interval" if middle is places[0] else "_"
        panel.vlines(middle, part.iqm_low, part.iqm_high, color="black", linewidth=1.2)
        panel.plot(middle, part.iqm, "_k", markersize=9, markeredgewidth=2, label=name)


def _alt(scores: xr.DataArray, middles: xr.DataArray) -> str:
    """Returns the range of the interquartile means, of all and by student."""
    return (
        f"Strips of dots, one for each of {scores.sizes['seed']} seeds, by student and setting: {label(scores)}. "
        f"The interquartile mean {extremes(middles, '.3f')}. By student: {by_student(middles, '.3f')}."
    )
