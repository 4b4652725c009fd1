"""Saved students: a trained model with all that scoring new rows takes, written to two files and read again."""

import functools
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.data import Reduction, apply_reduction
from jaxqkd.files import save_json, write_whole
from jaxqkd.saving.descriptions import described, model_of
from jaxqkd.types import Params

FORMAT = 2
"""Version of the format; another one is refused."""
TEXT, ARRAYS = "student.json", "student.npz"
LARGEST = 2**31
"""The most bytes of a file; larger ones are refused unread."""


class Student(NamedTuple):
    """A trained model with all that scoring new rows takes.

    Attributes:
        model: The model.
        params: Its parameters.
        reduction: The map from the user's features to the model's, or None where those are the same.
        names: Names of the classes, or None; logit 0 is of the first.
        columns: Names of the features, or None.
        facts: Whatever else was saved with it: anything that JSON can hold.
    """

    model: Any
    params: Params
    reduction: Reduction | None
    names: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    facts: Mapping[str, Any]

    def logits(self, x: jax.Array) -> jax.Array:
        """Returns logits [N, C] of the user's features x [N, D], which are reduced first."""
        inputs = x if self.reduction is None else apply_reduction(self.reduction, x)
        return self.model.apply(self.params, inputs)


def save_student(
    directory: str | os.PathLike[str],
    student: Any,
    params: Params,
    *,
    reduction: Reduction | None = None,
    names: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Writes a trained model as `student.json` and `student.npz` to a directory, for `load_student`.

    An earlier student there is replaced. The initializer and taps are left out: they matter in training alone.

    Args:
        directory: Where to; made if it is not there.
        student: A `QuantumStudent`, `MLP` or `Linear`, without noise, with an encoding that ships.
        params: Its parameters, all finite.
        reduction: The map of features that it was trained behind, see `jaxqkd.data.fit_reduction`.
        names: Names of the classes, as `jaxqkd.data.read` gives them.
        columns: Names of the features.
        facts: Whatever else is to be known of it: anything that JSON can hold.

    Raises:
        ValueError: If the model is of another kind, or the parameters or names do not fit it.
        OSError: If the directory cannot be written.
    """
    told = {"model": described(student), "names": names, "columns": columns, "facts": dict(facts or {})}
    arrays = _flat({"params": params} | ({} if reduction is None else {"reduction": reduction._asdict()}))
    _assembled(told, arrays, "student")
    where = Path(directory)
    where.mkdir(parents=True, exist_ok=True)
    content = _archive(arrays)
    write_whole(where / ARRAYS, content)
    save_json(where / TEXT, {"format": FORMAT, "sha256": hashlib.sha256(content).hexdigest(), **told})


def load_student(directory: str | os.PathLike[str]) -> Student:
    """Returns the trained model that `save_student` wrote to a directory.

    Raises:
        ValueError: If there is none, or it is damaged, of another format, or does not fit together.
    """
    text, archive = Path(directory) / TEXT, Path(directory) / ARRAYS
    for path in (text, archive):
        must, cure = f"hold {TEXT} and {ARRAYS}", "Give the directory that a student was saved to."
        checks.require(path.is_file(), "directory", must, f"{directory} without {path.name}", cure)
        checks.require(path.stat().st_size <= LARGEST, "directory", "hold small files", f"{path}, which is larger")
    try:
        told = json.loads(text.read_text(encoding="utf-8"))
        version, seal = told["format"], told["sha256"]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{text} is no saved student: {error!r}. Save the student again.") from error
    checks.require(version == FORMAT, "directory", f"hold a student of format {FORMAT}", f"{text} of {version!r}")
    content = archive.read_bytes()
    whole = hashlib.sha256(content).hexdigest() == seal
    cure = "Save the student again."
    checks.require(whole, "directory", f"hold the {ARRAYS} of its {TEXT}", f"{archive}, with another", cure)
    try:
        return _assembled(told, _unpacked(archive, content), str(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{text} is no saved student: {error!r}. {cure}") from error


def _assembled(told: Mapping[str, Any], arrays: Mapping[str, np.ndarray], source: str) -> Student:
    """Returns the student of what is described, with its arrays; refuses what does not fit together."""
    names, columns = (_texts(at, told[at]) for at in ("names", "columns"))
    try:
        model = model_of(told["model"])
        params, reduction = _trees(model, arrays, None if columns is None else len(columns))
    except ValueError as error:
        raise ValueError(f"{source} does not fit together: {error}") from error
    if names is not None:
        checks.require(len(names) == model.classes, "names", f"name the {model.classes} classes", list(names))
    if columns is not None and reduction is not None:
        must = f"name the {len(reduction.mean)} features of `reduction`"
        checks.require(len(columns) == len(reduction.mean), "columns", must, list(columns))
    return Student(model, params, reduction, names, columns, told["facts"])


def _texts(argument: str, values: Sequence[str] | None) -> tuple[str, ...] | None:
    if values is not None:
        checks.names(argument, values)
    return None if values is None else tuple(map(str, values))


def _trees(model: Any, arrays: Mapping[str, np.ndarray], width: int | None) -> tuple[Params, Reduction | None]:
    """Returns the parameters and the reduction, tried on features of the known width."""
    for name, values in arrays.items():
        finite = values.dtype.kind == "f" and bool(np.isfinite(values).all())
        checks.require(finite, "params", "be finite numbers", f"otherwise in {name!r}")
    trees: dict[str, Any] = {}
    for path, values in arrays.items():
        *folders, name = path.split("/")
        folder = functools.reduce(lambda tree, inner: tree.setdefault(inner, {}), folders, trees)
        folder[name] = jnp.asarray(values)
    reduction = Reduction(**trees["reduction"]) if "reduction" in trees else None
    seen = width if reduction is None else reduction.components.shape[1]
    if seen is not None:
        _try(model, trees["params"], seen)
    return trees["params"], reduction


def _try(model: Any, params: Params, width: int) -> None:
    """Refuses parameters that the model cannot be applied with."""
    try:
        scores = jax.eval_shape(model.apply, params, jax.ShapeDtypeStruct((1, width), jnp.zeros(()).dtype))
    except Exception as error:  # what linen, an encoding or a gate thinks of
        told = str(error).strip().splitlines()[0]
        raise ValueError(f"the model takes no such parameters for {width} features: {told}") from error
    checks.require(scores.shape == (1, model.classes), "params", "give a logit a class", scores.shape)


def _flat(tree: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the leaves of nested dicts by path, as "params/head/kernel"."""
    leaves = jax.tree.leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(leaf) for path, leaf in leaves}


def _archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _unpacked(archive: Path, content: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as entries:
            size = sum(entry.file_size for entry in entries.infolist())
        checks.require(size <= len(content), "archive", "unpack to its own size", f"one of {size} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{archive} does not hold a student's arrays: {error}") from error
