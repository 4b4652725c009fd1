"""Words: what each figure shows, in numbers, for those who do not see it; a function a figure, of its name."""

from operator import itemgetter

import numpy as np
import xarray as xr

from jaxqkd.reports.plots.curves import quartiles
from jaxqkd.reports.plots.heat_maps import gains_by_setting
from jaxqkd.reports.plots.initializations import failed_share, first_gradients
from jaxqkd.reports.plots.panels import label, parts, settings
from jaxqkd.statistics import LEVEL, describe


def score_strips(results: xr.Dataset, score: str) -> str:
    """Returns the range of the interquartile means, of all and by student."""
    scores = results[score]
    middles = describe(scores).iqm
    return (
        f"Strips of dots, one for each of {scores.sizes['seed']} seeds, by student and setting: {label(scores)}. "
        f"The interquartile mean {_extremes(middles, '.3f')}. By student: {by_student(middles, '.3f')}."
    )


def learning_curves(results: xr.Dataset, variable: str = "val_loss") -> str:
    """Returns the range of the medians at the first and the last epoch, by student."""
    values = results[variable]
    medians = xr.apply_ufunc(
        lambda histories: quartiles(histories)[1, [0, -1]],
        values,
        input_core_dims=[["seed", "epoch"]],
        output_core_dims=[["end"]],
        vectorize=True,
    )
    first, last = medians.isel(end=0), medians.isel(end=1)
    return (
        f"Curves of the median over {values.sizes['seed']} seeds, by student and setting: {label(values)}. "
        f"In the first epoch: {by_student(first, '.3g')}. "
        f"In the last, {values.sizes['epoch']}: {by_student(last, '.3g')}."
    )


def setting_heat_map(results: xr.Dataset, score: str, quantity: str = "gain") -> str:
    """Returns the range of the gains, or of the corrected p, and how many are below 0.05."""
    tested = gains_by_setting(results[score])
    shown, name, form = (
        (tested["mean"], "mean gain over alpha = 0", "+.3f")
        if quantity == "gain"
        else (tested.p_corrected, "corrected p", ".3g")
    )
    return (
        f"Heat maps by temperature and alpha, for each student and case. The {name} {_extremes(shown, form)}. "
        f"{int((tested.p_corrected < LEVEL).sum())} of {shown.size} corrected p are below {LEVEL:g}."
    )


def initialization_sensitivity(results: xr.Dataset, score: str) -> str:
    """Returns, by student, the shares of failed seeds, the first gradient norms and their variances."""
    failed, norms = failed_share(results, score), first_gradients(results)
    told = [] if failed is None else [f"Share of failed seeds: {by_student(failed, '.0%')}."]
    if norms is not None:
        told += [
            f"Gradient norm in the first epoch: {by_student(norms, '.3g')}.",
            f"Its variance over the seeds: {by_student(norms.var('seed', ddof=1), '.3g')}.",
        ]
    return " ".join(["Dots by student.", *told])


def runtime(results: xr.Dataset) -> str:
    """Returns the seconds of all runs and of the compilation, by student."""
    named = {"seconds": "All runs", "compile_seconds": "Compilation"}
    told = [
        f"{words}, in seconds: {by_student(results[name], '.3g')}."
        for name, words in named.items()
        if name in results
    ]
    return " ".join(["Bars by student.", *told])


def by_student(values: xr.DataArray, form: str) -> str:
    """Returns the range of each student's finite values."""
    return "; ".join(f"{name} {_range(values.sel(student=name), form)}" for name in values.student.values)


def _range(values: xr.DataArray, form: str) -> str:
    finite = values.values[np.isfinite(values.values)]
    if not len(finite):
        return "not finite"
    low, high = format(finite.min(), form), format(finite.max(), form)
    return low if low == high else f"{low} to {high}"


def _extremes(values: xr.DataArray, form: str) -> str:
    """Returns the least and the largest finite value, with their places."""
    places = parts(values, ["student", *settings(values)])
    finite = [(float(part), place) for place, part in places if np.isfinite(part)]
    if not finite:
        return "is finite nowhere"
    (low, at), (high, where) = (chosen(finite, key=itemgetter(0)) for chosen in (min, max))
    return f"runs from {low:{form}} ({at}) to {high:{form}} ({where})"
