"""Labels: names, values, places and ranges of labeled arrays in words."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from jaxqkd.statistics import fewest_seeds

Labeled = TypeVar("Labeled", xr.DataArray, xr.Dataset)


def plain(value: Any) -> str:
    """Returns a value in words: fractions in the fewest digits, anything else as it is."""
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)


def spaced(name: Any) -> str:
    """Returns a name with spaces for its underscores."""
    return str(name).replace("_", " ")


def listed(value: Any) -> str:
    """Returns a value of a manifest in words; equal entries of a list are counted."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {listed(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        counts = Counter(map(listed, value))
        return ", ".join(entry if count == 1 else f"{count} × {entry}" for entry, count in counts.items())
    return plain(value)


def counted(number: int, noun: str) -> str:
    """Returns a number with its noun: "1 seed", "2 seeds"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def number(value: Any, form: str = ".3f") -> str:
    """Returns a number in that form, or a dash where it is not finite."""
    return format(float(value), form) if np.isfinite(value) else "–"


def interval(low: Any, high: Any, form: str = ".3f") -> str:
    """Returns an interval that no line breaks."""
    return f"[{number(low, form)},\u00a0{number(high, form)}]"


def label(values: xr.DataArray) -> str:
    """Returns what a variable is, with its unit."""
    unit = values.attrs.get("units", "1")
    return f"{values.attrs.get('long_name', values.name)}" + (f" ({unit})" if unit != "1" else "")


def settings(values: xr.DataArray | xr.Dataset) -> list[str]:
    """Returns the dimensions that are settings of the study."""
    return [str(name) for name in values.dims if name not in ("student", "seed", "epoch")]


def parts(values: Labeled, dimensions: Sequence[str]) -> list[tuple[str, Labeled]]:
    """Returns the part at each place of the dimensions, with the place in words; for none of them, all of it."""
    places = itertools.product(*(range(values.sizes[name]) for name in dimensions))
    cells = [values.isel(dict(zip(dimensions, place, strict=True))) for place in places]
    return [(_place(cell, dimensions), cell) for cell in cells]


def by_student(values: xr.DataArray, form: str) -> str:
    """Returns the range of each student's finite values."""
    return "; ".join(f"{name} {_range(values.sel(student=name), form)}" for name in values.student.values)


def extremes(values: xr.DataArray, form: str) -> str:
    """Returns the least and the largest finite value, with their places."""
    places = parts(values, ["student", *settings(values)])
    finite = [(float(part), place) for place, part in places if np.isfinite(part)]
    if not finite:
        return "is finite nowhere"
    (low, lowest), (high, highest) = (chosen(finite, key=itemgetter(0)) for chosen in (min, max))
    return f"runs from {low:{form}} ({lowest}) to {high:{form}} ({highest})"


def too_few(comparisons: int) -> str:
    """Returns the sentence for studies in which no comparison can pass the correction."""
    return f"Fewer than {fewest_seeds(comparisons)} seeds never pass a correction over {comparisons} comparisons."


def _place(part: xr.DataArray | xr.Dataset, dimensions: Sequence[str]) -> str:
    """Returns where a part stands: "hea, train size = 30"."""
    values = {name: plain(part[name].values[()]) for name in dimensions}
    return ", ".join(at if name == "student" else f"{spaced(name)} = {at}" for name, at in values.items())


def _range(values: xr.DataArray, form: str) -> str:
    finite = values.values[np.isfinite(values.values)]
    if not len(finite):
        return "not finite"
    low, high = format(finite.min(), form), format(finite.max(), form)
    return low if low == high else f"{low} to {high}"
