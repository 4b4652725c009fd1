"""A student that is a plain function of its angles and features."""

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import backend, checks
from jaxqkd.models.layers import dense
from jaxqkd.types import Key

Function = Callable[[jax.Array, jax.Array], Any]
"""A function `(theta [*shape], x [D]) -> values [k]` of one example."""


def full_turn(key: Key, shape: Sequence[int]) -> jax.Array:
    """Returns angles [*shape] uniform in [0, 2 pi)."""
    return jax.random.uniform(key, tuple(shape), maxval=2 * jnp.pi)


class FunctionStudent(nn.Module):
    """A function of angles and one example's features as a student: any circuit that JAX can trace.

    The function may be written with TensorCircuit, with PennyLane's interface "jax", or with JAX alone. It is
    vmapped over the batch. TensorCircuit runs on its JAX backend there, whatever its global settings are.

    Attributes:
        function: A function `(theta [*shape], x [D]) -> values [k]`, an array or a list of k real numbers,
            such as expectation values.
        shape: Shape of the trained angles theta.
        classes: Number of classes C.
        head: "linear" for a trained classical layer after the values; "none" where the values themselves are the
            logits, which needs k = C.
        input_width: Width of a trained linear layer before the function, or None for no such layer.
        initializer: A function `(key, shape) -> theta [*shape]` of the first angles.

    Raises:
        ValueError: If an option is out of its range; where applied, if the function does not return k real values.

    Example:
        >>> def function(theta, x):
        ...     return jnp.cos(theta + x)  # <Z> of qubits turned about y by x, and then by theta
        >>> student = FunctionStudent(function, shape=(2,), classes=3)
        >>> params = student.init(jax.random.key(0), jnp.zeros((1, 2)))
        >>> student.apply(params, jnp.zeros((5, 2))).shape
        (5, 3)
    """

    function: Function
    shape: Sequence[int]
    classes: int
    head: str = "linear"
    input_width: int | None = None
    initializer: Callable[[Key, Sequence[int]], jax.Array] = full_turn

    def __post_init__(self) -> None:
        checks.require(callable(self.function), "function", "be a function", repr(self.function))
        listed = isinstance(self.shape, Sequence | np.ndarray) and not isinstance(self.shape, str)
        checks.require(listed, "shape", "be a sequence of sizes", repr(self.shape), "Write (3,).")
        for size in self.shape:
            checks.integer("shape", size)
        object.__setattr__(self, "shape", tuple(map(int, self.shape)))  # hashable, as linen wants it
        checks.integer("classes", self.classes, least=2)
        checks.one_of("head", self.head, ("linear", "none"))
        if self.input_width is not None:
            checks.integer("input_width", self.input_width)
        super().__post_init__()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Returns logits [B, C] of features x [B, D]."""
        inputs = x if self.input_width is None else dense(self.input_width, "input")(x)
        if self.is_initializing():  # customary with zeros, which have no direction; values do not matter here
            inputs = jnp.ones_like(inputs)
        theta = self.param("theta", self.initializer, self.shape)
        with _tensorcircuit_on_jax(theta):
            values = jax.vmap(self._values, in_axes=(None, 0))(theta, inputs)
        return values if self.head == "none" else dense(self.classes, "head")(values)

    def _values(self, theta: jax.Array, x: jax.Array) -> jax.Array:
        """Returns the values [k] of one example; refuses what a function returns otherwise."""
        values = jnp.asarray(self.function(theta, x))
        cure = "Return one array, as of jnp.stack([...])."
        checks.require(values.ndim == 1, "function", "return values [k]", f"one with shape {values.shape}", cure)
        cure = "Return jnp.real(...) of expectation values."
        floating = jnp.issubdtype(values.dtype, jnp.floating)
        checks.require(floating, "function", "return real values", f"one with dtype {values.dtype}", cure)
        must = f'return as many values as the {self.classes} classes where head is "none"'
        fits = self.head == "linear" or len(values) == self.classes
        checks.require(fits, "function", must, f"one with {len(values)}", 'Use head="linear".')
        return values


def _tensorcircuit_on_jax(theta: jax.Array) -> contextlib.AbstractContextManager[Any]:
    """Returns the guard of TensorCircuit's global settings where it has been imported, else none."""
    if "tensorcircuit" not in sys.modules:
        return contextlib.nullcontext()
    return backend.on_jax(jnp.result_type(theta, jnp.complex64).name)
