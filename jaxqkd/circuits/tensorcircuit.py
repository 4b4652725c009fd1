"""Conversion from and to TensorCircuit's circuits."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import backend, checks
from jaxqkd.circuits import polynomials, standard
from jaxqkd.circuits.calls import Call
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.gates import UNITARY, called, matrix
from jaxqkd.circuits.imported import Imported, Source, assemble
from jaxqkd.circuits.polynomials import Polynomial
from jaxqkd.circuits.specs import GateSpec
from jaxqkd.circuits.standard import STANDARD, Step
from jaxqkd.circuits.table import GATES
from jaxqkd.circuits.writing import bound, check_inputs

WIDEST = 3
"""Most qubits of a matrix."""

_METHODS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{
        spec.tensorcircuit: (name, ("theta",) * spec.is_rotation)
        for name, spec in GATES.items()
        if spec.tensorcircuit
    },
    "td": ("tdg", ()),
    "fredkin": ("cswap", ()),
    "phase": ("p", ("theta",)),
    "cphase": ("cp", ("theta",)),
    "u": ("u", ("theta", "phi", "lbd")),
    "cu": ("cu3", ("theta", "phi", "lbd")),
}
"""Names of `STANDARD`, and the parameters that are its angles, by the names of TensorCircuit's methods."""


def from_tensorcircuit(
    circuit: Any,
    arguments: Mapping[str, Any] | None = None,
    *,
    trained: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    layers: int | None = None,
) -> Imported:
    """Returns a `tensorcircuit.Circuit`, or a function that builds one, as a circuit.

    Every angle of a circuit's rotations is a trained one, with its value; they have no names in TensorCircuit, and
    here are theta_0, theta_1, ... Of a function, angles have to be linear in its trained arguments, plus
    polynomials of its features. The initial state is not read: a student has its encoding.

    Args:
        circuit: The circuit, whose angles are numbers; or a function that returns one.
        arguments: The function's arguments by name, see `from_pennylane`; None for a circuit.
        trained: Names of the arguments that are trained. By default theta, θ and weights.
        features: Names of those that are features. By default x and inputs.
        layers: Number of equal layers, or None to find them.

    Raises:
        ValueError: On another object, a gate that is not known, or an angle that is traced or not such a function.
    """
    reader = _Reader()
    if not hasattr(circuit, "to_qir") and callable(circuit):
        call = Call(circuit, arguments or {}, trained=trained, features=features)

        def angles(variables: Any) -> list[Any]:
            with backend.on_jax("complex128"):
                return reader.angles(circuit(**call.bound(variables)))

        read = call.polynomials(angles, lambda: reader.sources)
        found = reader.source(read, call.names, call.values)
        return assemble(found, trained=trained, features=features, layers=layers)
    checks.require(arguments is None, "arguments", "be None for a circuit", "given")
    values = reader.angles(circuit)
    cure = "Convert the circuit outside of jit, grad and vmap."
    checks.require(not checks.is_traced(values), "circuit", "have known angles", "one with tracers", cure)
    names = [f"theta_{index}" for index in range(len(values))]
    numbers = {name: float(np.real(value)) for name, value in zip(names, values, strict=True)}
    return assemble(reader.source([polynomials.symbol(name) for name in names], names, numbers), layers=layers)


class _Reader:
    """What a circuit of TensorCircuit holds."""

    def __init__(self) -> None:
        self._qubits = 0
        self._entries: list[Mapping[str, Any]] = []
        self._measured: list[int] = []

    @property
    def sources(self) -> list[str]:
        """Where each angle is."""
        return [_source(number, entry) for number, entry in enumerate(self._entries) for _ in _parameters(entry)]

    def angles(self, circuit: Any) -> list[Any]:
        """Returns the angles of a circuit, whose gates are kept."""
        is_circuit = hasattr(circuit, "to_qir")
        must = "be a tensorcircuit.Circuit, or a function that returns one"
        checks.require(is_circuit, "circuit", must, f"a {type(circuit).__name__}")
        others = [entry["name"] for entry in circuit._extra_qir if entry["name"] not in ("barrier", "measure")]
        must = "have gates and measurements only"
        checks.require(not others, "circuit", must, f"one with {others}", "Remove them.")
        self._measured = [q for entry in circuit._extra_qir if entry["name"] == "measure" for q in entry["index"]]
        self._qubits = circuit.circuit_param["nqubits"]
        self._entries = circuit.to_qir()
        return [
            entry.get("parameters", {}).get(name, 0.0) for entry in self._entries for name in _parameters(entry)
        ]

    def source(self, angles: Sequence[Polynomial], names: Sequence[str], values: Mapping[str, float]) -> Source:
        """Returns what was found, with the angles as polynomials."""
        left = list(angles)
        steps: list[Step] = []
        for number, entry in enumerate(self._entries):
            own, left = left[: len(_parameters(entry))], left[len(_parameters(entry)) :]
            steps += _steps(entry, own, _source(number, entry))
        return Source("circuit", self._qubits, steps, names, tuple(self._measured) or None, values)


