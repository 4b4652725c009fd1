"""Resources: what a student takes on a machine and in simulation, beside what it scores."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.export import operations
from jaxqkd.export.gates import Operation
from jaxqkd.models import QuantumStudent, count_parameters
from jaxqkd.training import logits_of
from jaxqkd.types import Key, Model

REPETITIONS = 5
"""How often a step is timed; the median counts."""


class Resources(NamedTuple):
    """What a model takes. A classical one has no gates, no depth and no shots.

    Attributes:
        classical_parameters: Trained numbers of classical layers.
        quantum_parameters: Trained angles.
        gates: Gates of the program of one example, its encoding included, as `jaxqkd.export` writes it.
        two_qubit_gates: Those of them on two or more qubits.
        depth: Moments in which every gate starts as soon as its qubits are free.
        shots: Measurements of an example after which no expectation value has a standard error above the one
            asked for, whatever its value.
        milliseconds: Time of one gradient step on all given examples in simulation, compiled, on this machine.
    """

    classical_parameters: int
    quantum_parameters: int
    gates: int
    two_qubit_gates: int
    depth: int
    shots: int
    milliseconds: float


def count(key: Key, model: Model, x: jax.Array, *, error: float = 0.01) -> Resources:
    """Returns the resources of a model for examples like those given.

    Where the encoding prepares states, the gates are those for the first example, whose angles are as many as
    those of any other without zeros.

    Args:
        key: Random key of the parameters; their values do not matter.
        model: A student or a classical model.
        x: Features [B, D], known on the host.
        error: Standard error that the shots are to bring: 1 / error^2 of them do, since no outcome's variance
            exceeds 1, and all measured qubits are measured at once.

    Raises:
        ValueError: If x is not [B, D], or the error not between 0 and 1.
    """
    checks.numbers("x", x)
    checks.rank("x", x, 2, "[B, D]")
    checks.positive("error", error)
    checks.require(error <= 1, "error", "be at most 1", error)
    params = model.init(key, x[:1])
    classical, quantum = count_parameters(model, x.shape[1])
    milliseconds = _milliseconds(model, params, x)
    if not isinstance(model, QuantumStudent):
        return Resources(classical, quantum, 0, 0, 0, 0, milliseconds)
    listed = operations(model, params, np.asarray(x[0]))
    several = sum(len(operation.qubits) > 1 for operation in listed)
    shots = math.ceil(1 / error**2)
    return Resources(classical, quantum, len(listed), several, _depth(listed), shots, milliseconds)


def table(counted: Mapping[str, Resources]) -> str:
    """Returns a Markdown table of resources, a line a model.

    Example:
        >>> print(table({"linear": Resources(195, 0, 0, 0, 0, 0, 0.0123)}))
        | model | classical parameters | quantum parameters | gates | two-qubit gates | depth | shots | ms a step |
        | :-- | --: | --: | --: | --: | --: | --: | --: |
        | linear | 195 | 0 | 0 | 0 | 0 | 0 | 0.0123 |
    """
    heads = ("model", *(_HEADS.get(name, name.replace("_", " ")) for name in Resources._fields))
    lines = [heads, (":--", *["--:"] * len(Resources._fields))]
    lines += [(name, *(f"{value:,}" for value in row[:-1]), f"{row[-1]:.3g}") for name, row in counted.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_HEADS = {"two_qubit_gates": "two-qubit gates", "milliseconds": "ms a step"}


def _depth(listed: Sequence[Operation]) -> int:
    free: dict[int, int] = {}
    for operation in listed:
        free |= dict.fromkeys(operation.qubits, 1 + max(free.get(qubit, 0) for qubit in operation.qubits))
    return max(free.values(), default=0)


def _milliseconds(model: Model, params: Any, x: jax.Array) -> float:
    """Returns the median time of a gradient of the mean logit's square over all examples."""
    step = jax.jit(jax.grad(lambda params, x: jnp.mean(jnp.square(logits_of(model.apply(params, x))))))
    jax.block_until_ready(step(params, x))
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        jax.block_until_ready(step(params, x))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)
