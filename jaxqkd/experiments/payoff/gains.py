"""Gains: what distillation adds over training without a teacher, by setting, tested and corrected."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr

from jaxqkd.statistics import Difference, difference, holm

Setting = tuple[float, float]
"""A temperature and an alpha."""


class Gains(NamedTuple):
    """What distillation gains one student at one training size and level of label noise.

    Attributes:
        student: Its name.
        train_size: Number of training examples.
        label_noise: Share of wrong labels.
        teacher_f1: Mean of the teacher's macro F1.
        without: Mean of the student's macro F1 at alpha = 0.
        gains: Paired gains over alpha = 0 by (temperature, alpha).
        p_corrected: Their p values, Holm-corrected over all rows.
    """

    student: str
    train_size: int
    label_noise: float
    teacher_f1: float
    without: float
    gains: dict[Setting, Difference]
    p_corrected: dict[Setting, float]


def gains(results: xr.Dataset) -> list[Gains]:
    """Returns a row for each student, training size and level of label noise of the results."""
    settings = [(t, a) for t in results.temperature.values for a in results.alpha.values if a > 0]
    cells = [
        (name, size, noise)
        for name in results.student.values
        for size in results.train_size.values
        for noise in results.label_noise.values
    ]
    pick: Callable[..., xr.DataArray] = results.f1_macro.sel
    found = []
    for name, size, noise in cells:
        at = functools.partial(pick, student=name, train_size=size, label_noise=noise)
        baseline = at(alpha=0.0).isel(temperature=0).values
        gains = {(t, a): difference(baseline, at(temperature=t, alpha=a).values) for t, a in settings}
        teacher = float(results.teacher_f1.sel(label_noise=noise).mean())
        found.append(Gains(str(name), int(size), float(noise), teacher, float(baseline.mean()), gains, {}))
    corrected = holm(np.asarray([gain.p for row in found for gain in row.gains.values()]))
    by_row = corrected.reshape(len(found), len(settings))
    return [
        row._replace(p_corrected=dict(zip(settings, p, strict=True))) for row, p in zip(found, by_row, strict=True)
    ]


def gain_by_case(results: xr.Dataset) -> xr.DataArray:
    """Returns mean gains over alpha = 0, with train_size and label_noise as one dimension `case`."""
    gain = (results.f1_macro - results.f1_macro.sel(alpha=0.0, drop=True)).mean("seed")
    cases = [(size, noise) for noise in results.label_noise.values for size in results.train_size.values]
    parts = [gain.sel(train_size=size, label_noise=noise, drop=True) for size, noise in cases]
    names = [f"{size} labels, {noise:.0%} wrong" for size, noise in cases]
    return xr.concat(parts, dim=xr.DataArray(names, dims="case", name="case"))
