"""Conversion from and to PennyLane's quantum functions (extra `pennylane`)."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import standard, tracing
from jaxqkd.circuits.calls import Call
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.imported import CURE, Imported, Source, assemble
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.standard import Part, Standard, Step
from jaxqkd.circuits.writing import bound, check_inputs

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


def from_pennylane(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    trained: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    layers: int | None = None,
) -> Imported:
    """Returns the circuit of a PennyLane QNode or quantum function.

    The function is called with tracers of JAX in place of the arguments that are trained or features. Operations
    that are not standard gates are decomposed as PennyLane does. Each angle has to be linear in the trained
    arguments plus a polynomial of the features; this is checked at random values. An `AmplitudeEmbedding` of the
    features becomes the student's encoding "amplitude".

    Args:
        function: A QNode, or a function that queues operations. Wires that are numbers are the qubits in their
            order; the device of a QNode says how many there are.
        arguments: The function's arguments by name: values [...] of the trained ones, which become
            `Imported.theta`; the features [D] of any one example; and others as they are.
        trained: Names of the arguments that are trained. By default theta, θ and weights.
        features: Names of those that are features. By default x and inputs.
        layers: Number of equal layers, or None to find them.

    Raises:
        ImportError: Without the extra `pennylane`.
        ValueError: On arguments that do not fit, and on a function that is not such a circuit.
    """
    qml, plain = _needed(), getattr(function, "func", function)
    checks.require(callable(plain), "function", "be a QNode or a quantum function", f"a {type(function).__name__}")
    call = Call(plain, arguments, trained=trained, features=features)
    reader = _Reader(getattr(getattr(function, "device", None), "wires", None))

    def angles(variables: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # those of PennyLane's own calls of JAX
            return reader.angles(qml.tape.make_qscript(plain)(**call.bound(variables)))

    read = call.polynomials(angles, lambda: reader.sources)
    encoding = _encoding(reader, angles, call)
    steps = [step for record in reader.records for step in record.steps(read)]
    found = Source("function", reader.qubits, steps, call.names, reader.measured, call.values, encoding)
    return assemble(found, trained=trained, features=features, layers=layers)


class _Record(NamedTuple):
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


class _Reader:
    """What a tape holds, while it is traced."""

    def __init__(self, wires: Any) -> None:
        self._wires = None if wires is None else list(wires)
        self.qubits = 0
        self.measured: tuple[int, ...] | None = None
        self.records: list[_Record] = []
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
            self.records.append(_Record(empty, qubits, 0, source, np.asarray(operation.data[0])))
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
        self.records.append(_Record(gate, qubits, len(self._angles), source))
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


def _encoding(reader: _Reader, angles: Callable[[Any], Any], call: Call) -> str:
    """Returns the encoding before the gates: "amplitude" if the state is that of the features, else "zero"."""
    if reader.state is None:
        return "zero"
    wide = np.flatnonzero(call.is_feature)

    def difference(variables: jax.Array) -> jax.Array:
        angles(variables)
        x = variables[jnp.asarray(wide)]
        expected = jnp.pad(x, (0, max(0, len(reader.state) - len(x))))[: len(reader.state)]
        unit = [vector / jnp.linalg.norm(vector) for vector in (reader.state, expected)]
        return jnp.abs(unit[0] - unit[1]).max()

    with jax.enable_x64(True):
        drawn = np.random.default_rng(1).normal(size=len(call.names))
        largest = float(jax.jit(difference)(jnp.asarray(drawn)))
    must = "prepare the state whose amplitudes are all features in order, padded with zeros"
    fits = len(wide) <= 2**reader.qubits and largest < tracing.TOLERANCE
    checks.require(fits, "function", must, "one that prepares another", CURE)
    return "amplitude"


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


def _needed() -> Any:
    try:
        import pennylane
    except ImportError as error:
        raise ImportError("This needs the package pennylane: pip install 'jaxqkd[pennylane]'") from error
    return pennylane


def to_pennylane(circuit: Circuit) -> Callable[..., None]:
    """Returns a quantum function `(theta, x)` that queues the gates of all layers on wires 0, 1, ...

    Call it in a QNode, or in another quantum function before the measurements. Its trained angles theta [L, P],
    before the circuit's scale, and features x [D] may be arrays of any of PennyLane's interfaces; x may be left
    out where no gate reads features. Global phases are left out.

    Args:
        circuit: The circuit.

    Raises:
        ImportError: Without the extra `pennylane`.
    """
    qml = _needed()
    operations = {ours: getattr(qml, theirs) for theirs, ours in NAMES.items() if theirs not in _OTHERS}
    operations["id"] = qml.Identity
    fixed = {"sdg": qml.S, "tdg": qml.T}

    def queue(theta: Any, x: Any = ()) -> None:
        check_inputs(circuit, theta, x)
        for gate, angle in bound(circuit, theta, x):
            if gate.matrix is not None:
                qml.QubitUnitary(np.asarray(gate.matrix), wires=gate.qubits)
                continue
            for name, qubits, own in standard.written(gate.name, gate.qubits, angle, operations):
                if name in fixed:
                    qml.adjoint(fixed[name](wires=qubits))
                else:
                    operations[name](*([] if own is None else [own]), wires=qubits)

    return queue


_OTHERS = ("Adjoint(S)", "Adjoint(T)", "Adjoint(SX)", "U1", "U2", "U3")
