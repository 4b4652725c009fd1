"""Conversion from and to Qiskit's circuits (extra `export`)."""

import importlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import standard
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.imported import CURE, Imported, Source, assemble, natural
from jaxqkd.circuits.polynomials import HIGHEST_DEGREE, MOST_TERMS, Polynomial, constant, of_terms
from jaxqkd.circuits.standard import STANDARD, Step
from jaxqkd.circuits.writing import bound, check_inputs

MOST_GATES = 200_000
DEEPEST = 50
"""Most definitions within each other."""
WIDEST = 3
"""Most qubits of a matrix."""

_SKIPPED = ("barrier", "id", "delay", "global_phase")


def from_qiskit(
    circuit: Any,
    *,
    trained: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    layers: int | None = None,
) -> Imported:
    """Returns a `qiskit.QuantumCircuit` as a circuit.

    Instructions that are not standard gates are read by their definitions, and those without one, on three qubits
    at most, by their matrices. Qubit i is Qiskit's qubit i, which Qiskit counts as the i-th least significant bit
    of a state's index, and jaxqkd as the i-th most significant one.

    Args:
        circuit: The circuit.
        trained: Names of the parameters, or of vectors of them, that are trained angles. By default theta, θ and
            weights.
        features: Names of those that are features. By default x and inputs.
        layers: Number of equal layers, or None to find them.

    Raises:
        ValueError: On a parameter that is neither, an angle that is not linear in trained angles plus a polynomial
            of features, and on what is not a circuit of gates with measurements at the end.
    """
    is_circuit = hasattr(circuit, "data") and hasattr(circuit, "find_bit")
    checks.require(is_circuit, "circuit", "be a qiskit.QuantumCircuit", f"a {type(circuit).__name__}")
    reader = _Reader(circuit)
    names = [parameter.name for parameter in circuit.parameters]
    ordered = names if any("[" in name for name in names) else sorted(names, key=natural)
    measured = tuple(reader.measured[bit] for bit in sorted(reader.measured)) or None
    source = Source("circuit", circuit.num_qubits, reader.steps, ordered, measured)
    return assemble(source, trained=trained, features=features, layers=layers)


class _Reader:
    """The gates of a circuit and which qubit each bit measures."""

    def __init__(self, circuit: Any) -> None:
        self.steps: list[Step] = []
        self.measured: dict[int, int] = {}
        for number, item in enumerate(circuit.data):
            qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
            source = f"instruction {number} ({item.operation.name})"
            if item.operation.name == "measure":
                self._measure(circuit.find_bit(item.clbits[0]).index, qubits[0], source)
            else:
                self._add(item.operation, qubits, source, 0)

    def _measure(self, bit: int, qubit: int, source: str) -> None:
        again = bit in self.measured or qubit in self.measured.values()
        checks.require(not again, "circuit", "measure each qubit once, into a bit of its own", source)
        self.measured[bit] = qubit

    def _add(self, operation: Any, qubits: Sequence[int], source: str, depth: int) -> None:
        name = operation.name
        late = any(qubit in self.measured.values() for qubit in qubits) and name != "barrier"
        cure = "Gates, and measurements at the end, are read."
        checks.require(not late, "circuit", "measure qubits at their end", f"one with {source} after that", cure)
        if name in _SKIPPED or (name == "reset" and not self._is_touched(qubits[0])):
            return
        has_control = hasattr(operation, "blocks") or getattr(operation, "condition", None) is not None
        plain = not has_control and name != "reset" and depth <= DEEPEST and len(self.steps) < MOST_GATES
        checks.require(plain, "circuit", "be made of gates alone", f"one with {source}", cure)
        if name in STANDARD and _is_standard(operation, STANDARD[name]):
            angles = [self._polynomial(value, source) for value in operation.params]
            self.steps += standard.steps(name, angles, qubits, source)
        elif name == "unitary" and len(qubits) <= WIDEST:
            self._add_matrix(operation, qubits, source)
        elif operation.definition is not None:
            self._add_definition(operation.definition, qubits, source, depth + 1)
        else:
            fits = hasattr(operation, "to_matrix") and len(qubits) <= WIDEST
            must = f"have gates with a definition, or with a matrix on {WIDEST} qubits at most"
            checks.require(fits, "circuit", must, f"one with {source}", "Decompose it before.")
            self._add_matrix(operation, qubits, source)

    def _add_matrix(self, operation: Any, qubits: Sequence[int], source: str) -> None:
        """Adds a gate by its matrix, in which Qiskit's first qubit is the least significant bit."""
        self.steps.append(standard.unitary(operation.to_matrix(), qubits[::-1], source))

    def _add_definition(self, definition: Any, qubits: Sequence[int], source: str, depth: int) -> None:
        for item in definition.data:
            own = [qubits[definition.find_bit(qubit).index] for qubit in item.qubits]
            self._add(item.operation, own, source, depth)

    def _is_touched(self, qubit: int) -> bool:
        return any(qubit in step.qubits for step in self.steps)

    def _polynomial(self, value: Any, source: str) -> Polynomial:
        if not hasattr(value, "gradient"):
            return constant(float(value))
        try:
            return _polynomial(value)
        except (ValueError, TypeError, ArithmeticError, RuntimeError) as error:
            must = "have angles that are polynomials of its parameters"
            raise checks.error("circuit", must, f"{value} in {source}", CURE) from error


