"""Scores: those of a run, so far, in one small file for other programs."""

import os
from pathlib import Path

import numpy as np
import xarray as xr

from jaxqkd import checks, metrics
from jaxqkd.files import write_whole
from jaxqkd.studies import complete_seeds, load

STEP = 1e-4
"""What stored scores are whole multiples of: a hundredth of what one of 100 test rows is worth."""
OF_RUNS, OF_SEEDS = ("f1_weighted", "f1_macro", "epochs", "diverged"), ("majority_f1_weighted", "teacher_f1")


def save_scores(directory: str | os.PathLike, path: str | os.PathLike) -> int:
    """Writes the scores of the first seeds, whose blocks are all there, as netCDF 3; returns how many seeds.

    `xarray.open_dataset(path, engine="scipy")` reads them as fractions: they are stored in 16 bits, in steps of
    0.0001, so that 10,000 seeds of 32 trainings take 2 MB. Figures that all trainings of a seed share, such as its
    teacher's score, are stored once.

    Args:
        directory: The directory of a run of the design "seeds".
        path: The file to be written.

    Raises:
        ValueError: If no seed is complete, or the run is of another design.
    """
    seeds = complete_seeds(directory)
    checks.require(seeds > 0, "directory", "hold a complete seed", str(directory), "Let the run go on.")
    results = load(directory, units=metrics.UNITS, seeds=seeds)
    of_seeds = "distilled" in results.dims
    checks.require(of_seeds, "directory", 'hold a run of the design "seeds"', "one of another design")
    write_whole(Path(path), bytes(compact(results).to_netcdf(engine="scipy")))
    return seeds


def compact(results: xr.Dataset) -> xr.Dataset:
    """Returns the scores as whole numbers with a scale, and each figure of a seed once."""
    shared = {name: results[name].isel(student=0, reading=0, distilled=0, drop=True) for name in OF_SEEDS}
    whole = {name: results[name] for name in OF_RUNS} | shared
    return xr.Dataset({name: _packed(values) for name, values in whole.items()}, attrs=results.attrs)


def _packed(values: xr.DataArray) -> xr.DataArray:
    """Returns values as 16-bit integers; scores with the scale that readers multiply by."""
    if values.dtype.kind in "biu":
        return values.astype(np.int16)
    return (values / STEP).round().astype(np.int16).assign_attrs(values.attrs | {"scale_factor": STEP})
