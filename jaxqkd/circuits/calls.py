"""Calls of functions that build circuits: which of their arguments are trained, which are features."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import tracing
from jaxqkd.circuits.imported import FEATURES, TRAINED, expanded
from jaxqkd.circuits.polynomials import Polynomial


class Call:
    """A call of a function with its arguments, in which those that are trained or features are variables.

    Attributes:
        names: The names of all variables, name[i, j] for an entry of an array.
        values: Their values.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Mapping[str, Any],
        *,
        trained: Sequence[str] | None,
        features: Sequence[str] | None,
    ) -> None:
        cure = 'Give them by name: {"weights": ..., "x": ...}.'
        by_name = isinstance(arguments, Mapping)
        checks.require(by_name, "arguments", "hold the function's arguments", repr(type(arguments)), cure)
        _check_signature(function, arguments)
        roles = (*(TRAINED if trained is None else trained), *(FEATURES if features is None else features))
        self._features = FEATURES if features is None else features
        self._others = dict(arguments)
        self._arrays = {name: self._array(name) for name in arguments if name in roles}
        for name, value in self._others.items():
            array = np.asarray(value) if not callable(value) else None
            is_number = array is not None and array.dtype.kind in "fc"
            must = "be trained or features where they are real numbers"
            cure = f'Say which it is: trained=("{name}",) or features=("{name}",).'
            checks.require(not is_number, "arguments", must, f"{name!r}, which is neither", cure)
        parts = [expanded(name, array) for name, array in self._arrays.items()]
        self.values = {name: value for part in parts for name, value in part.items()}
        self.names = list(self.values)

    @property
    def is_feature(self) -> list[bool]:
        """Which of the variables are features."""
        return [name in self._features for name, array in self._arrays.items() for _ in range(array.size)]

    def bound(self, variables: Any) -> dict[str, Any]:
        """Returns the arguments with these variables [n] in them."""
        arrays, first = {}, 0
        for name, array in self._arrays.items():
            arrays[name] = variables[first : first + array.size].reshape(array.shape)
            first += array.size
        return self._others | arrays

    def polynomials(self, angles: Callable[[Any], Any], sources: Callable[[], Sequence[str]]) -> list[Polynomial]:
        """Returns the angles [K] of the variables [n] as polynomials; see `tracing.read`."""
        try:
            return tracing.read(angles, self.names, sources)
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:
            cure = "Write it with jax.numpy, and without decisions that depend on angles or features."
            first = str(error).partition("\n")[0]
            raise checks.error("function", "be one that JAX can trace", f"one with {first}", cure) from error

    def _array(self, name: str) -> np.ndarray:
        value = self._others.pop(name)
        array = np.asarray(value)
        must = "hold numbers for what is trained or a feature"
        checks.require(array.dtype.kind in "iuf", "arguments", must, f"{name}={value!r}")
        return array.astype(float)


def _check_signature(function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise checks.error("arguments", "be those of the function", f"others: {error}") from error