def to_tensorcircuit(circuit: Circuit, theta: jax.Array, x: jax.Array | None = None) -> Any:
    """Returns a `tensorcircuit.Circuit` of the prefix and all layers, on `|0...0>`.

    It holds JAX arrays, and may be built in a trace. TensorCircuit's backend and precision are left as they are:
    set its backend to "jax", and for float64 its precision to "complex128", before you simulate the circuit.

    Args:
        circuit: The circuit.
        theta: Trained angles [L, P] in radians, before the circuit's scale.
        x: Features [D] of one example, where a gate of the circuit reads them.

    Raises:
        ValueError: On angles or features that do not fit the circuit.
    """
    theta = jnp.asarray(theta, jnp.result_type(theta, float))
    x = jnp.zeros(0) if x is None else jnp.asarray(x, theta.dtype)
    check_inputs(circuit, theta, x)
    with backend.on_jax("complex128" if theta.dtype == jnp.float64 else "complex64") as tc:
        built = tc.Circuit(circuit.qubits)
        for gate, angle in bound(circuit, theta, x):
            name = called(gate) if gate.name == UNITARY else gate.name  # a fixed rotation keeps its name and angle
            add_gate(built, name, gate.qubits, angle)
    return built


def add_gate(
    circuit: Any, name: str | GateSpec, qubits: Sequence[int], angle: jax.Array | float | None = None
) -> None:
    """Adds a gate of `GATES` to a circuit of TensorCircuit, by its method there or else by its matrix."""
    spec = GATES[name] if isinstance(name, str) else name
    method = spec.tensorcircuit
    if method is None:
        circuit.any(*qubits, unitary=matrix(name, angle), name=spec.name)
    else:
        getattr(circuit, method)(*qubits, **({} if angle is None else {"theta": angle}))


def _source(number: int, entry: Mapping[str, Any]) -> str:
    return f"gate {number} ({entry['name']})"


def _parameters(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the parameters of a gate that are its angles."""
    known = entry["name"] in _METHODS and not _is_other(entry)
    return _METHODS[entry["name"]][1] if known else ()


def _is_other(entry: Mapping[str, Any]) -> bool:
    """Returns whether a gate has parameters that the one of `STANDARD` has not, such as a fractional iswap."""
    return bool(entry.get("parameters", {}).keys() - set(_METHODS[entry["name"]][1]))


def _steps(entry: Mapping[str, Any], angles: Sequence[Polynomial], source: str) -> list[Step]:
    """Returns a gate of TensorCircuit, by its method or else by its matrix, in gates of `GATES`."""
    name, qubits = entry["name"], tuple(entry["index"])
    if name == "i":
        return []
    if name in _METHODS and not _is_other(entry) and _METHODS[name][0] in STANDARD:
        return standard.steps(_METHODS[name][0], angles, qubits, source)
    is_matrix = not entry["mpo"] and entry.get("parameters", {}).keys() <= {"unitary"} and len(qubits) <= WIDEST
    fixed = is_matrix and not checks.is_traced(entry["gate"].tensor)
    cure = f"Write it in gates out of {', '.join(_METHODS)}, or as the matrix of {WIDEST} qubits at most."
    checks.require(fixed, "circuit", "have known gates", f"one with {name!r}", cure)
    array = np.asarray(entry["gate"].tensor).reshape(2 ** len(qubits), -1)
    names = [known for known, spec in GATES.items() if _equals(array, spec.matrix)]
    return standard.steps(names[0], (), qubits, source) if names else [standard.unitary(array, qubits, source)]


def _equals(array: np.ndarray, matrix: np.ndarray | None) -> bool:
    """Returns whether two matrices are equal in single precision."""
    return matrix is not None and array.shape == matrix.shape and np.allclose(array, matrix, rtol=0, atol=1e-6)
