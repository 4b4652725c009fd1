"""Lowering: the gates of a layer, on the host, as few steps of the three kinds of product that are fast.

Real one-qubit gates become blocks of neighboring qubits, gates that permute the basis become one gather, and
diagonal gates become one vector of phases. Other gates are written in these where that is possible. A feature only
ever turns phases, so that what depends on an example is at most one number a basis state.
"""

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import GATES, Gate, GateSpec

BLOCK_QUBITS = 4
BETWEEN_PHASES = {"y": ("z", "s", "x", "s"), "rx": ("s", "ry", "z", "s")}
"""One-qubit gates as a real one between phases, which merge with their neighbors: S X S^-1 and S^-1 RY S."""


class Eigenbasis(NamedTuple):
    """Gates before and after a diagonal one that make it diagonal in the eigenbasis of a Pauli matrix.

    A Hadamard comes as "2h" and "h/2", times and over sqrt(2), since the rounding of 1 / sqrt(2) would add up over
    the layers.

    Attributes:
        before: Names of the gates before.
        matrix: The matrix of these.
        after: Names of the gates after, whose matrix is the inverse.
    """

    before: tuple[str, ...]
    matrix: np.ndarray
    after: tuple[str, ...]


EIGENBASES = (
    Eigenbasis((), np.eye(2), ()),
    Eigenbasis(("2h",), np.array([[1, 1], [1, -1]]), ("h/2",)),
    Eigenbasis(("z", "s", "2h"), np.array([[1, -1j], [1, 1j]]), ("h/2", "s")),
)
"""Those of Z, X and Y."""


class Primitive(NamedTuple):
    """A gate that is one product, or one of the gates that another one is written in.

    Attributes:
        kind: "local", "phase" or "permutation".
        gate: Its qubits and angle; its name where it is local.
        values: Of a phase, the diagonal [2^k], or that of the generator of a rotation exp(-i angle g). Of a
            permutation, where each basis state [2^k] comes from. Empty where it is local.
    """

    kind: str
    gate: Gate
    values: np.ndarray = np.empty(0)


class Pattern(NamedTuple):
    """Qubits that have the same sequence of one-qubit gates.

    Attributes:
        names: The gates' names, in order.
        qubits: The n qubits.
        angles: Indices [n, rotations] of the rotations' angles among the layer's.
    """

    names: tuple[str, ...]
    qubits: tuple[int, ...]
    angles: np.ndarray


class Local(NamedTuple):
    """Real one-qubit gates, applied as one matrix a window of at most `BLOCK_QUBITS` neighboring qubits."""

    windows: tuple[tuple[int, ...], ...]
    patterns: tuple[Pattern, ...]


class Permutation(NamedTuple):
    """A gather of the amplitudes: new amplitude i is old amplitude source[i]."""

    source: np.ndarray


class Phase(NamedTuple):
    """A diagonal exp(-i generators . angles) * fixed, with generators [2^Q, rotations] and fixed [2^Q]."""

    angles: np.ndarray
    generators: np.ndarray
    fixed: np.ndarray
    is_driven: bool


Step = Local | Permutation | Phase


@functools.cache
def steps(gates: tuple[Gate, ...], qubits: int) -> tuple[Step, ...]:
    """Returns the steps that have the effect of the gates, in order, on that many qubits.

    A step is driven where its angles are features; else they are trained angles of the layer.

    Raises:
        ValueError: On a gate without a lowering.
    """
    refused = sorted({gate.name for gate in gates if not has_lowering(gate)})
    must = "have gates that can be written in real one-qubit gates, permutations and diagonal gates"
    checks.require(not refused, "circuit", must, f"one with {refused}", "Let TensorCircuit simulate it.")
    lowered: list[Step] = []
    for (kind, is_driven), parts in _stretches(part for gate in gates for part in _parts(gate)):
        if kind == "local":
            lowered.append(Local(_windows(parts), _patterns(parts)))
        elif kind == "phase":
            lowered.append(_phase(parts, qubits, is_driven))
        else:
            lowered[-1:] = _gathered(lowered[-1:], _sources(parts, qubits))
    return tuple(lowered)


def has_lowering(gate: Gate) -> bool:
    """Returns whether the gate can be written in the three kinds of product; others are left to TensorCircuit."""
    return bool(_parts(gate))


def signs(qubits: int) -> np.ndarray:
    """Returns the eigenvalues [2^Q, Q] of Z of each qubit."""
    return 1 - 2 * _bits(qubits)


def _parts(gate: Gate) -> list[Primitive]:
    """Returns a gate as parts of the three kinds, or none where it cannot be written in them."""
    if gate.name in ("2h", "h/2"):
        return [Primitive("local", gate)]
    spec = GATES[gate.name]
    if spec.kind == "permutation":
        return [Primitive("permutation", gate, np.argmax(spec.terms[0].real, axis=1))]
    if spec.kind == "real" and gate.x is None:
        return [Primitive("local", gate)]
    if gate.name in BETWEEN_PHASES and gate.x is None:
        return [part for name in BETWEEN_PHASES[gate.name] for part in _parts(_renamed(gate, name))]
    return _in_eigenbasis(gate, _diagonalized(spec))


