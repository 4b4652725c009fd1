"""Checks of the gates of a circuit, which are brought to plain numbers first."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.gates import GATES, UNITARY, Gate, Matrix

TOLERANCE = 1e-6
"""How far a matrix, which may be of single precision, may be from a unitary one."""


def as_gate(gate: Gate) -> Gate:
    """Returns the gate with plain integers and sorted features, so that equal circuits print alike."""
    name, qubits, theta, x, factor, offset, matrix = Gate(*gate)
    listed = isinstance(qubits, Iterable)
    checks.require(
        listed, "gate.qubits", "be a tuple of qubits", repr(qubits), f'Write Gate("{name}", ({qubits},)).'
    )
    places = tuple(map(_index, qubits))
    return Gate(
        name,
        places,
        _index(theta),
        _features(x),
        _number("factor", factor, name, places),
        _number("offset", offset, name, places),
        None if matrix is None else _matrix(matrix, places),
    )


def check_gate(gate: Gate, qubits: int) -> None:
    """Refuses a gate that is not known, whose qubits are not in the circuit, or whose angle is not one."""
    checks.one_of("gate.name", gate.name, [*sorted(GATES), UNITARY])
    count = len(gate.matrix or ()).bit_length() - 1 if gate.name == UNITARY else GATES[gate.name].qubits
    cure = "Make it by jaxqkd.circuits.unitary(matrix, qubits)."
    good = (gate.matrix is not None) == (gate.name == UNITARY)
    checks.require(good, "gate.matrix", 'be given for "unitary" and for no other gate', repr(gate.name), cure)
    distinct = len(set(gate.qubits)) == len(gate.qubits) == count
    checks.require(distinct, "gate.qubits", f"be {count} distinct qubits for {gate.name!r}", gate.qubits)
    inside = all(qubit < qubits for qubit in gate.qubits)
    checks.require(inside, "gate.qubits", f"lie in 0 ... {qubits - 1}", gate.qubits)
    if gate.name != UNITARY and GATES[gate.name].is_rotation:
        _check_angle(gate)
    else:
        given = gate.theta, gate.x, gate.factor, gate.offset
        must = f"be None, None, 1, 0 for {gate.name!r}, which has no angle"
        checks.require(given == (None, None, 1, 0), "gate.theta, gate.x, gate.factor, gate.offset", must, given)


def _check_angle(gate: Gate) -> None:
    where = f"for {gate.name!r} on {gate.qubits}"
    alone = gate.theta is None or gate.x is None
    cure = "Write two rotations, whose angles add up: one with theta, and one with x."
    checks.require(alone, "gate.theta, gate.x", f"not both be set {where}", (gate.theta, gate.x), cure)
    cure = "Give theta=... or x=..., or the fixed angle as offset=..."
    good = gate.factor == 1 or not gate.is_fixed
    checks.require(good, "gate.factor", f"be 1 {where}, whose angle is fixed", gate.factor, cure)


def _features(x: Any) -> int | tuple[int, ...] | None:
    """Returns the index of one feature, or the sorted indices of several that are multiplied."""
    if not isinstance(x, Iterable):
        return _index(x)
    indices = tuple(sorted(map(_index, x)))
    checks.require(len(indices) > 0, "gate.x", "hold an index of a feature", "empty", "Write x=None.")
    return indices if len(indices) > 1 else indices[0]


def _index(number: Any) -> Any:
    if number is None:
        return None
    checks.integer("gate", number, least=0)
    return int(number)


def _number(field: str, value: Any, name: str, qubits: tuple[int, ...]) -> float:
    real = isinstance(value, int | float | np.integer | np.floating)
    must = f"be a finite number for {name!r} on {qubits}"
    cure = "It is known before anything is compiled; what is trained is theta."
    checks.require(real and bool(np.isfinite(value)), f"gate.{field}", must, value, cure)
    return float(value)


def _matrix(matrix: Any, qubits: tuple[int, ...]) -> Matrix:
    array = np.asarray(matrix, complex)
    size = 2 ** len(qubits)
    fits = array.shape == (size, size) and 1 <= len(qubits) <= 3
    must = f"have the shape [{size}, {size}] on {qubits}, 1 to 3 qubits"
    checks.require(fits, "gate.matrix", must, array.shape)
    unitary = np.allclose(array @ array.conj().T, np.eye(size), rtol=0, atol=TOLERANCE)
    checks.require(bool(unitary), "gate.matrix", f"be unitary on {qubits}", array.tolist())
    return tuple(tuple(map(complex, row)) for row in array)
