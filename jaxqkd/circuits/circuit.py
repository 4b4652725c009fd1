"""Circuits as plain, hashable data: gates of a prefix, and gates of one layer that repeats."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.gates import GATES, Gate

MOST_QUBITS, MOST_LAYERS = 1000, 100_000
"""The largest circuits: far more than a simulator holds, and few enough to draw, count and export."""


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
        ValueError: On an unknown gate, a qubit out of range, or indices of angles with gaps.

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
        check_size(qubits=self.qubits, layers=self.layers)
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


def check_size(*, qubits: int, layers: int = 1) -> None:
    """Refuses numbers of qubits and layers that are no sizes of a circuit."""
    checks.integer("qubits", qubits, most=MOST_QUBITS)
    checks.integer("layers", layers, most=MOST_LAYERS)


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
    checks.one_of("gate.name", gate.name, sorted(GATES))
    spec = GATES[gate.name]
    distinct = len(set(gate.qubits)) == len(gate.qubits) == spec.qubits
    need = f"be {spec.qubits} distinct qubits for {gate.name!r}"
    checks.require(distinct, "gate.qubits", need, gate.qubits)
    inside = all(qubit < qubits for qubit in gate.qubits)
    checks.require(inside, "gate.qubits", f"lie in 0 ... {qubits - 1}", gate.qubits)
    angles = [index for index in (gate.theta, gate.x) if index is not None]
    need = "be set, one of them alone, for a rotation" if spec.is_rotation else f"be None for {gate.name!r}"
    checks.require(len(angles) == spec.is_rotation, "gate.theta, gate.x", need, (gate.theta, gate.x))
