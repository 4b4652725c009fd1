"""The directory of a study's results: claimed before the work, written once it is done."""

import csv
import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from jaxqkd import checks

MANIFEST = "manifest.json"
PACKAGES = [
    "jaxqkd",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "tensorcircuit-ng",
    "numpy",
    "scipy",
    "xarray",
    "matplotlib",
]


def claim(directory: Path, study: str, options: Mapping[str, Any]) -> None:
    """Creates the directory and proves that it can be written, or refuses it.

    An empty directory is accepted, and one that holds results of the same study with the same options, which
    will be replaced by equal ones.

    Raises:
        ValueError: If the directory holds anything else.
        OSError: If it cannot be created or written.
    """
    found = sorted(entry.name for entry in directory.iterdir()) if directory.is_dir() else []
    if found:
        _refuse_foreign(directory, found, study, options)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        pass


@contextmanager
def claimed(directory: Path, study: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Claims the directory; if what follows fails before it has written anything, removes it again."""
    claim(directory, study, options)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            directory.rmdir()
        raise


def save_text(path: Path, text: str) -> None:
    """Writes text; the file appears under its name only when it is whole."""
    _replace(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def save_rows(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Writes a CSV file; numbers in the fewest digits that give the same number again."""

    def write(temporary: Path) -> None:
        with temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)

    _replace(path, write)


def save_dataset(path: Path, results: xr.Dataset) -> None:
    """Writes a dataset as netCDF 3, with flags as 0 and 1."""
    flags = {name: values.astype(np.int8) for name, values in results.items() if values.dtype == bool}
    _replace(path, lambda temporary: results.assign(flags).to_netcdf(temporary, engine="scipy"))


def save_figure(path: Path, figure: Figure) -> None:
    """Writes a figure as PNG."""
    _replace(path, lambda temporary: figure.savefig(temporary, format="png", dpi=150))


def save_manifest(path: Path, study: str, options: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Writes what was run and with what: the study, its options, versions, devices, and further facts."""
    manifest = {
        "study": study,
        "options": dict(options),
        **facts,
        "dtype": str(jax.numpy.zeros(()).dtype),
        "devices": [device.device_kind for device in jax.local_devices()],
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    standard = json.loads(json.dumps(manifest), parse_constant=lambda _: None)  # JSON has no NaN: unknown is null
    save_text(path, json.dumps(standard, indent=2) + "\n")


def digest(arrays: Any) -> str:
    """Returns the SHA-256 of a pytree of arrays: their shapes, types and bytes, in order."""
    total = hashlib.sha256()
    for leaf in jax.tree.leaves(arrays):
        values = np.ascontiguousarray(leaf)
        total.update(f"{values.shape}{values.dtype.str}".encode())
        total.update(values.tobytes())
    return total.hexdigest()


def _refuse_foreign(directory: Path, found: list[str], study: str, options: Mapping[str, Any]) -> None:
    cure = "Choose another directory with --out."
    try:
        earlier = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        before = {"study": earlier["study"]} | earlier["options"]
    except (OSError, ValueError, TypeError, KeyError):
        held = f"{directory} with {', '.join(found[:3])}" + (" ..." if len(found) > 3 else "")
        checks.require(False, "out", "be a new or empty directory, or one of this study", held, cure)
    now = {"study": study} | json.loads(json.dumps(dict(options)))
    unlike = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    told = ", ".join(f"{name} {before.get(name)} there, {now.get(name)} here" for name in sorted(unlike))
    checks.require(not unlike, "out", "hold the same study", f"{directory} with {told}", cure)


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    temporary = path.with_name(f".{path.name}.partial")
    try:
        write(temporary)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
