"""Times: what the runs of a study and the compilation of their programs took."""

import xarray as xr

from jaxqkd import checks
from jaxqkd.reports.labels import by_student, parts, settings
from jaxqkd.reports.plots.panels import BLUE, ORANGE, canvas
from jaxqkd.reports.section import Drawing


def runtime(results: xr.Dataset) -> Drawing:
    """Returns bars of the seconds that all runs and the compilation took, one for each program.

    Args:
        results: A dataset with `seconds`, `compile_seconds` or both, over student and any settings.

    Raises:
        ValueError: If it has neither.
    """
    known = {"seconds": ("all runs", BLUE), "compile_seconds": ("compilation", ORANGE)}
    shown = {name: look for name, look in known.items() if name in results}
    given = f"with {', '.join(map(str, results))}"
    checks.require(bool(shown), "results", "have `seconds` or `compile_seconds`", given)
    programs = parts(results, ["student", *settings(results[next(iter(shown))])])
    figure = canvas(1.0 + 0.3 * len(programs))
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for panel, (name, (title, color)) in zip(panels, shown.items(), strict=True):
        seconds = [float(part[name]) for _, part in programs]
        bars = panel.barh(range(len(programs)), seconds, height=0.6, color=color)
        panel.bar_label(bars, fmt="{:.3g} s", padding=3, fontsize=9)
        panel.set_title(title, loc="left", fontsize=9)
        panel.margins(x=0.18)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(programs)), [place for place, _ in programs])
    panels[0].invert_yaxis()
    figure.supxlabel("seconds of wall-clock time", fontsize=9)
    alt = [
        f"{title.capitalize()}, in seconds: {by_student(results[name], '.3g')}."
        for name, (title, _) in shown.items()
    ]
    return Drawing(figure, " ".join(["Bars by student.", *alt]))
