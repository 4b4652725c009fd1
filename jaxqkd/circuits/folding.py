"""Folding: a flat list of gates as a circuit of repeated layers, where its gates repeat.

Layers compile once, however many there are, so that readers of circuits from elsewhere look for them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate


class Folded(NamedTuple):
    """A circuit, and which of the flat list's angles are its angles.

    Attributes:
        circuit: The circuit.
        order: The list's theta indices in the order of the circuit's angles: its theta for values of the list is
            `values[order].reshape(circuit.shape)`.
    """

    circuit: Circuit
    order: np.ndarray


def folded(qubits: int, gates: Sequence[Gate], *, layers: int | None = None) -> Folded:
    """Returns gates as a prefix without trained angles and the layers that repeat after it: the fewest in all.

    Layers are equal but for their trained angles, which are not shared between layers. Gates that do not repeat to
    the end are one layer. If features drive gates before the first trained angle, these are the prefix then.

    Args:
        qubits: Number of qubits.
        gates: All gates in order, with any theta indices.
        layers: Number of layers, or None for what is found.

    Raises:
        ValueError: If the gates are not so many layers.

    Example:
        >>> turns = [Gate("ry", (0,), theta=index) for index in (2, 0, 1)]
        >>> found = folded(1, [Gate("h", (0,)), *turns])
        >>> found.circuit.shape, found.order.tolist()
        ((3, 1), [2, 0, 1])
    """
    order = [*dict.fromkeys(gate.theta for gate in gates if gate.theta is not None)]
    numbers = {theta: number for number, theta in enumerate(order)}
    gates = [gate if gate.theta is None else gate._replace(theta=numbers[gate.theta]) for gate in gates]
    trained = [place for place, gate in enumerate(gates) if gate.theta is not None]
    last = trained[0] if trained else max(len(gates) - 1, 0)  # a prefix has no trained angles
    options = [(start, _period(gates[start:], layers)) for start in range(last + 1)]
    found = [(start, period) for start, period in options if period is not None]
    cure = "Leave layers out to find them, or give layers=1."
    checks.require(bool(found), "layers", "divide the gates into layers that are equal", layers, cure)

    def cost(option: tuple[int, int]) -> tuple:
        start, period = option
        is_driven = any(gate.x is not None for gate in gates[start : start + period])
        return start + period, is_driven, -start if is_driven else start

    start, period = min(found, key=cost)
    count = (len(gates) - start) // period if period else layers or 1
    circuit = Circuit(qubits, count, tuple(gates[start : start + period]), tuple(gates[:start]))
    return Folded(circuit, np.asarray(order, int))


def _period(gates: Sequence[Gate], layers: int | None) -> int | None:
    """Returns the length of the shortest layer that gates are repetitions of; None if not of so many layers."""
    count = len(gates)
    lengths = range(1, count + 1) if layers is None else [count // layers]
    fits = (length for length in lengths if (count == 0 and not length) or (length and count % length == 0))
    default = count if layers is None else None
    return next((length for length in fits if _repeats(gates, length)), default)


def _repeats(gates: Sequence[Gate], length: int) -> bool:
    """Returns whether gates are layers of a length, whose trained angles follow each other without gaps."""
    angles = len({gate.theta for gate in gates[:length] if gate.theta is not None})
    return all(
        later == gate if gate.theta is None else later == gate._replace(theta=gate.theta + angles)
        for gate, later in zip(gates, gates[length:], strict=False)
    )
