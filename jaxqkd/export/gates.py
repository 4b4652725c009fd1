"""Gates with their angles bound: a circuit and its encoding as a list that every toolchain understands.

Only gates that the standard libraries of OpenQASM 2 and of OpenQASM 3 share are used; others are written in them.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd.circuits import Circuit, Gate

Angle = float | str
"""Radians, or an OpenQASM expression of the features x0, x1, ..."""


class Operation(NamedTuple):
    """One gate of the standard libraries.

    Attributes:
        name: Out of h x y z s t p rx ry rz cx cz crz ccx.
        qubits: The qubits that it acts on, controls first.
        angle: Its angle, or None for a gate without one.
    """

    name: str
    qubits: tuple[int, ...]
    angle: Angle | None = None


def of_circuit(circuit: Circuit, theta: np.ndarray, x: Sequence[Angle]) -> list[Operation]:
    """Returns the operations of the prefix and of all layers, with the angles theta [L, P] and features x [D]."""
    angles = circuit.scale * np.asarray(theta, float)
    listed = [operation for gate in circuit.prefix for operation in _of_gate(gate, (), x)]
    for layer in angles:
        listed += [operation for gate in circuit.gates for operation in _of_gate(gate, layer, x)]
    return listed


def _of_gate(gate: Gate, layer: Sequence[float], x: Sequence[Angle]) -> list[Operation]:
    if gate.theta is not None:
        angle: Angle | None = float(layer[gate.theta])
    else:
        angle = None if gate.x is None else x[gate.x]
    if gate.name in _WRITTEN:
        return _WRITTEN[gate.name](gate.qubits, angle)
    return [Operation(_NAMES.get(gate.name, gate.name), gate.qubits, angle)]


_NAMES = {"cnot": "cx", "toffoli": "ccx"}


def _swap(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    a, b = qubits
    return [Operation("cx", pair) for pair in ((a, b), (b, a), (a, b))]


def _rzz(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    into = Operation("cx", qubits)
    return [into, Operation("rz", qubits[1:], angle), into]


def _rxx(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    turns = [Operation("h", (qubit,)) for qubit in qubits]
    return [*turns, *_rzz(qubits, angle), *turns]


def _ryy(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    def turns(quarter: float) -> list[Operation]:
        return [Operation("rx", (qubit,), quarter) for qubit in qubits]

    return [*turns(math.pi / 2), *_rzz(qubits, angle), *turns(-math.pi / 2)]


def _crx(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    turn = Operation("h", qubits[1:])
    return [turn, Operation("crz", qubits, angle), turn]


def _cry(qubits: tuple[int, ...], angle: Angle | None) -> list[Operation]:
    into, target = Operation("cx", qubits), qubits[1:]
    halves = (f"({angle}) / 2", f"-({angle}) / 2") if isinstance(angle, str) else _halves(angle)
    return [Operation("ry", target, halves[0]), into, Operation("ry", target, halves[1]), into]


def _halves(angle: float | None) -> tuple[float, float]:
    assert angle is not None
    return angle / 2, -angle / 2


_WRITTEN: dict[str, Callable[[tuple[int, ...], Angle | None], list[Operation]]] = {
    "swap": _swap,
    "rxx": _rxx,
    "ryy": _ryy,
    "rzz": _rzz,
    "crx": _crx,
    "cry": _cry,
}
