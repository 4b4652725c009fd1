"""Saved students: a trained model and what is needed to score new rows, written to two files and read again."""

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.data import Reduction, apply_reduction
from jaxqkd.files import load_archive, load_json, save_archive, save_json
from jaxqkd.saving.descriptions import described, model_of
from jaxqkd.types import Params

FORMAT = 4
"""Version of the format."""
READABLE = (3, FORMAT)
"""Versions that can be read; files of any other are refused. In 3 a student has no readout, and reads <Z>."""
TEXT, ARRAYS = "student.json", "student.npz"
_CURE = "Save the student again."
_KINDS: Mapping[str, Any] = {
    "sha256": str,
    "model": dict,
    "names": list | None,
    "columns": list | None,
    "facts": dict,
}
"""What `student.json` holds beside its format."""


class Student(NamedTuple):
    """A trained model and what is needed to score new rows.

    Attributes:
        model: The model.
        params: Its parameters.
        reduction: The map from the user's features to the model's, or None if they are the same.
        names: Names of the classes in the order of the logits, or None.
        columns: Names of the user's features, or None.
        facts: Anything else that was saved with it and that JSON can hold.
    """

    model: Any
    params: Params
    reduction: Reduction | None
    names: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    facts: Mapping[str, Any]

    def logits(self, x: jax.Array) -> jax.Array:
        """Returns logits [N, C] of the user's features x [N, D], after their reduction."""
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

    An earlier student there is replaced. The initializer and taps are left out, since only training needs them.

    Args:
        directory: The directory, which is created if it is missing.
        student: A `QuantumStudent`, `MLP` or `Linear`, without noise, with an encoding of this package.
        params: Its parameters, all finite.
        reduction: The map of features that it was trained on, see `jaxqkd.data.fit_reduction`.
        names: Names of the classes, as `jaxqkd.data.read` returns them.
        columns: Names of the features.
        facts: Anything else to keep with it that JSON can hold.

    Raises:
        ValueError: If the model is of another kind, or the parameters or names do not fit it.
        OSError: If the directory cannot be written.
    """
    description = {"model": described(student), "names": names, "columns": columns, "facts": dict(facts or {})}
    arrays = _flat({"params": params} | ({} if reduction is None else {"reduction": reduction._asdict()}))
    _assembled(description, arrays, "student")
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = save_archive(folder / ARRAYS, arrays)
    save_json(folder / TEXT, {"format": FORMAT, "sha256": sha256, **description})


def load_student(directory: str | os.PathLike[str]) -> Student:
    """Returns the trained model that `save_student` wrote to a directory.

    Raises:
        ValueError: If there is none, or it is damaged, of another format, or does not fit together.
    """
    text, archive = Path(directory) / TEXT, Path(directory) / ARRAYS
    for path in (text, archive):
        must, cure = f"hold {TEXT} and {ARRAYS}", "Give the directory that a student was saved to."
        checks.require(path.is_file(), "directory", must, f"{directory} without {path.name}", cure)
    description = _description(text)
    content = load_archive(archive)
    must = f"hold the {ARRAYS} of its {TEXT}"
    checks.require(content.sha256 == description["sha256"], "directory", must, f"{archive}, of another", _CURE)
    try:
        return _assembled(description, content.arrays, str(text))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{text} is no saved student: {error!r}. {_CURE}") from error


def _description(path: Path) -> dict[str, Any]:
    """Returns the content of `student.json`; refuses another format."""
    description = load_json(path)
    version, must = description.get("format"), f"hold a student of format {' or '.join(map(str, READABLE))}"
    checks.require(version in READABLE, "directory", must, f"{path} of {version!r}")
    for name, kinds in _KINDS.items():
        value = description.get(name)
        whole = name in description and isinstance(value, kinds)
        actual = f"{path}, where it is {value!r:.60}"
        checks.require(whole, "directory", f"hold a student with {name}", actual, _CURE)
    return description


def _assembled(description: Mapping[str, Any], arrays: Mapping[str, np.ndarray], source: str) -> Student:
    """Returns the student of a description and arrays; refuses those that do not fit together."""
    names, columns = (_texts(argument, description[argument]) for argument in ("names", "columns"))
    try:
        model = model_of(description["model"])
        params, reduction = _trees(model, arrays, None if columns is None else len(columns))
    except ValueError as error:
        raise ValueError(f"{source} does not fit together: {error}") from error
    if names is not None:
        checks.require(len(names) == model.classes, "names", f"name the {model.classes} classes", list(names))
    if columns is not None and reduction is not None:
        must = f"name the {len(reduction.mean)} features of `reduction`"
        checks.require(len(columns) == len(reduction.mean), "columns", must, list(columns))
    return Student(model, params, reduction, names, columns, description["facts"])


def _texts(argument: str, values: Sequence[str] | None) -> tuple[str, ...] | None:
    if values is not None:
        checks.names(argument, list(map(str, values)))
    return None if values is None else tuple(map(str, values))


def _trees(model: Any, arrays: Mapping[str, np.ndarray], width: int | None) -> tuple[Params, Reduction | None]:
    """Returns the parameters and the reduction; applies the model to shapes of that width, if it is known."""
    for name, values in arrays.items():
        finite = values.dtype.kind == "f" and bool(np.isfinite(values).all())
        checks.require(finite, "params", "be finite numbers", f"otherwise in {name!r}")
    trees: dict[str, Any] = {}
    for path, values in arrays.items():
        *parents, name = path.split(".")
        parent = functools.reduce(lambda tree, key: tree.setdefault(key, {}), parents, trees)
        parent[name] = jnp.asarray(values)
    reduction = Reduction(**trees["reduction"]) if "reduction" in trees else None
    inputs = width if reduction is None else reduction.components.shape[1]
    if inputs is not None:
        _try(model, trees["params"], inputs)
    return trees["params"], reduction


def _try(model: Any, params: Params, width: int) -> None:
    """Refuses parameters that the model cannot be applied with."""
    try:
        scores = jax.eval_shape(model.apply, params, jax.ShapeDtypeStruct((1, width), jnp.zeros(()).dtype))
    except Exception as error:  # linen, encodings and gates raise various errors
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"the model takes no such parameters for {width} features: {reason}") from error
    must = f"give {model.classes} logits an example"
    checks.require(scores.shape == (1, model.classes), "params", must, f"of output shape {scores.shape}")


def _flat(tree: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the leaves of nested dicts by path, as "params.head.kernel"."""
    leaves = jax.tree.leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}
