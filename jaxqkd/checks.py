"""Checks of arguments, made on the host before anything is traced, in one grammar of errors."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np


def require(condition: bool, argument: str, must: str, value: object, cure: str = "") -> None:
    """Raises a ValueError "Argument `argument` must `must`, but is `value`. `cure`" unless condition holds."""
    if not condition:
        raise ValueError(f"Argument `{argument}` must {must}, but is {value}. {cure}".rstrip())


def is_traced(*values: Any) -> bool:
    """Returns whether a leaf of the values is a tracer, whose number is not known on the host."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def integer(argument: str, value: object, *, least: int = 1) -> None:
    """Refuses what is not an integer of at least `least`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    require(whole, argument, "be an integer", repr(value), "Give a whole number.")
    require(value >= least, argument, f"be at least {least}", value)  # type: ignore[operator]


def positive(argument: str, value: Any) -> None:
    """Refuses a number, or an array with a number, that is not positive and finite; a tracer passes."""
    if not is_traced(value):
        numbers = np.asarray(value, float)
        good = np.all(np.isfinite(numbers) & (numbers > 0))
        require(bool(good), argument, "be positive and finite", value)


def fraction(argument: str, value: Any) -> None:
    """Refuses a number, or an array with a number, outside [0, 1]; a tracer passes."""
    if not is_traced(value):
        numbers = np.asarray(value, float)
        good = np.all((numbers >= 0) & (numbers <= 1))
        require(bool(good), argument, "lie between 0 and 1", value)


def one_of(argument: str, value: object, options: Sequence[object]) -> None:
    """Refuses what is not among the options."""
    listed = ", ".join(map(repr, options))
    require(value in options, argument, f"be one of {listed}", repr(value))


def rank(argument: str, value: Any, dimensions: int, shape: str) -> None:
    """Refuses an array of another number of dimensions; `shape` names them, as in "[N, features]"."""
    found = np.shape(value)
    require(len(found) == dimensions, argument, f"have {dimensions} axes {shape}", f"of shape {found}")


def numbers(argument: str, value: Any) -> None:
    """Refuses what is not an array of numbers: strings, objects, lists; a tracer passes."""
    dtype = getattr(value, "dtype", None)
    known = dtype is not None and (jax.dtypes.issubdtype(dtype, np.number) or np.dtype(bool) == dtype)
    found = f"a {type(value).__name__}" if dtype is None else f"of dtype {dtype}"
    require(known, argument, "be an array of numbers", found, "See jaxqkd.data.from_arrays.")


def finite_rows(argument: str, value: Any) -> None:
    """Refuses NaN and infinity in an array [N, D], naming the first row and column; a tracer passes."""
    if is_traced(value):
        return
    bad = np.argwhere(~np.isfinite(np.asarray(value)))
    if len(bad):
        row, column = bad[0]
        found = f"{np.asarray(value)[row, column]} at row {row}, column {column}"
        require(False, argument, "be finite", found, "Drop or impute those rows.")


def labels(argument: str, value: Any, *, classes: int | None = None) -> None:
    """Refuses labels that are not whole numbers 0 ... classes - 1, naming the first bad row; a tracer passes."""
    if is_traced(value):
        return
    found = np.asarray(value)
    require(found.dtype.kind in "iuf", argument, "be integers", f"of dtype {found.dtype}")
    upper = np.inf if classes is None else classes
    bad = np.argwhere((found != np.floor(found)) | (found < 0) | (found >= upper))
    if len(bad):
        row = bad[0, 0]
        span = "whole and not negative" if classes is None else f"0 ... {classes - 1} for {classes} classes"
        require(False, argument, f"be {span}", f"{found[row]} at row {row}", "Number the classes from 0.")


def names(argument: str, values: Sequence[Any]) -> None:
    """Refuses what is no sequence of numbers or names, an empty one, and one that holds a value twice."""
    is_sequence = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
    require(is_sequence, argument, "be a sequence of values", repr(values))
    require(len(values) > 0, argument, "hold at least one value", "empty")
    require(len(set(values)) == len(values), argument, "hold each value once", list(values))


def keys(argument: str, value: Any) -> None:
    """Refuses an empty array of keys, and one that holds a key twice; a tracer passes."""
    typed = jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)
    words = jax.random.key_data(value) if typed else value
    require(words.ndim == 2, argument, "be an array [seeds] of keys", f"of shape {value.shape}")
    require(len(words) > 0, argument, "hold at least one key", "empty", "Use jax.random.split(key, seeds).")
    if not is_traced(words):
        distinct = len(np.unique(np.asarray(words), axis=0))
        cure = "Seeds that repeat count one initialization twice; draw distinct keys."
        found = f"{len(words)} keys of which {distinct} are distinct"
        require(distinct == len(words), argument, "hold distinct keys", found, cure)
