"""Primitives: gates written in the three kinds of gates that the state vector has fast products for.

These are real one-qubit gates, diagonal gates and permutations of the basis. Every gate without an angle, and
every rotation that is diagonal in a product of eigenbases of Pauli matrices, can be written in them. A feature
only ever turns phases, so that what depends on an example is at most one number a basis state.
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from jaxqkd.circuits import GATES, Gate, GateSpec
from jaxqkd.circuits.gates import spec_of
from jaxqkd.circuits.unitaries import factors

BETWEEN_PHASES = {"y": ("z", "s", "x", "s"), "rx": ("s", "ry", "z", "s")}
"""One-qubit gates as a real one between phases, which merge with their neighbors: S X S^-1 and S^-1 RY S."""


class Eigenbasis(NamedTuple):
    """One-qubit gates that change from the eigenbasis of a Pauli matrix to that of Z, and back.

    A Hadamard comes as "2h" and "h/2", times and over sqrt(2), since the rounding of 1 / sqrt(2) would add up over
    the layers.

    Attributes:
        before: Names of the gates that change to the eigenbasis of Z.
        matrix: The product of their matrices.
        after: Names of the gates that change back.
    """

    before: tuple[str, ...]
    matrix: np.ndarray
    after: tuple[str, ...]


EIGENBASES = (
    Eigenbasis((), np.eye(2), ()),
    Eigenbasis(("2h",), np.array([[1, 1], [1, -1]]), ("h/2",)),
    Eigenbasis(("z", "s", "2h"), np.array([[1, -1j], [1, 1j]]), ("h/2", "s")),
)
"""The eigenbases of Z, X and Y."""


class Primitive(NamedTuple):
    """A gate of one of the three kinds.

    Attributes:
        kind: "local", "phase" or "permutation".
        gate: The gate that it is or belongs to, with its qubits, angle and name.
        values: Of a phase, the diagonal [2^k] of a fixed gate, or of g for a rotation exp(-i angle g). Of a
            permutation, where each basis state [2^k] comes from. Empty for "local".
    """

    kind: str
    gate: Gate
    values: np.ndarray = np.empty(0)


def primitives(gate: Gate) -> list[Primitive]:
    """Returns the primitives that a gate is written in, in order, or none where it cannot be."""
    if gate.name in ("2h", "h/2"):
        return [Primitive("local", gate)]
    spec = spec_of(gate)
    if spec.kind == "permutation":
        return [Primitive("permutation", gate, np.argmax(spec.terms[0].real, axis=1))]
    if spec.kind == "real" and gate.x is None:
        return [Primitive("local", gate)]
    if gate.name in BETWEEN_PHASES and gate.x is None:
        return [one for name in BETWEEN_PHASES[gate.name] for one in primitives(_renamed(gate, name))]
    return _in_eigenbasis(gate, _diagonalized(spec)) or _factored(gate, spec)


def _factored(gate: Gate, spec: GateSpec) -> list[Primitive]:
    """Returns a gate without an angle as the primitives of its factors, nothing for a rotation."""
    if spec.is_rotation:
        return []
    own = [Gate(part.name, tuple(gate.qubits[place] for place in part.places)) for part in spec.product]
    turned = [one._replace(offset=part.angle or 0.0) for one, part in zip(own, spec.product, strict=True)]
    return [one for factor in turned or factors(spec.terms[0], gate.qubits) for one in primitives(factor)]


def _renamed(gate: Gate, name: str) -> Gate:
    return gate._replace(name=name) if GATES[name].is_rotation else Gate(name, gate.qubits)


def _in_eigenbasis(gate: Gate, diagonalized: tuple[tuple[Eigenbasis, ...], np.ndarray] | None) -> list[Primitive]:
    """Returns a gate as a phase between changes of its qubits' bases, or nothing where it has no such bases."""
    if diagonalized is None:
        return []
    bases = list(zip(gate.qubits, diagonalized[0], strict=True))
    before = [Gate(name, (qubit,)) for qubit, basis in bases for name in basis.before]
    after = [Gate(name, (qubit,)) for qubit, basis in bases for name in basis.after]
    into, back = ([one for basic in change for one in primitives(basic)] for change in (before, after))
    return [*into, Primitive("phase", gate, diagonalized[1]), *back]


@functools.cache
def _diagonalized(spec: GateSpec) -> tuple[tuple[Eigenbasis, ...], np.ndarray] | None:
    """Returns one eigenbasis a qubit in which the gate is diagonal, and its diagonal there, if there are such.

    The diagonal of a rotation is that of g in exp(-i angle g).
    """
    matrix = spec.matrix if spec.generator is None else spec.generator / 2
    for bases in itertools.product(EIGENBASES, repeat=spec.qubits):
        change = functools.reduce(np.kron, [basis.matrix for basis in bases])
        turned = change @ matrix @ change.conj().T / np.sum(abs(change[0]) ** 2)
        diagonal = np.diagonal(turned)
        if np.allclose(turned, np.diag(diagonal), rtol=0, atol=1e-12):
            return bases, diagonal.real if spec.is_rotation else diagonal
    return None
