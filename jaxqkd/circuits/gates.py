"""Gates: the one table of what each of them is, which every interpreter of a circuit reads.

Qubit 0 is the most significant bit of a basis state's index. A rotation is exp(-i angle G / 2), where G is the
Pauli string in its name. A controlled rotation turns its last qubit where the first is 1.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks

PAULIS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
"""The Pauli matrices I, X, Y, Z."""

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


def _controlled(matrix: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Returns the block matrix of `off` where the control is 0, and of `matrix` where it is 1."""
    return np.block([[off, np.zeros_like(off)], [np.zeros_like(off), matrix]])


_I, _X, _Y, _Z = PAULIS
_S, _T = np.diag([1, 1j]), np.diag([1, np.exp(0.25j * np.pi)])
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
_CNOT, _NONE = _controlled(_X, _I), np.zeros((2, 2))

_H = Part("h", (0,)), Part("h", (1,))
_RX = tuple(Part("rx", (place,), angle=np.pi / 2) for place in (0, 1))
_RX_BACK = tuple(part._replace(angle=-np.pi / 2) for part in _RX)
_CX = Part("cnot", (0, 1))
_CX_THRICE = _CX, Part("cnot", (1, 0)), _CX
_RZZ = _CX, Part("rz", (1,), factor=1), _CX
_CRY = Part("ry", (1,), factor=0.5), _CX, Part("ry", (1,), factor=-0.5), _CX
_CRX = _H[1], Part("crz", (0, 1), factor=1), _H[1]

_SPECS = (
    GateSpec("h", ("H",), "h", matrix=(_X + _Z) / np.sqrt(2), tensorcircuit="h"),
    GateSpec("x", ("X",), "x", matrix=_X, tensorcircuit="x"),
    GateSpec("y", ("Y",), "y", matrix=_Y, tensorcircuit="y"),
    GateSpec("z", ("Z",), "z", matrix=_Z, tensorcircuit="z"),
    GateSpec("s", ("S",), "s", matrix=_S, inverse="sdg", tensorcircuit="s"),
    GateSpec("sdg", ("S†",), "sdg", matrix=_S.conj(), inverse="s", tensorcircuit="sd"),
    GateSpec("t", ("T",), "t", matrix=_T, inverse="tdg", tensorcircuit="t"),
    GateSpec("tdg", ("T†",), "tdg", matrix=_T.conj(), inverse="t"),  # TensorCircuit's `td` is of single precision
    GateSpec("sx", ("√X",), (_H[0], Part("s", (0,)), _H[0]), matrix=_SX, inverse="sxdg"),
    GateSpec("sxdg", ("√X†",), (_H[0], Part("sdg", (0,)), _H[0]), matrix=_SX.conj(), inverse="sx"),
    GateSpec("cnot", ("●", "X"), "cx", matrix=_CNOT, tensorcircuit="cnot"),
    GateSpec("cz", ("●", "●"), "cz", matrix=_controlled(_Z, _I), tensorcircuit="cz"),
    GateSpec("swap", ("x", "x"), _CX_THRICE, matrix=np.eye(4)[[0, 2, 1, 3]], tensorcircuit="swap"),
    GateSpec("toffoli", ("●", "●", "X"), "ccx", matrix=_controlled(_CNOT, np.eye(4)), tensorcircuit="toffoli"),
    GateSpec("rx", ("RX",), "rx", generator=_X, tensorcircuit="rx"),
    GateSpec("ry", ("RY",), "ry", generator=_Y, tensorcircuit="ry"),
    GateSpec("rz", ("RZ",), "rz", generator=_Z, tensorcircuit="rz"),
    GateSpec("rxx", ("XX", "XX"), (*_H, *_RZZ, *_H), generator=np.kron(_X, _X), tensorcircuit="rxx"),
    GateSpec("ryy", ("YY", "YY"), (*_RX, *_RZZ, *_RX_BACK), generator=np.kron(_Y, _Y), tensorcircuit="ryy"),
    GateSpec("rzz", ("ZZ", "ZZ"), _RZZ, generator=np.kron(_Z, _Z), tensorcircuit="rzz"),
    GateSpec("crx", ("●", "RX"), _CRX, generator=_controlled(_X, _NONE), tensorcircuit="crx"),
    GateSpec("cry", ("●", "RY"), _CRY, generator=_controlled(_Y, _NONE), tensorcircuit="cry"),
    GateSpec("crz", ("●", "RZ"), "crz", generator=_controlled(_Z, _NONE), tensorcircuit="crz"),
)

GATES: Mapping[str, GateSpec] = {spec.name: spec for spec in _SPECS}
"""Every gate, by its name."""
