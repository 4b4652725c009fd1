"""Gates with their angles bound: a circuit and its encoding as a list that every toolchain understands.

Only gates that the standard libraries of OpenQASM 2 and of OpenQASM 3 share are used; others are written in them.
"""

import math
from collections.abc import Sequence

import numpy as np

from jaxqkd.circuits.angles import features_of, is_plain
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import Gate, has_angle
from jaxqkd.circuits.openqasm.matrices import of_matrix
from jaxqkd.circuits.openqasm.operations import Angle, Operation
from jaxqkd.circuits.specs import Part
from jaxqkd.circuits.table import GATES


def of_circuit(circuit: Circuit, theta: Sequence[Sequence[Angle]], x: Sequence[Angle]) -> list[Operation]:
    """Returns the operations of the prefix and of all layers, with the angles theta [L, P] and features x [D].

    Each is a number, or the name of an input.
    """
    listed = [operation for gate in circuit.prefix for operation in _of_gate(gate, (), x)]
    for layer in theta:
        angles = [_times(circuit.scale, angle) for angle in layer]
        listed += [operation for gate in circuit.gates for operation in _of_gate(gate, angles, x)]
    return listed


def _of_gate(gate: Gate, layer: Sequence[Angle], x: Sequence[Angle]) -> list[Operation]:
    if gate.matrix is not None:
        return of_matrix(np.asarray(gate.matrix), gate.qubits)
    angle = _angle(gate, layer, x)
    written = GATES[gate.name].openqasm
    if isinstance(written, str):
        return [Operation(written, gate.qubits, angle)]
    return [_of_part(part, gate.qubits, angle) for part in written]


def _angle(gate: Gate, layer: Sequence[Angle], x: Sequence[Angle]) -> Angle | None:
    """Returns the angle of a gate, None where it has none."""
    if gate.is_fixed:
        return gate.offset if has_angle(gate) else None
    values = [x[index] for index in features_of(gate)] if gate.theta is None else [layer[gate.theta]]
    if any(isinstance(value, str) for value in values):
        return _expression(" * ".join(map(str, values)), gate)
    value = math.prod(map(float, values))
    return value if is_plain(gate) else gate.factor * value + gate.offset


def _expression(product: str, gate: Gate) -> str:
    """Returns the expression of an angle that depends on inputs."""
    scaled = product if gate.factor == 1 else f"{gate.factor!r} * {product}"
    return scaled if gate.offset == 0 else f"{scaled} + {gate.offset!r}"


def _of_part(part: Part, qubits: tuple[int, ...], angle: Angle | None) -> Operation:
    name = GATES[part.name].openqasm
    assert isinstance(name, str)
    own = part.angle if part.factor is None or angle is None else _times(part.factor, angle)
    return Operation(name, tuple(qubits[place] for place in part.places), own)


def _times(factor: float, angle: Angle) -> Angle:
    if not isinstance(angle, str):
        return factor * float(angle)
    return angle if factor == 1 else f"{factor} * ({angle})"
