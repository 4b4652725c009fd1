"""Gates and circuits as plain, hashable data.

Qubit 0 is the most significant bit of a basis state's index. A rotation turns by exp(-i angle G / 2), where
G is the Pauli string of its name; controlled rotations turn the last qubit where the first is 1.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

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


def check_measured(measured: Iterable[int] | None, qubits: int, argument: str = "measured") -> tuple[int, ...]:
    """Returns the measured qubits as a tuple, all of them for None; refuses what is out of range or repeated."""
    if measured is None:
        return tuple(range(qubits))
    chosen = tuple(measured)
    inside = all(isinstance(qubit, int | np.integer) and 0 <= qubit < qubits for qubit in chosen)
    cure = f"A circuit of {qubits} qubits has qubits 0 ... {qubits - 1}."
    good = inside and 0 < len(set(chosen)) == len(chosen)
    checks.require(good, argument, f"name distinct qubits of {qubits}", chosen, cure)
    return tuple(map(int, chosen))


def _as_gate(gate: Gate) -> Gate:
    """Returns the gate with plain integers, so that equal circuits print alike."""
    name, qubits, theta, x = Gate(*gate)
    listed = isinstance(qubits, Iterable)
    checks.require(
        listed, "gate.qubits", "be a tuple of qubits", repr(qubits), f'Write Gate("{name}", ({qubits},)).'
    )
    return Gate(name, tuple(map(_index, qubits)), _index(theta), _index(x))


def _index(number: Any) -> Any:
    if number is None:
        return None
    checks.integer("gate", number, least=0)
    return int(number)


def _check_gate(gate: Gate, qubits: int) -> None:
    known = FIXED | ROTATIONS
    checks.one_of("gate.name", gate.name, sorted(known))
    distinct = len(set(gate.qubits)) == len(gate.qubits) == known[gate.name]
    need = f"be {known[gate.name]} distinct qubits for {gate.name!r}"
    checks.require(distinct, "gate.qubits", need, gate.qubits)
    inside = all(qubit < qubits for qubit in gate.qubits)
    checks.require(inside, "gate.qubits", f"lie in 0 ... {qubits - 1}", gate.qubits)
    angles = [index for index in (gate.theta, gate.x) if index is not None]
    wanted = int(gate.name in ROTATIONS)
    need = "be set, one of them alone, for a rotation" if wanted else f"be None for {gate.name!r}"
    checks.require(len(angles) == wanted, "gate.theta, gate.x", need, (gate.theta, gate.x))
