"""Resources: the gates, depth, shots, parameters and time of a student, to be judged beside its scores."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.openqasm.gates import Operation
from jaxqkd.export import bases, operations
from jaxqkd.models import QuantumStudent, count_parameters
from jaxqkd.training import logits_of
from jaxqkd.types import Key, Model

__all__ = ["Resources", "count", "table"]

REPETITIONS = 5
"""How often a step is timed; the median is reported."""


class Resources(NamedTuple):
    """The resources of a model; a classical one has no gates, no depth and no shots.

    Attributes:
        classical_parameters: Number of parameters of classical layers.
        quantum_parameters: Number of trained angles.
        gates: Number of gates of the circuit for one example and its encoding, as `jaxqkd.export` writes it.
        two_qubit_gates: Number of gates on two or more qubits among them.
        depth: Number of layers, if every gate starts as soon as its qubits are free.
        shots: Measurements of an example that bring the standard error of each expectation value down to the given
            one, whatever its value, in all bases that the readout measures together.
        milliseconds: Time of one compiled gradient step on all given examples, simulated on this machine.
    """

    classical_parameters: int
    quantum_parameters: int
    gates: int
    two_qubit_gates: int
    depth: int
    shots: int
    milliseconds: float


def count(key: Key, model: Model, x: jax.Array, *, error: float = 0.01) -> Resources:
    """Returns the resources of a model for examples like the given ones.

    If the encoding prepares states, the gates are those for the first example; any other without zeros takes as
    many.

    Args:
        key: Random key of the parameters; their values do not matter.
        model: A student or a classical model.
        x: Features [B, D], known on the host.
        error: Largest standard error of an expectation value. It takes 1 / error^2 shots, since the variance of an
            outcome is at most 1, in each basis that the readout measures; all measured qubits are measured at
            once.

    Raises:
        ValueError: If x is not [B, D], or the error is not between 0 and 1.
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
    gates = operations(model, params, np.asarray(x[0]))
    two_qubit = sum(len(gate.qubits) > 1 for gate in gates)
    shots = math.ceil(1 / error**2) * len(bases(model))
    return Resources(classical, quantum, len(gates), two_qubit, _depth(gates), shots, milliseconds)


def table(counted: Mapping[str, Resources]) -> str:
    """Returns a Markdown table of resources, with one line for each model.

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


def _depth(gates: Sequence[Operation]) -> int:
    depths: dict[int, int] = {}
    for gate in gates:
        depths |= dict.fromkeys(gate.qubits, 1 + max(depths.get(qubit, 0) for qubit in gate.qubits))
    return max(depths.values(), default=0)


def _milliseconds(model: Model, params: Any, x: jax.Array) -> float:
    """Returns the median time of a gradient of the mean square of the logits of all examples."""
    step = jax.jit(jax.grad(lambda params, x: jnp.mean(jnp.square(logits_of(model.apply(params, x))))))
    jax.block_until_ready(step(params, x))
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        jax.block_until_ready(step(params, x))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)
