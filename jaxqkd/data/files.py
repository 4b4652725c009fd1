"""The user's own data: arrays, files and pandas tables, validated on the host."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.data.extras import extra
from jaxqkd.data.formats import LINE, frame_of
from jaxqkd.types import Data


class Table(NamedTuple):
    """A table as data, with the names of its features and classes.

    Attributes:
        data: Features and labels.
        features: Names of the columns of `data.x`.
        classes: Names of the classes in the order of their labels.
    """

    data: Data
    features: tuple[str, ...]
    classes: tuple[str, ...]


def from_arrays(x: Any, labels: Any, *, classes: int | None = None) -> Data:
    """Returns the user's own arrays as Data, validated on the host.

    Args:
        x: Features [N, D], numbers without NaN or infinity.
        labels: Class numbers [N], whole numbers from 0, or booleans, of at least two classes.
        classes: Number of classes that labels must be below, or None for any.

    Returns:
        Data with x of JAX's default float type and labels as integers.

    Raises:
        ValueError: If an array is not as described; the message names the first bad row and column.
    """
    features, targets = np.asarray(x), np.asarray(labels)
    checks.rank("x", features, 2, "[N, features]")
    checks.rank("labels", targets, 1, "[N]")
    checks.require(features.size > 0, "x", "hold at least one example", f"of shape {features.shape}")
    cure = "Encode other types as numbers first."
    checks.require(features.dtype.kind in "iufb", "x", "be numbers", f"of dtype {features.dtype}", cure)
    counts = f"{len(targets)} for {len(features)} rows of `x`"
    checks.require(len(features) == len(targets), "labels", "be as many as the rows of `x`", counts)
    features = _as_float(features)
    checks.finite_rows("x", features)
    targets = targets.astype(int) if targets.dtype == bool else targets
    checks.labels("labels", targets, classes=classes)
    present = np.unique(targets)
    checks.require(len(present) > 1, "labels", "hold at least two classes", f"class {present[0]} alone")
    return Data(jnp.asarray(features), jnp.asarray(targets, int))


def read(
    source: Any,
    *,
    label: str | int,
    ignore: Sequence[str | int] = (),
    missing: str = "error",
    classes: Sequence[str] | None = None,
) -> Table:
    """Returns a file of examples, one in each row, as a table of features and labels.

    The label column becomes the labels, all others the features. A CSV file starts with a line of column names.
    The columns of a .npy matrix are named 0, 1, ...; an array `y` [N] of a .npz file is the column "y", an array
    `x` [N, D] the columns "x[0]", "x[1]", .... Errors count rows from 1, without the line of names and blank
    lines, and give the line of a CSV file as well.

    Args:
        source: Path of a .csv, .parquet, .npy or .npz file, or a pandas DataFrame.
        label: Name of the label column. Its text, booleans or whole numbers are numbered from 0 in sorted order.
        ignore: Names of columns to leave out.
        missing: "error" refuses an empty cell; "drop" leaves out its row, and warns with the number of such rows.
        classes: Names of classes, such as those of an earlier table, whose order numbers the labels; by default
            those of this table in sorted order.

    Returns:
        A `Table` of data, names of features and names of classes.

    Raises:
        ValueError: If the table is not as described; the message names the first bad row and column, and the cure.
        ImportError: If a Parquet file is read without pyarrow.
    """
    checks.one_of("missing", missing, ("error", "drop"))
    frame = _frame(source)
    _check_columns(frame.columns, label, ignore)
    frame = _complete(frame.drop(columns=list(ignore)), missing)
    features = frame.drop(columns=[label])
    names, labels = _numbered(frame, label, classes)
    return Table(from_arrays(_numbers(features), labels), tuple(map(str, features.columns)), names)


def feature_matrix(frame: Any, columns: Sequence[str | int]) -> np.ndarray:
    """Returns columns of a pandas DataFrame as features [N, D] of JAX's default float type, in the given order.

    Args:
        frame: The DataFrame.
        columns: Names of its columns.

    Raises:
        ValueError: If a column is missing, or holds anything but finite numbers; the message names the first bad
            row and column.
    """
    known = frame.columns.tolist()
    for name in columns:
        checks.require(name in known, "columns", f"be among those of the table, {_listed(known)}", repr(name))
    return _numbers(_complete(frame[list(columns)], "error"))


def _frame(source: Any) -> Any:
    if isinstance(source, str | os.PathLike):
        return frame_of(Path(source))
    is_frame = isinstance(source, extra("pandas", "pandas").DataFrame)
    checks.require(is_frame, "source", "be a path or a pandas DataFrame", f"a {type(source).__name__}")
    return source.reset_index(drop=True)


def _check_columns(columns: Any, label: str | int, ignore: Sequence[str | int]) -> None:
    cure = "Name them, or leave them out of the file; pandas writes its index in this way, unless index=False."
    unnamed = np.flatnonzero(columns.isna()).tolist()
    checks.require(not unnamed, "source", "name its columns", f"nameless in columns {_listed(unnamed)}", cure)
    repeated = columns[columns.duplicated()].unique().tolist()
    checks.require(not repeated, "source", "name each column once", f"repeating {_listed(repeated)}")
    checks.require(not isinstance(ignore, str), "ignore", "be a sequence of names", repr(ignore))
    names = columns.tolist()
    for argument, name in [("label", label), *(("ignore", name) for name in ignore)]:
        cure = f"{checks.did_you_mean(name, names)} The columns are {_listed(names)}.".strip()
        checks.require(name in names, argument, "name a column of the table", repr(name), cure)
    checks.require(label not in ignore, "ignore", "leave the label column in", list(ignore))
    features = set(names) - {label, *ignore}
    checks.require(len(features) > 0, "source", "have a feature column", "without one beside the label")


def _complete(frame: Any, missing: str) -> Any:
    """Returns the rows without an empty cell; refuses or drops the others."""
    gaps = frame.isna().to_numpy()
    incomplete = gaps.any(axis=1)
    if missing == "error":
        cure = 'Fill it, ignore the column, or leave out such rows with missing="drop".'
        _check_cells(frame, gaps, "have a value in every cell", "empty", cure)
    elif incomplete.any():
        warnings.warn(f"Dropped {incomplete.sum()} of {len(frame)} rows, which lack a value.", stacklevel=3)
    checks.require(not incomplete.all(), "source", "have a complete row", f"of {len(frame)} rows without one")
    return frame[~incomplete].infer_objects()


def _numbered(frame: Any, label: str | int, classes: Sequence[str] | None) -> tuple[tuple[str, ...], np.ndarray]:
    """Returns the names of the classes, and labels [N], which number them from 0."""
    values = frame[label].to_numpy()
    if values.dtype.kind == "f":  # pandas stores whole numbers as floats in a column with empty cells
        cure = "Divide the target of a regression into classes first."
        bad = (values != np.floor(values)) | np.isinf(values)
        _check_cells(frame[[label]], bad[:, None], "have classes for labels", "no whole number", cure)
        values = values.astype(int)
    elif values.dtype.kind not in "iub":
        values = values.astype(str)
    distinct, labels = np.unique(values, return_inverse=True)
    names = tuple(map(str, distinct))
    actual = f"{label!r}, always {names[0]}"
    checks.require(len(names) > 1, "label", "name a column of two classes or more", actual)
    if classes is None:
        return names, labels
    unknown = [name for name in names if name not in classes]
    checks.require(not unknown, "classes", "name every class of the table", f"without {_listed(unknown)}")
    return tuple(classes), np.array([list(classes).index(name) for name in names])[labels]


def _numbers(frame: Any) -> np.ndarray:
    """Returns columns of features as an array [N, D] of JAX's default float type; refuses other types."""
    others = [name for name, dtype in frame.dtypes.items() if dtype.kind not in "iufb"]
    cure = f"Encode them as numbers, or leave them out with ignore=({_listed(others)})."
    checks.require(not others, "source", "have numbers for features", f"otherwise in {_listed(others)}", cure)
    x = _as_float(frame.to_numpy(float))
    _check_cells(frame, ~np.isfinite(x), "have finite features", "infinite", "Correct it, or leave it out.")
    return x


def _as_float(array: np.ndarray) -> np.ndarray:
    """Returns the array in JAX's default float type; numbers beyond its range become infinite."""
    with np.errstate(over="ignore"):
        return array.astype(jnp.zeros(()).dtype)


def _check_cells(frame: Any, bad: np.ndarray, must: str, value: str, cure: str) -> None:
    """Refuses a frame with a bad cell; the message names the first one, with rows counted from 1."""
    if bad.any():
        row, column = np.argwhere(bad)[0]
        line = f" (line {frame.index[row]} of the file)" if frame.index.name == LINE else ""
        first = f"{value} at row {row + 1}{line}, column {frame.columns[column]!r}"
        raise checks.error("source", must, first, cure)


def _listed(names: Sequence[Any], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
