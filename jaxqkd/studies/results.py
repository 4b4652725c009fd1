"""Results: the blocks of a study joined in one labeled dataset, and files of it for other programs."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxqkd import checks
from jaxqkd.files import save_rows, write_whole
from jaxqkd.studies import blocks, store
from jaxqkd.studies.blocks import Result
from jaxqkd.studies.study import Block, cut, identity

if TYPE_CHECKING:
    import xarray as xr

UNITS = {
    "loss": ("training loss", "nat"),
    "val_loss": ("validation loss", "nat"),
    "gradient_norm": ("norm of the training loss's gradient", "nat"),
    "epochs": ("epochs trained", "1"),
    "best_epoch": ("epoch with the least validation loss", "1"),
    "diverged": ("whether the loss ceased to be finite", "1"),
    "seconds": ("wall-clock time of the runs", "s"),
    "compile_seconds": ("wall-clock time of compilation", "s"),
}
"""Long name and unit of what a training and a program record."""


def load(
    directory: str | os.PathLike,
    *,
    units: Mapping[str, tuple[str, str]] | None = None,
    seeds: int | None = None,
) -> "xr.Dataset":
    """Returns the results of a study, from its directory.

    Args:
        directory: The study's directory.
        units: Long name and unit by the names of other variables than those in `UNITS`, for tables and figures;
            those of the usual scores are `jaxqkd.metrics.UNITS`.
        seeds: Only the first so many seeds, whose blocks alone have to be there; see `complete_seeds`.

    Returns:
        A dataset over student, the settings in the study's order, seed, and epoch where a run returned arrays as
        long as the study's option `epochs`; with `seconds` and `compile_seconds` by student and static setting,
        and as attributes the study's name, `version`, id and `score`, its `options` as JSON, the devices, and the
        SHA-256 of the seeds' data.

    Raises:
        ValueError: If blocks are missing or damaged, or this is no study's directory.
    """
    import xarray as xr

    where = Path(directory)
    whole = store.description(where)
    description = whole if seeds is None else _first_seeds(whole, seeds)
    read = _read(where, description, identity(whole))
    settings, static = description["settings"], description["static"]
    traced = [name for name in settings if name not in static]
    stored = ("student", *static, *traced, "seed")
    coordinates = {"student": description["students"], **settings, "seed": np.arange(description["seeds"])}
    lengths = [len(coordinates[name]) for name in stored]
    variables = {
        name: ((*stored, *_further(name, array.shape[len(stored) :], description)), array)
        for name, array in _assembled(description, read, lengths).items()
    }
    of_programs = {name: (stored[: 1 + len(static)], array) for name, array in _times(description, read).items()}
    results = xr.Dataset(
        variables | of_programs, coords=coordinates, attrs=_attributes(description, read) | {"id": identity(whole)}
    )
    for name, words in {**(units or {}), **UNITS}.items():
        if name in results:
            results[name].attrs.update(zip(("long_name", "units"), words, strict=True))
    return results.transpose("student", *settings, "seed", ...)


def complete_seeds(directory: str | os.PathLike) -> int:
    """Returns how many first seeds of a study have all of their blocks in its directory, undamaged.

    Blocks are computed in the order of their seeds, so that a study that is stopped is one of fewer seeds.
    """
    where = Path(directory)
    description = store.description(where)
    study = identity(description)
    for block in cut(description):
        if not blocks.is_whole(blocks.path(where, block.number), study):
            return block.first
    return description["seeds"]


def save_runs(path: Path, results: "xr.Dataset") -> None:
    """Writes a CSV file with a line for each run: its coordinates, then its scalars.

    Numbers have the fewest digits that identify them; flags are 0 or 1.
    """
    first = results.data_vars[results.attrs["score"]]
    columns = [str(name) for name, values in results.data_vars.items() if values.dims == first.dims]
    labels = [results[name].values for name in first.dims]
    scores = [results[name].values for name in columns]
    lines = (
        [*(axis[at] for axis, at in zip(labels, places, strict=True)), *(_plain(v[places]) for v in scores)]
        for places in np.ndindex(*first.shape)
    )
    save_rows(path, (*(str(name) for name in first.dims), *columns), lines)


def save_dataset(path: Path, results: "xr.Dataset") -> None:
    """Writes a dataset as netCDF 3, with flags as 0 and 1. See xarray's `to_netcdf` for netCDF 4."""
    flags = {name: values.astype(np.int8) for name, values in results.items() if values.dtype == bool}
    write_whole(path, bytes(results.assign(flags).to_netcdf(engine="scipy")))


