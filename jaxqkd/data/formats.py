"""File formats, each read as a pandas DataFrame with the columns of the file, without pickle."""

import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxqkd import checks, memory
from jaxqkd.data.extras import extra

LARGEST = 2**31
"""The most bytes of a file; of a NumPy archive, unpacked."""

LINE = "line"
"""Name of the index of a frame, if that holds the line numbers of a file."""


def frame_of(path: Path) -> Any:
    """Returns the table in a CSV, Parquet, .npy or .npz file as a pandas DataFrame.

    CSV and Parquet files name their columns. Those of a matrix [N, columns] in a .npy file are numbered 0, 1, ...;
    those of a .npz file are named after its arrays: `y` for an array [N], `x[0]`, `x[1]`, ... for an array [N, D].

    Raises:
        ValueError: If the file is missing, of another kind, broken or too large, or holds Python objects.
    """
    checks.require(path.is_file(), "source", "name a file", f"{str(path)!r}, which is not there")
    cure = "Read it with pandas and give the DataFrame."
    readable = path.suffix.lower() in READERS
    checks.require(readable, "source", f"end in one of {', '.join(READERS)}", repr(path.name), cure)
    _check_size(path.stat().st_size)
    return READERS[path.suffix.lower()](path)


def _csv(path: Path) -> Any:
    # pandas renames repeated columns, so the names are read separately; blank lines are dropped only after each
    # row has the number of its line
    names = _opened(path, _parsed, header=None, nrows=1, dtype=str).iloc[0].tolist()
    frame = _opened(path, _parsed)
    return frame.set_axis(names, axis=1).rename_axis(LINE).rename(lambda row: row + 2).dropna(how="all")


def _parsed(path: Path, **options: Any) -> Any:
    pandas = extra("pandas", "pandas")
    with warnings.catch_warnings():  # pandas would truncate rows longer than the header, and only warn
        warnings.simplefilter("error", pandas.errors.ParserWarning)
        return pandas.read_csv(path, index_col=False, low_memory=False, skip_blank_lines=False, **options)


def _parquet(path: Path) -> Any:
    extra("pyarrow", "pyarrow")
    return _opened(path, extra("pandas", "pandas").read_parquet, engine="pyarrow").reset_index(drop=True)


def _npy(path: Path) -> Any:
    matrix = _opened(path, np.lib.format.open_memmap, mode="r")  # refuses objects, and shapes larger than the file
    checks.rank("source", matrix, 2, "[N, columns]")
    return extra("pandas", "pandas").DataFrame(np.array(matrix))


def _npz(path: Path) -> Any:
    _check_size(_opened(path, _unpacked_size))
    arrays = _opened(path, _arrays)
    for name, array in arrays.items():
        actual = f"{name!r} of shape {array.shape}"
        checks.require(array.ndim in (1, 2), "source", "hold arrays [N] and [N, D]", actual, "Flatten images.")
    lengths = {name: len(array) for name, array in arrays.items()}
    cure = "Save each part of the data in a file of its own."
    checks.require(len(set(lengths.values())) == 1, "source", "hold arrays of one length", lengths, cure)
    pandas = extra("pandas", "pandas")
    frames = [pandas.DataFrame(array, columns=_columns(name, array)) for name, array in arrays.items()]
    return pandas.concat(frames, axis=1)


def _unpacked_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def _columns(name: str, array: np.ndarray) -> list[str]:
    return [name] if array.ndim == 1 else [f"{name}[{column}]" for column in range(array.shape[1])]


def _opened(path: Path, reader: Callable[..., Any], **options: Any) -> Any:
    try:
        return reader(path, **options)
    except Exception as error:  # readers raise various errors on broken files
        reason = str(error).strip().rstrip(".")
        must = f"be a readable {path.suffix} file"
        raise checks.error("source", must, f"{path.name!r}: {reason}") from error


def _check_size(size: int) -> None:
    must = f"take at most {memory.readable(LARGEST)}"
    cure = "Read it in parts, and pass the arrays to from_arrays."
    checks.require(size <= LARGEST, "source", must, memory.readable(size), cure)


READERS: Mapping[str, Callable[[Path], Any]] = {".csv": _csv, ".parquet": _parquet, ".npy": _npy, ".npz": _npz}
