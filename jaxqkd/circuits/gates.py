"""Gates of circuits, and what each of them is: an entry of the table, at a fixed angle, or a matrix of its own."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.specs import GateSpec
from jaxqkd.circuits.table import GATES

UNITARY = "unitary"
"""Name of a gate that brings its own matrix."""

Matrix = tuple[tuple[complex, ...], ...]


class Gate(NamedTuple):
    """One gate of a circuit.

    A rotation turns by `factor * angle + offset`. The angle is a trained one times the circuit's scale, or a
    feature, or a product of features; with neither, the rotation is fixed and turns by `offset`. Angles of
    consecutive rotations about one axis add up, so that sums need no gate of their own.

    Attributes:
        name: A name of `GATES`, or "unitary".
        qubits: The qubits that it acts on, controls first.
        theta: Index of its trained angle among the layer's angles, or None.
        x: Index of the feature that is its angle, indices of features that are multiplied, or None.
        factor: Factor of the angle.
        offset: What is added to it, in radians.
        matrix: The matrix of a "unitary", made by `unitary`; else None.

    Example:
        >>> Gate("rzz", (0, 1), x=(0, 1), factor=2.0)[:5]  # turns by 2 x0 x1
        ('rzz', (0, 1), None, (0, 1), 2.0)
    """

    name: str
    qubits: tuple[int, ...]
    theta: int | None = None
    x: int | tuple[int, ...] | None = None
    factor: float = 1.0
    offset: float = 0.0
    matrix: Matrix | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether neither a trained angle nor a feature turns it."""
        return self.theta is None and self.x is None


def unitary(matrix: Any, qubits: Sequence[int]) -> Gate:
    """Returns the gate of a fixed unitary matrix [2^k, 2^k] on k qubits, 1 to 3 of them.

    The first qubit is the most significant bit of the matrix's index.

    Example:
        >>> unitary([[0, 1], [1, 0]], (2,)).matrix
        ((0j, (1+0j)), ((1+0j), 0j))
    """
    return Gate(UNITARY, tuple(qubits), matrix=tuple(tuple(map(complex, row)) for row in np.asarray(matrix)))


def matrix(name: str | GateSpec, angle: jax.Array | float | None = None) -> jax.Array:
    """Returns the complex matrix [2^k, 2^k] of a gate, at an angle in radians if it is a rotation.

    Example:
        >>> matrix("x").real.tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    spec = entry(name, has_angle=angle is not None)
    if angle is None:
        return jnp.asarray(spec.terms[0], complex)
    parts = jnp.stack([jnp.ones_like(angle), jnp.cos(angle / 2), jnp.sin(angle / 2)])
    flat = jnp.asarray(spec.terms.reshape(3, -1), jnp.result_type(parts, jnp.complex64))
    return jnp.matmul(parts, flat, precision="highest").reshape(spec.terms.shape[1:])


def spec_of(gate: Gate) -> GateSpec:
    """Returns what a gate of a circuit is: its name's entry, or one made for its fixed angle or its matrix."""
    if gate.matrix is not None:
        return _with_matrix(gate.matrix)
    spec = GATES[gate.name]
    return _turned(spec, gate.offset) if spec.is_rotation and gate.is_fixed else spec


def has_angle(gate: Gate) -> bool:
    """Returns whether the gate is a rotation, by a variable or a fixed angle."""
    return gate.name in GATES and GATES[gate.name].is_rotation


def called(gate: Gate) -> str | GateSpec:
    """Returns a gate's name where it says what the gate is, apart from a variable angle; else its `GateSpec`."""
    is_named = gate.name not in GATES or spec_of(gate) is GATES[gate.name]
    return gate.name if is_named and gate.matrix is None else spec_of(gate)


def entry(name: str | GateSpec, *, has_angle: bool) -> GateSpec:
    """Returns the entry of a name; refuses an angle for a gate without one, and a rotation without its angle."""
    if isinstance(name, GateSpec):
        spec = name
    else:
        checks.one_of("name", name, sorted(GATES))
        spec = GATES[name]
    must = f"be given for {name!r}, a rotation" if spec.is_rotation else f"be None for {name!r}, which has none"
    checks.require(spec.is_rotation == has_angle, "angle", must, "a number" if has_angle else None)
    return spec


def inverse(gate: Gate) -> Gate:
    """Returns the gate that undoes a gate, if its trained angle or its feature is negative then."""
    if gate.matrix is not None:
        return unitary(np.asarray(gate.matrix).conj().T, gate.qubits)
    offset = -gate.offset if gate.offset else 0.0
    return gate._replace(name=GATES[gate.name].inverse or gate.name, offset=offset)


@functools.cache
def _turned(spec: GateSpec, angle: float) -> GateSpec:
    """Returns a rotation at a fixed angle, as a gate without an angle."""
    matrix = np.tensordot([1, np.cos(angle / 2), np.sin(angle / 2)], spec.terms, 1)
    return GateSpec(spec.name, spec.symbols, spec.openqasm, matrix=matrix, inverse=spec.name)


@functools.cache
def _with_matrix(matrix: Matrix) -> GateSpec:
    symbols = ("U",) * (len(matrix).bit_length() - 1)
    return GateSpec(UNITARY, symbols, (), matrix=np.asarray(matrix), inverse=UNITARY)
