"""Encodings as operations: of features that are numbers, or of features that stay parameters."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.openqasm.operations import Angle, Operation
from jaxqkd.circuits.openqasm.preparation import prepare
from jaxqkd.quantum import encodings
from jaxqkd.quantum.encodings import Encoding


def of_encoding(encoding: Encoding, qubits: int, x: Sequence[Angle]) -> list[Operation]:
    """Returns the operations that prepare an example's encoded state from `|0...0>`, up to a global phase.

    Encodings of `jaxqkd.quantum.encodings` whose features are angles are written as gates. For other encodings the
    state is computed and then prepared, which needs features that are numbers.

    Args:
        encoding: The student's encoding.
        qubits: Number of qubits.
        x: Features [D] as they reach the encoding: numbers, or expressions such as "x0".

    Raises:
        ValueError: If features are expressions and the encoding is not written as gates.
    """
    function, options = _parts(encoding)
    if function in _GATES:
        return _GATES[function](qubits, x, **options)
    names = [getattr(known, "__name__", "") for known in _GATES]
    must = f"be one of {', '.join(names)} where features stay parameters"
    numbers = not any(isinstance(value, str) for value in x)
    cure = "Export for one example: pass x, or --data on the command line."
    checks.require(numbers, "encoding", must, getattr(function, "__name__", repr(function)), cure)
    return prepare(np.asarray(encoding(jnp.asarray(x)[None], qubits))[0])


def _parts(encoding: Encoding) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Returns the function of an encoding, and the options that a `functools.partial` gives it."""
    if isinstance(encoding, functools.partial) and not encoding.args:
        return encoding.func, dict(encoding.keywords)
    return encoding, {}


def _zero(qubits: int, x: Sequence[Angle]) -> list[Operation]:
    return []


def _angle(qubits: int, x: Sequence[Angle], axis: str = "y") -> list[Operation]:
    start = _hadamards(qubits) if axis == "z" else []
    return start + [Operation(f"r{axis}", (qubit,), x[qubit]) for qubit in range(qubits)]


def _dense_angle(qubits: int, x: Sequence[Angle]) -> list[Operation]:
    polar = [Operation("ry", (qubit,), x[2 * qubit]) for qubit in range(qubits)]
    return polar + [Operation("rz", (qubit,), x[2 * qubit + 1]) for qubit in range(qubits)]


def _iqp(qubits: int, x: Sequence[Angle], repeats: int = 2) -> list[Operation]:
    once = _hadamards(qubits) + [Operation("rz", (qubit,), x[qubit]) for qubit in range(qubits)]
    for first in range(qubits):
        for second in range(first + 1, qubits):
            into = Operation("cx", (first, second))
            once += [into, Operation("rz", (second,), _times(x[first], x[second])), into]
    return once * repeats


def _times(first: Angle, second: Angle) -> Angle:
    if isinstance(first, str) or isinstance(second, str):
        return f"{first} * {second}"
    return first * second


def _hadamards(qubits: int) -> list[Operation]:
    return [Operation("h", (qubit,)) for qubit in range(qubits)]


_GATES: dict[Callable[..., Any], Callable[..., list[Operation]]] = {
    encodings.zero: _zero,
    encodings.angle: _angle,
    encodings.dense_angle: _dense_angle,
    encodings.iqp: _iqp,
}
