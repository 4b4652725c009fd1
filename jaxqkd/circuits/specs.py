"""Specifications of gates: what a gate is, as plain matrices and names, for every interpreter of a circuit."""

import functools
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from jaxqkd import checks

PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""The Pauli matrices I, X, Y, Z."""


class Part(NamedTuple):
    """One of the gates that another gate is written in.

    Attributes:
        name: A name of `GATES`.
        places: Which of the other gate's qubits it acts on.
        factor: Its angle as a multiple of the other gate's angle, or None.
        angle: Its angle as a number, or None.
    """

    name: str
    places: tuple[int, ...]
    factor: float | None = None
    angle: float | None = None


@dataclass(frozen=True, eq=False)  # hashed by identity, since arrays have no hash
class GateSpec:
    """What a gate on k qubits is. An entry of `GATES` is all that a new gate needs.

    Attributes:
        name: Its name.
        symbols: What a drawing shows on each qubit, "●" for a control.
        openqasm: Its name in the standard libraries of both OpenQASM 2 and 3; or the gates that it is written in,
            each of which has such a name, up to a global phase.
        matrix: Unitary matrix [2^k, 2^k] of a gate without an angle, else None.
        generator: Hermitian matrix G [2^k, 2^k] of a rotation exp(-i angle G / 2), else None. Its eigenvalues are
            -1, 0 or 1; a multiple of the identity, which is a global phase, may be added to bring them there.
        inverse: Name of the gate that undoes it, or None for the gate itself; a rotation takes the negative angle.
        tensorcircuit: Name of the method of `tensorcircuit.Circuit`, or None to apply the matrix.
        product: Gates without an angle of their own whose product it is exactly, by which the state vector is
            simulated; empty where its matrix says enough.

    Raises:
        ValueError: On a matrix that is not unitary, a generator without these eigenvalues, or no inverse.
    """

    name: str
    symbols: tuple[str, ...]
    openqasm: str | tuple[Part, ...]
    matrix: np.ndarray | None = None
    generator: np.ndarray | None = None
    inverse: str | None = None
    tensorcircuit: str | None = None
    product: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        given = [name for name in ("matrix", "generator") if getattr(self, name) is not None]
        checks.require(len(given) == 1, "matrix, generator", "be given, one of them alone", given)
        array = np.asarray(getattr(self, given[0]), complex)
        size = 2 ** len(self.symbols)
        checks.require(array.shape == (size, size), given[0], f"have the shape [{size}, {size}]", array.shape)
        object.__setattr__(self, given[0], array)
        if self.is_rotation:
            good = np.allclose(array, array.conj().T) and np.allclose(array @ array @ array, array)
            cure = "Divide it by its largest eigenvalue, or add a multiple of the identity."
            checks.require(good, "generator", "be Hermitian with eigenvalues -1, 0, 1", array.tolist(), cure)
        else:
            unitary = np.allclose(array @ array.conj().T, np.eye(size))
            checks.require(unitary, "matrix", "be unitary", array.tolist())
            known = self.inverse is not None or np.allclose(array @ array, np.eye(size))
            checks.require(known, "inverse", "name the gate that undoes a gate whose square is not 1", None)

    @property
    def qubits(self) -> int:
        """The number of qubits k."""
        return len(self.symbols)

    @property
    def is_rotation(self) -> bool:
        """Whether the gate has an angle."""
        return self.generator is not None

    @functools.cached_property
    def terms(self) -> np.ndarray:
        """Matrices [3, 2^k, 2^k] whose sum, weighted by 1, cos(angle / 2) and sin(angle / 2), is the gate."""
        if self.generator is None:
            assert self.matrix is not None
            return np.stack([self.matrix, *np.zeros((2, *self.matrix.shape))])
        turned = self.generator @ self.generator  # the projector on what is not in the kernel of G
        return np.stack([np.eye(len(turned)) - turned, turned, -1j * self.generator])

    @functools.cached_property
    def kind(self) -> Literal["diagonal", "real", "permutation", "other"]:
        """Whether the matrix is diagonal, real (of one qubit), a permutation of basis states, or none of these."""
        if not np.any(self.terms * (1 - np.eye(2**self.qubits))):
            return "diagonal"
        if self.qubits == 1 and not np.any(self.terms.imag):
            return "real"
        zeros_and_ones = not self.is_rotation and np.all(self.terms == self.terms**2)
        return "permutation" if zeros_and_ones else "other"
