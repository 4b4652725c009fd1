"""The command `jaxqkd predict`: a saved student scores new rows."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from jaxqkd import checks, metrics
from jaxqkd.data import feature_matrix
from jaxqkd.data.formats import frame_of
from jaxqkd.files import save_text
from jaxqkd.saving import TEXT, Student, load_student

ROWS = 256
"""Rows scored at once."""


def predict(
    *,
    model: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    data: Annotated[Path, tyro.conf.arg(metavar="FILE")],
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
) -> int:
    """Score new rows with a saved student: each gets a CSV line with its class and all classes' probabilities.

    Columns are matched by their names, in any order; columns that the student was not trained on are ignored, with
    a message. If the file has the label column, macro F1 and accuracy are printed as well.

    Args:
        model: The student: the directory of `jaxqkd distil`, its folder student/, or one of `save_student`.
        data: A .csv, .parquet, .npy or .npz file with the columns that the student was trained on.
        out: The CSV file to write; by default the lines are printed.
    """
    student = load_student(model if (model / TEXT).is_file() else model / "student")
    frame = frame_of(data).rename(columns=str)
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    checks.require(not repeated, "data", "name each column once", f"repeating {', '.join(map(repr, repeated))}")
    label = student.facts.get("label")
    known = _labels(student, frame[label]) if label in frame.columns else None
    scores = _scores(student, features(student, frame))
    if out is None:
        print(_table(student, scores), end="")
    else:
        save_text(out, _table(student, scores))
    if known is not None and len(known[0]):
        print(_summary(scores, *known), file=sys.stderr)
    return 0


def features(student: Student, frame: Any) -> np.ndarray:
    """Returns the student's columns of a pandas DataFrame [N, D], by name.

    Raises:
        ValueError: If a column is not there, is no number, or lacks a value.
    """
    columns = list(frame.columns if student.columns is None else student.columns)
    lacking = [name for name in columns if name not in frame.columns]
    found = f"without {', '.join(map(repr, lacking))}"
    cure = f"It holds {', '.join(map(repr, frame.columns))}."
    checks.require(not lacking, "data", "have the columns that the student was trained on", found, cure)
    strange = [str(name) for name in frame.columns if name not in (*columns, student.facts.get("label"))]
    if strange:
        print(f"jaxqkd: left out columns that the student does not know: {', '.join(strange)}", file=sys.stderr)
    return feature_matrix(frame, columns)


def _scores(student: Student, x: np.ndarray) -> jax.Array:
    """Returns logits [N, C], a few rows at a time, which bounds the memory."""
    parts = [student.logits(jnp.asarray(x[first : first + ROWS])) for first in range(0, len(x), ROWS)]
    return jnp.concatenate(parts)


def _table(student: Student, scores: jax.Array) -> str:
    """Returns a CSV text: the row's number from 1, its class, and the probability of each class."""
    names = student.names or tuple(map(str, range(scores.shape[1])))
    chances, best = np.asarray(jax.nn.softmax(scores)), np.asarray(metrics.predictions(scores))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["row", "predicted", *(f"p({name})" for name in names)])
    for row, (place, line) in enumerate(zip(best, chances, strict=True), start=1):
        writer.writerow([row, names[place], *(f"{chance:.6f}" for chance in line)])
    return stream.getvalue()


def _labels(student: Student, column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows that have a label, and the numbers of their classes; refuses unknown classes."""
    rows = np.flatnonzero(column.notna())
    values = column.iloc[rows].infer_objects().to_numpy()
    is_float = values.dtype.kind == "f"  # as pandas stores whole numbers in a column with empty cells
    is_whole = is_float and np.array_equal(values, np.floor(values)) and np.all(np.abs(values) < 2**53)
    texts = (values.astype(int) if is_whole else values).astype(str)
    names = list(student.names or map(str, range(student.model.classes)))
    unknown = sorted(set(texts) - set(names))
    must = f"hold the student's classes, {', '.join(names)}, in column {column.name!r}"
    cure = "Correct it, or leave the column out."
    checks.require(not unknown, "data", must, f"with {', '.join(unknown)}", cure)
    return rows, np.asarray([names.index(text) for text in texts], int)


def _summary(scores: jax.Array, rows: np.ndarray, labels: np.ndarray) -> str:
    f1 = float(metrics.f1(scores[rows], jnp.asarray(labels), classes=scores.shape[1]))
    accuracy = float(metrics.accuracy(scores[rows], jnp.asarray(labels)))
    return f"On {len(rows)} rows with a label: macro F1 {f1:.3f}, accuracy {accuracy:.3f}."
