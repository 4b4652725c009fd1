"""Checks of arguments, made on the host before anything is traced, in one grammar of errors."""

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import numpy as np

LARGEST = 10**9
"""The largest whole number that is accepted where nothing smaller is asked for: more could not be computed."""


def error(argument: str, must: str, value: object, cure: str = "") -> ValueError:
    """Returns the error "Argument `argument` must `must`, but is `value`. `cure`", for the caller to raise."""
    return ValueError(f"Argument `{argument}` must {must}, but is {value}. {cure}".rstrip())


def require(condition: bool, argument: str, must: str, value: object, cure: str = "") -> None:
    """Raises the `error` of the other arguments unless the condition holds."""
    if not condition:
        raise error(argument, must, value, cure)


def is_traced(*values: Any) -> bool:
    """Returns whether any leaf of the values is a tracer, whose value is not known on the host."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def integer(argument: str, value: object, *, least: int = 1, most: int = LARGEST) -> None:
    """Refuses a value that is not an integer, one below `least`, and one above `most`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    require(whole, argument, "be an integer", repr(value), "Give a whole number.")
    require(value >= least, argument, f"be at least {least}", value)  # type: ignore[operator]
    if value > most:  # type: ignore[operator]
        actual = value if value < 10**15 else f"about 10^{math.log10(value):.0f}"  # type: ignore[operator,arg-type]
        raise error(argument, f"be at most {most}", actual)


def positive(argument: str, value: Any) -> None:
    """Refuses a number, or an array, that is not positive and finite throughout; a tracer passes."""
    if not is_traced(value):
        numbers = np.asarray(value, float)
        good = np.all(np.isfinite(numbers) & (numbers > 0))
        require(bool(good), argument, "be positive and finite", value)


def fraction(argument: str, value: Any) -> None:
    """Refuses a number, or an array, that is not within [0, 1] throughout; a tracer passes."""
    if not is_traced(value):
        numbers = np.asarray(value, float)
        good = np.all((numbers >= 0) & (numbers <= 1))
        require(bool(good), argument, "lie between 0 and 1", value)


def one_of(argument: str, value: object, options: Sequence[object]) -> None:
    """Refuses a value that is not one of the options."""
    listed = ", ".join(map(repr, options))
    require(value in options, argument, f"be one of {listed}", repr(value), did_you_mean(value, options))


def did_you_mean(value: object, options: Iterable[object]) -> str:
    """Returns "Did you mean 'grape'?" where one of the options is spelled much like the value, else ""."""
    close = difflib.get_close_matches(str(value), list(map(str, options)), n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def rank(argument: str, value: Any, dimensions: int, shape: str) -> None:
    """Refuses an array with another number of axes; `shape` names them, as in "[N, features]"."""
    actual = np.shape(value)
    require(len(actual) == dimensions, argument, f"have {dimensions} axes {shape}", f"of shape {actual}")


def numbers(argument: str, value: Any) -> None:
    """Refuses a value that is not an array of numbers or booleans, such as a list; a tracer passes."""
    dtype = getattr(value, "dtype", None)
    numeric = dtype is not None and (jax.dtypes.issubdtype(dtype, np.number) or np.dtype(bool) == dtype)
    actual = f"a {type(value).__name__}" if dtype is None else f"of dtype {dtype}"
    require(numeric, argument, "be an array of numbers", actual, "See jaxqkd.data.from_arrays.")


def finite_rows(argument: str, value: Any) -> None:
    """Refuses NaN and infinity in an array [N, D], naming the first row and column; a tracer passes."""
    if is_traced(value):
        return
    bad = np.argwhere(~np.isfinite(np.asarray(value)))
    if len(bad):
        row, column = bad[0]
        first = f"{np.asarray(value)[row, column]} at row {row}, column {column}"
        raise error(argument, "be finite", first, "Drop or impute those rows.")


def labels(argument: str, value: Any, *, classes: int | None = None) -> None:
    """Refuses labels that are not whole numbers 0 ... classes - 1, naming the first bad row; a tracer passes."""
    if is_traced(value):
        return
    array = np.asarray(value)
    require(array.dtype.kind in "iuf", argument, "be integers", f"of dtype {array.dtype}")
    upper = np.inf if classes is None else classes
    bad = np.argwhere((array != np.floor(array)) | (array < 0) | (array >= upper))
    if len(bad):
        row = bad[0, 0]
        span = "whole and not negative" if classes is None else f"0 ... {classes - 1} for {classes} classes"
        raise error(argument, f"be {span}", f"{array[row]} at row {row}", "Number the classes from 0.")


def names(argument: str, values: Sequence[Any]) -> None:
    """Refuses a value that is not a sequence, an empty one, and one that holds a value twice."""
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
        cure = "A repeated seed counts one initialization twice; draw distinct keys."
        actual = f"{len(words)} keys of which {distinct} are distinct"
        require(distinct == len(words), argument, "hold distinct keys", actual, cure)
