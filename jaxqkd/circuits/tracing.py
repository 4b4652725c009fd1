"""The angles of a function that builds a circuit, as polynomials of its arguments: its jaxpr, read with symbols.

A value is an array of NumPy with objects, polynomials or `Unreadable`, where it depends on the arguments, and an
array of numbers elsewhere.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import polynomials
from jaxqkd.circuits.imported import CURE
from jaxqkd.circuits.polynomials import Polynomial

MOST_VARIABLES = 10_000
TOLERANCE = 1e-9


class Unreadable(NamedTuple):
    """A value that is not a polynomial, and why."""

    why: str


Angles = Callable[[Any], Any]
"""A function of all variables [n] that returns a list of all angles."""


def read(angles: Angles, names: Sequence[str], sources: Callable[[], Sequence[str]]) -> list[Polynomial]:
    """Returns the angles of a function as polynomials of its variables, compared with it at a random point.

    Args:
        angles: The angles as a function of the variables [n], in JAX.
        names: The names of the variables.
        sources: Returns where the angles are, for errors, once the function has been called.

    Raises:
        ValueError: If an angle is not a polynomial.
    """
    few = len(names) <= MOST_VARIABLES
    checks.require(few, "arguments", f"hold at most {MOST_VARIABLES:,} numbers", len(names))
    drawn = np.random.default_rng(0).normal(size=len(names))
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(angles)(jnp.zeros(len(names)))
        symbols = _objects([polynomials.symbol(name) for name in names], (len(names),))
        found = _evaluated(closed.jaxpr, closed.consts, [symbols])
        listed: list[Any] = [_lifted(value)[()] for value in found]
        here = sources()
        for place, angle in enumerate(listed):
            if isinstance(angle, Unreadable):
                must = "have angles that are polynomials of its arguments"
                raise checks.error("function", must, f"one with {angle.why} in {here[place]}", CURE)
        _compare(listed, np.asarray(angles(drawn), float), dict(zip(names, drawn.tolist(), strict=True)), here)
    return listed


def _compare(
    listed: Sequence[Polynomial], values: np.ndarray, point: Mapping[str, float], sources: Sequence[str]
) -> None:
    """Refuses angles whose values [K] at a point are not those of the polynomials."""
    must = "build the same circuit for all values of its arguments"
    checks.require(len(values) == len(listed), "function", must, "one that does not", CURE)
    for angle, value, source in zip(listed, values, sources, strict=True):
        own = sum(factor * math.prod(point[name] for name in names) for names, factor in angle.terms.items())
        good = abs(own - value) <= TOLERANCE * max(1.0, abs(value))
        checks.require(good, "function", must, f"one with an angle that differs in {source}", CURE)


def _evaluated(jaxpr: Any, consts: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """Returns the results of a jaxpr, whose arguments may be arrays of polynomials."""
    values: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))
    for equation in jaxpr.eqns:
        inputs = [atom.val if hasattr(atom, "val") else values[atom] for atom in equation.invars]
        values.update(zip(equation.outvars, _applied(equation, inputs), strict=True))
    return [atom.val if hasattr(atom, "val") else values[atom] for atom in jaxpr.outvars]


def _applied(equation: Any, inputs: Sequence[Any]) -> list[Any]:
    """Returns the results of one equation."""
    name, params = equation.primitive.name, equation.params
    inner = params.get("jaxpr", params.get("call_jaxpr"))
    if inner is not None and name in _CALLS:
        return _evaluated(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), inputs)
    if not any(map(_is_symbolic, inputs)):
        found = equation.primitive.bind(*map(jnp.asarray, inputs), **params)
        return list(found) if equation.primitive.multiple_results else [found]
    if name in _ARITHMETIC:
        function = functools.partial(_ARITHMETIC[name], **_used(name, params))
        return [_each(function, *map(_lifted, inputs))]
    if name in _JOINING or (name in _STRUCTURE and not any(_is_symbolic(value) for value in inputs[1:])):
        return [_moved(equation, inputs)]
    if name in _ARRAYS:
        return [_ARRAYS[name](*map(_lifted, inputs), **params)]
    return [_refused(name, inputs, atom.aval.shape) for atom in equation.outvars]


def _refused(name: str, inputs: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    terms = [str(entry) for value in inputs for entry in list(_lifted(value).ravel()[:2])]
    return _objects([Unreadable(f"{name}({', '.join(terms)})")] * math.prod(shape), shape)


def _moved(equation: Any, inputs: Sequence[Any]) -> np.ndarray:
    """Returns the entries that a primitive selects, which the places show that it selects of 0, 1, 2, ..."""
    name, params, first = equation.primitive.name, equation.params, inputs[0]
    if name == "slice":
        steps = params["strides"] or (1,) * first.ndim
        return first[tuple(map(slice, params["start_indices"], params["limit_indices"], steps))]
    if name in ("squeeze", "reshape"):
        return first.reshape(equation.outvars[0].aval.shape)
    joined = name in _JOINING
    parts = [_lifted(value) for value in (inputs if joined else inputs[:1])]
    firsts = np.cumsum([0, *(part.size for part in parts)])
    places = [
        jnp.arange(part.size, dtype=float).reshape(part.shape) + at
        for part, at in zip(parts, firsts, strict=False)
    ]
    others = [] if joined else list(map(jnp.asarray, inputs[1:]))
    chosen = np.asarray(equation.primitive.bind(*places, *others, **params))
    return np.concatenate([part.ravel() for part in parts])[chosen.astype(int)]


def _each(function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
    """Returns a function of each entry; of an entry that it cannot be applied to, why."""

    def safe(*entries: Any) -> Any:
        bad = [entry for entry in entries if isinstance(entry, Unreadable)]
        if bad:
            return bad[0]
        try:
            return function(*entries)
        except ValueError as error:
            return Unreadable(str(error))

    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    flat = [np.broadcast_to(array, shape).ravel() for array in arrays]
    return _objects([safe(*entries) for entries in zip(*flat, strict=True)], shape)


def _summed(array: np.ndarray, axes: Sequence[int], **_: Any) -> np.ndarray:
    for axis in sorted(axes, reverse=True):
        moved = np.moveaxis(array, axis, 0)
        parts = [moved[place : place + 1] for place in range(len(moved))]
        array = functools.reduce(functools.partial(_each, Polynomial.__add__), parts).reshape(moved.shape[1:])
    return array


def _multiplied(left: np.ndarray, right: np.ndarray, dimension_numbers: Any, **_: Any) -> np.ndarray:
    """Returns the product of matrices or vectors of polynomials; of batches of them, why not."""
    (first, second), (batch, _) = dimension_numbers
    outer = [axis for axis in range(left.ndim) if axis not in first]
    others = [axis for axis in range(right.ndim) if axis not in second]
    a = left.transpose(*outer, *first)
    b = right.transpose(*others, *second)
    shape = a.shape[: len(outer)] + b.shape[: len(others)]
    if batch:
        return _refused("dot_general", (left, right), shape)
    size = math.prod(a.shape[len(outer) :])
    a, b = a.reshape(-1, 1, size), b.reshape(1, -1, size)
    return _summed(_each(Polynomial.__mul__, a, b), (2,)).reshape(shape)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "O"


def _lifted(value: Any) -> np.ndarray:
    """Returns an array of polynomials, constant ones where the value is numbers."""
    if _is_symbolic(value):
        return np.asarray(value, object)
    array = np.asarray(value)
    if array.dtype.kind not in "iufb":
        return _objects([Unreadable(f"a value of dtype {array.dtype}")] * array.size, array.shape)
    return _objects([polynomials.constant(float(number)) for number in array.ravel()], array.shape)


def _objects(entries: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(entries), object)
    for place, entry in enumerate(entries):
        array[place] = entry
    return array.reshape(shape)


def _used(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"y": params["y"]} if name == "integer_pow" else {}


def _power(base: Polynomial, y: Any) -> Polynomial:
    return base ** (y.value() if isinstance(y, Polynomial) else y)


_CALLS = ("jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat")
_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "add": Polynomial.__add__,
    "add_any": Polynomial.__add__,
    "sub": Polynomial.__sub__,
    "mul": Polynomial.__mul__,
    "div": Polynomial.__truediv__,
    "neg": Polynomial.__neg__,
    "square": lambda value: value * value,
    "integer_pow": _power,
    "pow": _power,
    "convert_element_type": lambda value: value,
    "copy": lambda value: value,
    "stop_gradient": lambda value: value,
}
_STRUCTURE = ("slice", "squeeze", "reshape", "broadcast_in_dim", "transpose", "rev", "gather", "dynamic_slice")
_JOINING = ("concatenate", "stack")
_ARRAYS: Mapping[str, Callable[..., np.ndarray]] = {
    "reduce_sum": _summed,
    "dot_general": _multiplied,
}
