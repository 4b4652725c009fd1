"""What a PennyLane tape holds: its operations in standard gates, and what it measures."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import standard
from jaxqkd.circuits.imported import CURE
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.standard import Part, Standard, Step

MOST_GATES = 200_000
DEEPEST = 50
"""Most decompositions within each other."""
WIDEST = 3
"""Most qubits of a matrix."""

NAMES: Mapping[str, str] = {
    "Hadamard": "h",
    "PauliX": "x",
    "PauliY": "y",
    "PauliZ": "z",
    "S": "s",
    "T": "t",
    "SX": "sx",
    "Adjoint(S)": "sdg",
    "Adjoint(T)": "tdg",
    "Adjoint(SX)": "sxdg",
    "CNOT": "cnot",
    "CZ": "cz",
    "CY": "cy",
    "CH": "ch",
    "SWAP": "swap",
    "ISWAP": "iswap",
    "ECR": "ecr",
    "Toffoli": "toffoli",
    "CSWAP": "cswap",
    "RX": "rx",
    "RY": "ry",
    "RZ": "rz",
    "PhaseShift": "p",
    "U1": "p",
    "ControlledPhaseShift": "cp",
    "CRX": "crx",
    "CRY": "cry",
    "CRZ": "crz",
    "U2": "u2",
    "U3": "u3",
    "IsingXX": "rxx",
    "IsingYY": "ryy",
    "IsingZZ": "rzz",
}
"""Names of `STANDARD` by those of PennyLane's operations."""

_ROT = Standard(3, 1, tuple(Part(f"r{axis}", (0,), tuple(np.eye(3)[k])) for k, axis in enumerate("zyz")))
_SKIPPED = ("Barrier", "WireCut", "Identity", "GlobalPhase", "Snapshot")
_READ = ("ExpectationMP", "ProbabilityMP", "SampleMP", "CountsMP")


class Record(NamedTuple):
    """One standard gate, or a matrix, as it was traced: its angles are those from `first` on."""

    standard: Standard
    qubits: tuple[int, ...]
    first: int
    source: str
    matrix: Any = None

    def steps(self, angles: Sequence[Polynomial]) -> list[Step]:
        """Returns the gate in gates of `GATES`."""
        if self.matrix is not None:
            return [standard.unitary(self.matrix, self.qubits, self.source)]
        own = angles[self.first : self.first + self.standard.angles]
        return standard.in_parts(self.standard, own, self.qubits, self.source)


class Tape:
    """The gates, the state and the measurements of a function's tape, each time that the function is traced."""

    def __init__(self, wires: Any) -> None:
        self._wires = None if wires is None else list(wires)
        self.qubits = 0
        self.measured: tuple[int, ...] | None = None
        self.records: list[Record] = []
        self.state: Any = None
        self._angles: list[Any] = []
        self._traced: set[str] = set()

    @property
    def sources(self) -> list[str]:
        """Where each angle is."""
        return [record.source for record in self.records for _ in range(record.standard.angles)]

    def angles(self, tape: Any) -> list[Any]:
        """Returns the angles of a tape, whose gates are kept."""
        self.records, self._angles, self.state = [], [], None
        order = self._wires or _sorted(tape.wires)
        known = {wire: number for number, wire in enumerate(order)}
        self.qubits = len(order)
        for number, operation in enumerate(tape.operations):
            self._add(operation, known, f"operation {number} ({operation.name})", 0)
        self.measured = _measured(tape.measurements, known)
        return self._angles

    def _add(self, operation: Any, known: Mapping[Any, int], source: str, depth: int) -> None:
        name = operation.name
        if name in _SKIPPED:
            return
        strange = [wire for wire in operation.wires if wire not in known]
        checks.require(not strange, "function", f"use the wires {list(known)}", f"one with {strange} in {source}")
        qubits = tuple(known[wire] for wire in operation.wires)
        few = depth <= DEEPEST and len(self.records) < MOST_GATES
        checks.require(few, "function", f"have at most {MOST_GATES:,} gates", f"one with more at {source}")
        gate = _ROT if name == "Rot" else standard.STANDARD.get(NAMES.get(name, ""))
        if gate is not None:
            self._add_gate(gate, operation, qubits, source)
        elif name in ("AmplitudeEmbedding", "StatePrep") and self._depends(operation, source):
            self._add_state(operation, qubits, source)
        elif name == "QubitUnitary" and len(qubits) <= WIDEST and not checks.is_traced(operation.data):
            empty = Standard(0, len(qubits), ())
            self.records.append(Record(empty, qubits, 0, source, np.asarray(operation.data[0])))
        else:
            cure = "Measurements in the middle and conditions are not read. " + CURE
            must = "have operations that PennyLane decomposes into gates"
            checks.require(operation.has_decomposition, "function", must, f"one with {source}", cure)
            for part in operation.decomposition():
                self._add(part, known, source, depth + 1)

    def _add_gate(self, gate: Standard, operation: Any, qubits: tuple[int, ...], source: str) -> None:
        single = all(np.ndim(angle) == 0 for angle in operation.data)
        cure = "Give arguments of one example."
        checks.require(single, "arguments", "give each gate one angle", f"more for {source}", cure)
        self.records.append(Record(gate, qubits, len(self._angles), source))
        self._angles += operation.data

    def _depends(self, operation: Any, source: str) -> bool:
        """Returns whether a prepared state depends on arguments: whether it has ever been a tracer."""
        if checks.is_traced(operation.data):
            self._traced.add(source)
        return source in self._traced

    def _add_state(self, operation: Any, qubits: tuple[int, ...], source: str) -> None:
        first = not self.records and self.state is None and qubits == tuple(range(self.qubits))
        must = "prepare a state of features first, on all qubits"
        checks.require(first, "function", must, f"one with {source} on the qubits {qubits}", CURE)
        self.state = jnp.ravel(operation.data[0])


def _sorted(wires: Any) -> list[Any]:
    listed = list(wires)
    return sorted(listed) if all(isinstance(wire, int | np.integer) for wire in listed) else listed


def _measured(measurements: Sequence[Any], known: Mapping[Any, int]) -> tuple[int, ...] | None:
    """Returns the qubits that the measurements of a tape read, or None if it reads none or the whole state."""
    qubits: list[int] = []
    for measurement in measurements:
        kind, observable = type(measurement).__name__, measurement.obs
        if kind in ("StateMP", "DensityMatrixMP"):
            continue
        good = kind in _READ and (observable is None or observable.name == "PauliZ")
        cure = "Return qml.expval(qml.Z(wire)) of each qubit, or leave the return out."
        checks.require(good, "function", "measure Z of single qubits", f"one with {measurement}", cure)
        qubits += [known[wire] for wire in measurement.wires]
    return tuple(dict.fromkeys(qubits)) or None