def _first_seeds(description: Mapping[str, Any], seeds: int) -> dict[str, Any]:
    """Returns the description with fewer seeds, in the same blocks."""
    checks.integer("seeds", seeds)
    size, most = description["block"], description["seeds"]
    fits = seeds == most or (seeds < most and seeds % size == 0)
    checks.require(fits, "seeds", f"be a multiple of {size}, the seeds of a block, or {most}", seeds)
    return {**description, "seeds": seeds}


def _read(where: Path, description: Mapping[str, Any], study: str) -> list[tuple[Block, Result]]:
    """Returns all blocks; refuses the directory if one is missing or damaged."""
    read, wanted = [], cut(description)
    for block in wanted:
        with suppress(FileNotFoundError, blocks.DamagedError):
            read.append((block, blocks.load(blocks.path(where, block.number), study)))
    lacking = len(wanted) - len(read)
    state = f"{where}, where {lacking} of {len(wanted)} are missing or damaged"
    cure = "Run the study again; it goes on."
    checks.require(lacking == 0, "directory", "hold all blocks of its study", state, cure)
    return read


def _assembled(
    description: Mapping[str, Any], read: Sequence[tuple[Block, Result]], lengths: Sequence[int]
) -> dict[str, np.ndarray]:
    """Returns each variable [student, static settings, traced settings, seed, ...]."""
    cells = len(lengths) - 2 - len(description["static"])
    whole = {
        name: np.empty((*lengths, *values.shape[cells + 1 :]), values.dtype)
        for name, values in read[0][1].values.items()
    }
    for block, result in read:
        at: tuple = (*_place(description, block), *(slice(None),) * cells, slice(block.first, block.stop))
        for name, values in result.values.items():
            whole[name][at] = values
    return whole


def _times(description: Mapping[str, Any], read: Sequence[tuple[Block, Result]]) -> dict[str, np.ndarray]:
    """Returns the seconds of the runs, summed, and of compilation, the longest, of each program."""
    lengths = [len(description["settings"][name]) for name in description["static"]]
    seconds = np.zeros((len(description["students"]), *lengths))
    compilation = np.zeros_like(seconds)
    for block, result in read:
        at = _place(description, block)
        seconds[at] += result.facts["seconds"]
        compilation[at] = max(compilation[at], result.facts["compile_seconds"])
    return {"seconds": seconds, "compile_seconds": compilation}


def _place(description: Mapping[str, Any], block: Block) -> tuple[int, ...]:
    """Returns the indices of a block's student and static settings."""
    settings = description["settings"]
    return (
        description["students"].index(block.student),
        *(settings[name].index(value) for name, value in block.static),
    )


def _further(name: str, lengths: tuple[int, ...], description: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns names for the axes of what a run returned: epoch for one of that length, else numbered ones."""
    epochs = description["options"].get("epochs")
    return ("epoch",) if lengths == (epochs,) else tuple(f"{name}_{axis}" for axis in range(len(lengths)))


def _attributes(description: Mapping[str, Any], read: Sequence[tuple[Block, Result]]) -> dict[str, Any]:
    seed_data = {block.first: result.facts["seed_data_sha256"] for block, result in read}
    devices = sorted({_counted(result.facts["devices"]) for _, result in read})
    return {
        "study": description["name"],
        "version": description["version"],
        "id": identity(description),
        "score": description["score"],
        "options": json.dumps(description["options"], sort_keys=True),
        "devices": "; ".join(devices),
        "seed_data_sha256": identity({str(k): v for k, v in seed_data.items()}),
    }


def _counted(devices: list[str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(Counter(devices).items()))


def _plain(value: Any) -> str:
    return str(int(value)) if value.dtype == bool else str(value)