def _is_standard(operation: Any, known: standard.Standard) -> bool:
    """Returns whether a gate is the standard one of its name, controlled by ones if it is controlled."""
    closed = getattr(operation, "ctrl_state", None)
    all_ones = closed is None or closed == 2**operation.num_ctrl_qubits - 1
    return all_ones and (len(operation.params), operation.num_qubits) == (known.angles, known.qubits)


def _polynomial(expression: Any) -> Polynomial:
    """Returns a parameter expression as a polynomial: its Taylor series at zero, which has to end."""
    parameters = sorted(expression.parameters, key=lambda parameter: natural(parameter.name))
    terms: dict[tuple[str, ...], float] = {}

    def visit(derivative: Any, at: tuple[int, ...]) -> None:
        own: set[Any] = set(getattr(derivative, "parameters", ()))
        value = derivative.bind(dict.fromkeys(own, 0.0)).numeric() if hasattr(derivative, "bind") else derivative
        factor = _real(value) / math.prod(math.factorial(at.count(index)) for index in set(at))
        terms[tuple(sorted(parameters[index].name for index in at))] = factor
        if len(at) > HIGHEST_DEGREE or len(terms) > 16 * MOST_TERMS:
            raise ValueError("the series does not end")
        for index in range(at[-1] if at else 0, len(parameters)):
            if parameters[index] in own:
                visit(derivative.gradient(parameters[index]), (*at, index))

    visit(expression, ())
    found = of_terms(terms)
    _verify(expression, parameters, found)
    return found


def _verify(expression: Any, parameters: Sequence[Any], found: Polynomial) -> None:
    """Refuses a polynomial that is not the expression, at one point of a fixed random draw."""
    drawn = np.random.default_rng(0).normal(size=len(parameters))
    values = {parameter.name: float(value) for parameter, value in zip(parameters, drawn, strict=True)}
    bound = expression.bind({parameter: values[parameter.name] for parameter in parameters}).numeric()
    own = sum(factor * math.prod(values[name] for name in names) for names, factor in found.terms.items())
    if abs(_real(bound) - own) > 1e-9 * max(1.0, abs(own)):
        raise ValueError("it is not a polynomial")


def _real(value: Any) -> float:
    if abs(complex(value).imag) > 0:
        raise ValueError("it is not real")
    return complex(value).real


def to_qiskit(circuit: Circuit, theta: Any = None, x: Any = None) -> Any:
    """Returns a `qiskit.QuantumCircuit` of the prefix and all layers, up to a global phase.

    Args:
        circuit: The circuit.
        theta: Trained angles [L, P], before the circuit's scale; or None for parameters theta[0], theta[1], ...
        x: Features [D] of one example; or None for parameters x[0], x[1], ...

    Raises:
        ImportError: Without the extra `export`.
        ValueError: On angles or features that do not fit the circuit.
    """
    circuits, vector = _needed("qiskit"), _needed("qiskit.circuit").ParameterVector
    built = circuits.QuantumCircuit(circuit.qubits)
    if theta is None:
        theta = np.array(list(vector("theta", math.prod(circuit.shape))), object).reshape(circuit.shape)
    if x is None:
        x = list(vector("x", circuit.features))
    check_inputs(circuit, theta, x)
    for gate, angle in bound(circuit, theta, x):
        if gate.matrix is not None:
            built.unitary(np.asarray(gate.matrix), gate.qubits[::-1])
            continue
        for name, qubits, own in standard.written(gate.name, gate.qubits, angle, _METHODS):
            method = getattr(built, _METHODS[name])
            method(*([] if own is None else [_plain(own)]), *qubits)
    return built


def _plain(angle: Any) -> Any:
    return angle if hasattr(angle, "gradient") else float(angle)


def _needed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError("This needs the package qiskit: pip install 'jaxqkd[export]'") from error


_SAME = "h x y z s sdg t tdg sx sxdg p cy cz ch csx cp crx cry crz swap iswap ecr cswap rx ry rz rxx ryy rzz rzx"
_METHODS = {name: name for name in _SAME.split()} | {"cnot": "cx", "toffoli": "ccx", "id": "id"}
"""Methods of `qiskit.QuantumCircuit` by the names of `GATES`."""
