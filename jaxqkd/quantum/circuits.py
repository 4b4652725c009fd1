"""Circuits as plain, hashable data, and the ansätze that return them.

Qubit 0 is the most significant bit of a basis state's index. A rotation turns by exp(-i angle G / 2), where
G is the Pauli string of its name; controlled rotations turn the last qubit where the first is 1.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from jaxqkd import checks

FIXED = {"h": 1, "x": 1, "y": 1, "z": 1, "s": 1, "t": 1, "cnot": 2, "cz": 2, "swap": 2, "toffoli": 3}
"""Gates without an angle, with the number of their qubits."""

ROTATIONS = {"rx": 1, "ry": 1, "rz": 1, "rxx": 2, "ryy": 2, "rzz": 2, "crx": 2, "cry": 2, "crz": 2}
"""Gates with an angle in radians, with the number of their qubits."""


class Gate(NamedTuple):
    """One gate of a layer.

    Attributes:
        name: A name of `FIXED` or `ROTATIONS`.
        qubits: The qubits that it acts on, control first.
        theta: Index of its trained angle among the layer's angles, or None.
        x: Index of the feature that is its angle, or None. A rotation has exactly one of theta and x.
    """

    name: str
    qubits: tuple[int, ...]
    theta: int | None = None
    x: int | None = None


@dataclass(frozen=True)
class Circuit:
    """A prefix of gates, then `layers` repetitions of one layer of gates, each layer with angles of its own.

    Attributes:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        gates: The gates of one layer, in order. Their theta indices are 0 ... P - 1, each used at least once.
        prefix: Gates before the first layer; they have no trained angles.
        scale: Factor of every trained angle: a gate turns by scale * theta.

    Raises:
        ValueError: On an unknown gate, a qubit that is not there, or angles that do not add up.

    Example:
        >>> circuit = Circuit(2, 1, (Gate("ry", (0,), theta=0), Gate("cnot", (0, 1))))
        >>> circuit.shape
        (1, 1)
    """

    qubits: int
    layers: int
    gates: tuple[Gate, ...]
    prefix: tuple[Gate, ...] = ()
    scale: float = 1.0

    def __post_init__(self) -> None:
        checks.integer("qubits", self.qubits)
        checks.integer("layers", self.layers)
        checks.positive("scale", self.scale)
        object.__setattr__(self, "gates", tuple(map(_as_gate, self.gates)))
        object.__setattr__(self, "prefix", tuple(map(_as_gate, self.prefix)))
        for gate in (*self.prefix, *self.gates):
            _check_gate(gate, self.qubits)
        trained = [gate.name for gate in self.prefix if gate.theta is not None]
        checks.require(not trained, "prefix", "have no trained angles", trained, "Move those gates to `gates`.")
        used = sorted({gate.theta for gate in self.gates if gate.theta is not None})
        cure = "Number the trained angles of a layer 0, 1, 2, ... without gaps."
        checks.require(used == list(range(len(used))), "gates", "use every theta index", used, cure)

    @functools.cached_property
    def shape(self) -> tuple[int, int]:
        """The shape (L, P) of the trained angles theta."""
        return self.layers, len({gate.theta for gate in self.gates if gate.theta is not None})

    @property
    def features(self) -> int:
        """How many features the gates read, 0 where none is driven by a feature."""
        indices = [gate.x for gate in (*self.prefix, *self.gates) if gate.x is not None]
        return max(indices, default=-1) + 1


def hea(*, qubits: int, layers: int, hadamard: bool = False, scale: float = 1.0) -> Circuit:
    """Returns the hardware-efficient ansatz: RZ, RY, RZ on every qubit, then a ring of CNOTs.

    3 Q trained angles a layer. The ring's last CNOT goes from qubit Q - 1 to qubit 0; two qubits have one
    CNOT each way, and one qubit has none.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        hadamard: Whether a Hadamard on every qubit precedes the first layer.
        scale: Factor of every trained angle.

    References:
        Kandala et al., Nature 549, 242 (2017); Piperno et al., QTML 2024.
    """
    checks.integer("qubits", qubits)
    rotations = [
        Gate(name, (qubit,), theta=3 * qubit + place)
        for qubit in range(qubits)
        for place, name in enumerate(("rz", "ry", "rz"))
    ]
    ring = [Gate("cnot", (qubit, (qubit + 1) % qubits)) for qubit in range(qubits if qubits > 1 else 0)]
    return Circuit(qubits, layers, (*rotations, *ring), _hadamards(qubits, hadamard), scale)


def universal(
    *,
    qubits: int,
    layers: int,
    kept: Iterable[int] | None = None,
    hadamard: bool = False,
    scale: float = 1.0,
) -> Circuit:
    """Returns the ansatz whose generators X_i, Y_i and Z_i Z_{i+1} span su(2^Q).

    A layer is RX on every qubit, RY on every qubit, and ZZ rotations along the chain: 3 Q - 1 trained angles.
    With `kept`, the circuit of selective measurement: RX on every qubit, ZZ rotations along the chain, and RY
    on the kept qubits only, 2 Q - 1 + len(kept) angles.

    Args:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        kept: The qubits that are read at the end, or None for the full ansatz. Pass the same to the student.
        hadamard: Whether a Hadamard on every qubit precedes the first layer.
        scale: Factor of every trained angle.

    References:
        Piperno et al., QTML 2024.
    """
    checks.integer("qubits", qubits)
    chosen = tuple(range(qubits)) if kept is None else check_kept(kept, qubits)
    turns_x = [("rx", (qubit,)) for qubit in range(qubits)]
    turns_y = [("ry", (qubit,)) for qubit in chosen]
    turns_zz = [("rzz", (qubit, qubit + 1)) for qubit in range(qubits - 1)]
    order = turns_x + (turns_y + turns_zz if kept is None else turns_zz + turns_y)
    gates = tuple(Gate(name, where, theta=index) for index, (name, where) in enumerate(order))
    return Circuit(qubits, layers, gates, _hadamards(qubits, hadamard), scale)


def check_kept(kept: Iterable[int] | None, qubits: int) -> tuple[int, ...]:
    """Returns the kept qubits as a tuple, all of them for None; refuses what is out of range or repeated."""
    if kept is None:
        return tuple(range(qubits))
    chosen = tuple(kept)
    inside = all(isinstance(qubit, int) and 0 <= qubit < qubits for qubit in chosen)
    cure = f"A circuit of {qubits} qubits has qubits 0 ... {qubits - 1}."
    good = inside and 0 < len(set(chosen)) == len(chosen)
    checks.require(good, "kept", f"name distinct qubits of {qubits}", chosen, cure)
    return chosen


def _hadamards(qubits: int, wanted: bool) -> tuple[Gate, ...]:
    return tuple(Gate("h", (qubit,)) for qubit in range(qubits if wanted else 0))


def _as_gate(gate: Gate) -> Gate:
    name, qubits, theta, x = Gate(*gate)
    return Gate(name, tuple(qubits), theta, x)


def _check_gate(gate: Gate, qubits: int) -> None:
    known = FIXED | ROTATIONS
    checks.one_of("gate.name", gate.name, sorted(known))
    distinct = len(set(gate.qubits)) == len(gate.qubits) == known[gate.name]
    need = f"be {known[gate.name]} distinct qubits for {gate.name!r}"
    checks.require(distinct, "gate.qubits", need, gate.qubits)
    inside = all(0 <= qubit < qubits for qubit in gate.qubits)
    checks.require(inside, "gate.qubits", f"lie in 0 ... {qubits - 1}", gate.qubits)
    angles = [index for index in (gate.theta, gate.x) if index is not None]
    wanted = int(gate.name in ROTATIONS)
    need = "be set, one of them alone, for a rotation" if wanted else f"be None for {gate.name!r}"
    good = len(angles) == wanted and all(index >= 0 for index in angles)
    checks.require(good, "gate.theta, gate.x", need, (gate.theta, gate.x))
