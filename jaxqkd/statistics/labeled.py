"""Statistics of labeled results: scores over `seed` and any other dimensions, described and compared."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxqkd import checks
from jaxqkd.statistics.differences import LEVEL, Difference, difference, holm
from jaxqkd.statistics.power import fewest_seeds, smallest_effect
from jaxqkd.statistics.summaries import Summary, summary

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

WORDS = {
    "mean": "mean over the seeds",
    "variance": "sample variance over the seeds",
    "median": "median over the seeds",
    "iqm": "interquartile mean over the seeds",
    "mean_low": "lower end of the mean's 95 % interval",
    "mean_high": "upper end of the mean's 95 % interval",
    "iqm_low": "lower end of the interquartile mean's 95 % interval",
    "iqm_high": "upper end of the interquartile mean's 95 % interval",
    "failed": "share of failed seeds",
}
"""What each field of a `Summary` is."""
COLUMNS = {"before", "after", *Difference._fields, "p_corrected", "smallest_effect", "verdict"}
"""Columns of a table of comparisons, beside those of the other dimensions."""


def describe(scores: "xr.DataArray", *, majority: Any = None, margin: float = 0.05) -> "xr.Dataset":
    """Returns the summary of scores over the dimension `seed`: its fields as variables over all other dimensions.

    Args:
        scores: Scores over `seed` and any other dimensions.
        majority: What always answering the commonest class would score: a number, or an array over dimensions of
            the scores, such as one for each seed. Without it `failed` is NaN.
        margin: A seed has failed if its score is below majority + margin, or is not finite.

    Raises:
        ValueError: If there is no dimension `seed`, or majority does not fit the scores.
    """
    import xarray as xr

    _require_seeds(scores)
    given = [scores] if majority is None else [scores, _bounds(majority, margin, scores)]
    figures = xr.apply_ufunc(
        lambda values, below=None: summary(values, failed_below=below),
        *given,
        input_core_dims=[["seed"]] * len(given),
        output_core_dims=[[]] * len(Summary._fields),
        vectorize=True,
    )
    label, unit = scores.attrs.get("long_name", scores.name or "score"), scores.attrs.get("units", "1")
    units = {"variance": "1" if unit == "1" else f"({unit})^2", "failed": "1"}
    return xr.Dataset(
        {
            name: figure.assign_attrs(long_name=f"{label}: {WORDS[name]}", units=units.get(name, unit))
            for name, figure in zip(Summary._fields, figures, strict=True)
        }
    )


def compare(scores: "xr.DataArray", along: str, *, baseline: Any = None) -> "pd.DataFrame":
    """Returns a table of paired comparisons of the values of one dimension, at each place of the others.

    A row holds the other dimensions' coordinates, the values `before` and `after`, the fields of `Difference`,
    `p_corrected` by Holm's method over the whole table, `smallest_effect` with as many comparisons as rows, and a
    verdict: "better" or "worse" if p_corrected is below 0.05 and both the mean and most seeds moved that way, else
    "no difference shown"; "scores not finite" if one of them is not; or "too few seeds" if so few seeds could not
    pass the correction whatever their scores, and then the smallest effect is infinite.

    Args:
        scores: Scores over `seed`, `along` and any other dimensions.
        along: The dimension whose values are compared.
        baseline: The value that is `before` in every row; by default each pair of values is compared, in order.

    Raises:
        ValueError: If a dimension or the baseline is missing, or there are not two values to compare.
    """
    import pandas as pd

    rows = list(_rows(scores, along, baseline))
    changes = [difference(before, after) for _, before, after in rows]
    table = pd.DataFrame([place | change._asdict() for (place, *_), change in zip(rows, changes, strict=True)])
    corrected = holm(table.p)
    table.insert(table.columns.get_loc("p") + 1, "p_corrected", corrected)
    if scores.sizes["seed"] < fewest_seeds(len(rows)):
        return table.assign(smallest_effect=np.inf, verdict="too few seeds")
    effects = [smallest_effect(after - before, len(rows)) for _, before, after in rows]
    verdicts = [_verdict(change, p) for change, p in zip(changes, corrected, strict=True)]
    return table.assign(smallest_effect=effects, verdict=verdicts)


def _rows(
    scores: "xr.DataArray", along: str, baseline: Any
) -> Iterator[tuple[dict[Any, Any], np.ndarray, np.ndarray]]:
    """Yields each row's labels, and its scores [seeds] before and after, with NaN for what is not finite."""
    _require_seeds(scores)
    others = [name for name in scores.dims if name not in (along, "seed")]
    checks.one_of("along", along, [name for name in scores.dims if name != "seed"])
    taken = sorted(COLUMNS & set(others))
    checks.require(not taken, "scores", "have no dimension named as a column of the table", taken, "Rename it.")
    values = scores[along].values.tolist()
    pairs = _pairs(along, values, baseline)
    cells = scores.transpose(*others, along, "seed").values.astype(float)
    cells = np.where(np.isfinite(cells), cells, np.nan)
    for place in np.ndindex(cells.shape[:-2]):
        labels = {name: scores[name].values[at] for name, at in zip(others, place, strict=True)}
        for first, second in pairs:
            ends = {"before": values[first], "after": values[second]}
            yield labels | ends, cells[*place, first], cells[*place, second]


def _pairs(along: str, values: list[Any], baseline: Any) -> list[tuple[int, int]]:
    """Returns the positions of what is compared."""
    checks.require(
        len(values) > 1, "along", "name a dimension of at least two values", f"{along!r}, with {values}"
    )
    if baseline is None:
        return list(itertools.combinations(range(len(values)), 2))
    checks.one_of("baseline", baseline, values)
    first = values.index(baseline)
    return [(first, second) for second in range(len(values)) if second != first]


def _verdict(change: Difference, p_corrected: float) -> str:
    if np.isnan(p_corrected):
        return "scores not finite"
    if p_corrected < LEVEL and change.mean > 0 and change.win_rate > 0.5:
        return "better"
    if p_corrected < LEVEL and change.mean < 0 and change.win_rate < 0.5:
        return "worse"
    return "no difference shown"


def _bounds(majority: Any, margin: float, scores: "xr.DataArray") -> "xr.DataArray":
    """Returns the bound below which each score has failed."""
    import xarray as xr

    bounds = xr.zeros_like(scores, float) + majority + margin
    allowed, given = (", ".join(map(str, array.dims)) for array in (scores, bounds))
    same = set(bounds.dims) == set(scores.dims)
    checks.require(same, "majority", f"have no dimension but {allowed}", f"over {given} with the scores")
    return bounds


def _require_seeds(scores: "xr.DataArray") -> None:
    given = f"over {', '.join(map(str, scores.dims))}"
    checks.require("seed" in scores.dims, "scores", "have a dimension `seed`", given, "Rename what stands for it.")