def _renamed(gate: Gate, name: str) -> Gate:
    return gate._replace(name=name) if GATES[name].is_rotation else Gate(name, gate.qubits)


def _in_eigenbasis(gate: Gate, diagonalized: tuple[tuple[Eigenbasis, ...], np.ndarray] | None) -> list[Primitive]:
    """Returns a gate as a phase between changes of its qubits' bases, or nothing where it has no such bases."""
    if diagonalized is None:
        return []
    bases = list(zip(gate.qubits, diagonalized[0], strict=True))
    before = [Gate(name, (qubit,)) for qubit, basis in bases for name in basis.before]
    after = [Gate(name, (qubit,)) for qubit, basis in bases for name in basis.after]
    into, back = ([part for one in change for part in _parts(one)] for change in (before, after))
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


def _gathered(last: Sequence[Step], source: np.ndarray) -> list[Step]:
    """Returns a gather after the last step; a phase moves behind it, where it can merge with the next."""
    if last and isinstance(last[0], Phase):
        phase = last[0]
        moved = phase._replace(generators=phase.generators[source], fixed=phase.fixed[source])
        return [Permutation(source), moved]
    return [*last, Permutation(source)]


def _stretches(parts: Iterable[Primitive]) -> list[tuple[tuple[str, bool], list[Primitive]]]:
    """Returns the parts in stretches of one kind, driven or not.

    A part joins the earliest such stretch that it can reach by moving ahead of stretches on other qubits.
    """
    stretches: list[tuple[tuple[str, bool], list[Primitive]]] = []
    for part in parts:
        own_kind = part.kind, part.gate.x is not None
        home = None
        for kind, stretch in reversed(stretches):
            if kind == own_kind:
                home = stretch
            if any(set(part.gate.qubits) & set(other.gate.qubits) for other in stretch):
                break
        if home is None:
            home = []
            stretches.append((own_kind, home))
        home.append(part)
    return stretches


def _windows(parts: Sequence[Primitive]) -> tuple[tuple[int, ...], ...]:
    """Returns runs of neighboring qubits, about equally wide, that cover those with a gate."""
    touched = sorted({part.gate.qubits[0] for part in parts})
    width = math.ceil(len(touched) / math.ceil(len(touched) / BLOCK_QUBITS))
    windows = []
    while touched:
        window = range(touched[0], min(touched[0] + width, touched[-1] + 1))
        windows.append(tuple(window))
        touched = [qubit for qubit in touched if qubit not in window]
    return tuple(windows)


def _patterns(parts: Sequence[Primitive]) -> tuple[Pattern, ...]:
    alike: dict[tuple[str, ...], dict[int, np.ndarray]] = {}
    for qubit in sorted({part.gate.qubits[0] for part in parts}):
        gates = [part.gate for part in parts if part.gate.qubits[0] == qubit]
        alike.setdefault(tuple(gate.name for gate in gates), {})[qubit] = _angles(gates)
    return tuple(Pattern(names, tuple(angles), np.stack([*angles.values()])) for names, angles in alike.items())


def _phase(parts: Sequence[Primitive], qubits: int, is_driven: bool) -> Phase:
    size = 2**qubits
    gates = [part.gate for part in parts]
    diagonals = [part.values[_local_index(part.gate, qubits)] for part in parts]
    turned = [d for d, gate in zip(diagonals, gates, strict=True) if GATES[gate.name].is_rotation]
    fixed = [d for d, gate in zip(diagonals, gates, strict=True) if not GATES[gate.name].is_rotation]
    generators = np.stack(turned, axis=1) if turned else np.zeros((size, 0))
    return Phase(_angles(gates), generators, math.prod(fixed, start=np.ones(size, complex)), is_driven)


def _angles(gates: Sequence[Gate]) -> np.ndarray:
    """Returns the indices of the rotations' angles among the gates: indices of theta, or of x."""
    indices = [gate.theta if gate.x is None else gate.x for gate in gates]
    # int32 (also in _sources): jax's traces in float64 remember int64 arrays, and break later ones in float32
    return np.asarray([index for index in indices if index is not None], np.int32)


def _bits(qubits: int) -> np.ndarray:
    """Returns the bits [2^Q, Q] of the basis states; qubit 0 is the most significant."""
    return (np.arange(2**qubits)[:, None] >> np.arange(qubits)[::-1]) & 1


def _local_index(gate: Gate, qubits: int) -> np.ndarray:
    """Returns, for each basis state [2^Q], the index of its bits at the gate's qubits."""
    return _bits(qubits)[:, list(gate.qubits)] @ 2 ** np.arange(len(gate.qubits))[::-1]


def _sources(parts: Sequence[Primitive], qubits: int) -> np.ndarray:
    """Returns, for each new basis state [2^Q], the basis state that its amplitude comes from."""
    source = np.arange(2**qubits)
    for gate, values in ((part.gate, part.values) for part in parts):
        here = _local_index(gate, qubits)
        flips = ((values[here] ^ here)[:, None] >> np.arange(len(gate.qubits))[::-1]) & 1
        places = qubits - 1 - np.asarray(gate.qubits)
        source = source[np.arange(2**qubits) ^ (flips << places).sum(axis=1)]
    return source.astype(np.int32)
