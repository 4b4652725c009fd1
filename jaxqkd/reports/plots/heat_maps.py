"""Heat maps: what the weight and the temperature of a teacher change, by student and case."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from jaxqkd import checks
from jaxqkd.reports.plots.panels import WIDTH, named, parts, plain, settings
from jaxqkd.statistics import LEVEL, compare

LEGIBLE = 0.42
"""Inches of a cell from which a number fits in; in a narrower one only its star is shown."""
STEPS = 21
"""Colors of a scale; odd, so that one of them is for no gain."""


class _Scale(NamedTuple):
    colors: str
    least: float
    most: float
    name: str


def setting_heat_map(results: xr.Dataset, score: str, quantity: str = "gain") -> Figure:
    """Returns heat maps over temperature (down) and alpha (across): a row a student, a column a case.

    A cell compares an alpha with alpha = 0 at the same temperature, paired by seed, with the numbers that
    `statistics.compare` gives. A star marks those whose p, Holm-corrected over all cells, is below 0.05.

    Args:
        results: A dataset with `score` over student, temperature, alpha, seed and any other settings.
        score: The name of the score.
        quantity: "gain" for the mean gain over alpha = 0, or "p" for the corrected p.

    Raises:
        ValueError: If the score does not vary with temperature and alpha, there is no alpha = 0, or the quantity
            is unknown.
    """
    checks.one_of("quantity", quantity, ("gain", "p"))
    tested = gains_by_setting(named(results, score, "score"))
    if quantity == "gain":
        words, shown = _in_words(_gain_in_words, tested["mean"], tested.p_corrected), tested["mean"]
        scale = _even(shown)
    else:
        words, shown = _in_words(_p_in_words, tested.p_corrected), -np.log10(tested.p_corrected)
        scale = _Scale("Blues", 0.0, max(2.0, _largest(shown)), "-log10 of the corrected p")
    names = [name for name in settings(shown) if name not in ("temperature", "alpha")]
    return _maps(parts(xr.Dataset({"shown": shown, "words": words}), names), scale)


def gains_by_setting(scores: xr.DataArray) -> xr.Dataset:
    """Returns what `statistics.compare` tells of each alpha against 0, over all dimensions but the seed.

    Raises:
        ValueError: If the scores do not vary with temperature and alpha, or there is no alpha = 0.
    """
    told = f"over {', '.join(map(str, scores.dims))}"
    checks.require({"temperature", "alpha"} <= set(scores.dims), "scores", "vary with temperature and alpha", told)
    others = [str(name) for name in scores.dims if name not in ("alpha", "seed")]
    table = compare(scores, "alpha", baseline=0.0).set_index([*others, "after"]).drop(columns="before")
    found: xr.Dataset = table.to_xarray().rename(after="alpha")
    return found.sel({name: scores[name].values for name in others})  # pandas has sorted them


def gain_heat_map(gain: xr.DataArray, *, title: str) -> Figure:
    """Returns heat maps of a mean gain over temperature (down) and alpha (across), by student and case.

    Args:
        gain: Mean gains over the dimensions student, case, temperature and alpha.
        title: Of the figure.
    """
    shown = xr.Dataset({"shown": gain, "words": _in_words(_gain_in_words, gain)})
    figure = _maps([(str(case), shown.sel(case=case)) for case in gain.case.values], _even(gain))
    figure.suptitle(title, fontsize=11)
    return figure


def _maps(cases: Sequence[tuple[str, xr.Dataset]], scale: _Scale) -> Figure:
    """Draws cases with `shown` and `words` [student, temperature, alpha]."""
    first = cases[0][1]
    students, rows, columns = (first.sizes[name] for name in ("student", "temperature", "alpha"))
    figure = Figure(figsize=(WIDTH, 1.0 + students * (0.5 + 0.27 * rows)), layout="constrained")
    panels = figure.subplots(students, len(cases), sharex=True, sharey=True, squeeze=False)
    legible = (WIDTH - 1.8) / len(cases) / columns > LEGIBLE
    for row, name in zip(panels, first.student.values, strict=True):
        for panel, (_, case) in zip(row, cases, strict=True):
            image = _map(panel, case.sel(student=name).transpose("temperature", "alpha", ...), scale, legible)
        row[0].set_ylabel(f"{name}\ntemperature", fontsize=9)
    for panel, (title, _) in zip(panels[0], cases, strict=True):
        panel.set_title(title.replace(", ", "\n"), fontsize=9)
    for panel in panels[-1]:
        panel.set_xlabel("alpha", fontsize=9)
    figure.colorbar(image, ax=panels, label=scale.name, shrink=0.8)
    return figure


def _map(panel: Axes, case: xr.Dataset, scale: _Scale, legible: bool) -> AxesImage:
    values = case.shown.values
    image = panel.imshow(
        values, cmap=colormaps[scale.colors].resampled(STEPS), vmin=scale.least, vmax=scale.most, aspect="auto"
    )
    for (down, across), told in np.ndenumerate(case.words.values):
        *color, opacity = image.to_rgba(values[down, across])
        dark = opacity * (1 - np.dot(color, [0.299, 0.587, 0.114])) > 0.5
        text = told if legible else told[-1:].strip("0123456789")
        panel.text(across, down, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    panel.set_xticks(range(case.sizes["alpha"]), [plain(value) for value in case.alpha.values], fontsize=8)
    panel.set_yticks(
        range(case.sizes["temperature"]), [plain(value) for value in case.temperature.values], fontsize=8
    )
    return image


def _even(gain: xr.DataArray) -> _Scale:
    limit = max(_largest(abs(gain)), 0.01)
    return _Scale("PuOr_r", -limit, limit, "mean gain over alpha = 0")


def _largest(values: xr.DataArray) -> float:
    return float(values.max()) if bool(np.isfinite(values).any()) else 0.0


def _in_words(told: Callable[..., str], *values: xr.DataArray) -> xr.DataArray:
    return xr.apply_ufunc(told, *values, vectorize=True, output_dtypes=[object])


def _gain_in_words(gain: float, p: float = 1.0) -> str:
    return "–" if np.isnan(gain) else f"{round(gain, 2) + 0.0:+.2f}{_star(p)}"  # not -0.00


def _p_in_words(p: float) -> str:
    return "–" if np.isnan(p) else f"{'<0.001' if p < 0.001 else f'{p:.3f}'}{_star(p)}"


def _star(p: float) -> str:
    return "*" if p < LEVEL else ""
