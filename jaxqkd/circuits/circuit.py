"""Circuits as plain, hashable data: gates of a prefix, and gates of one layer that repeats."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits.angles import features_of
from jaxqkd.circuits.checking import as_gate, check_gate
from jaxqkd.circuits.gates import Gate


@dataclass(frozen=True)
class Circuit:
    """A prefix of gates, then `layers` repetitions of one layer of gates, each layer with angles of its own.

    Attributes:
        qubits: Number of qubits Q.
        layers: Number of layers L.
        gates: The gates of one layer, in order. Their theta indices are 0 ... P - 1, each used at least once.
        prefix: Gates before the first layer; they have no trained angles.
        scale: Factor of every trained angle: a gate turns by scale * theta, before its own factor and offset.

    Raises:
        ValueError: On an unknown gate, a qubit out of range, an angle that is none, or indices of angles with
            gaps.

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
        object.__setattr__(self, "gates", tuple(map(as_gate, self.gates)))
        object.__setattr__(self, "prefix", tuple(map(as_gate, self.prefix)))
        for gate in (*self.prefix, *self.gates):
            check_gate(gate, self.qubits)
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
        indices = [index for gate in (*self.prefix, *self.gates) for index in features_of(gate)]
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
