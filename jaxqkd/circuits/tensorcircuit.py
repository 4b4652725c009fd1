"""Conversion from and to TensorCircuit's circuits."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import backend, checks
from jaxqkd.circuits.angles import angle_of
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.folding import folded
from jaxqkd.circuits.gates import UNITARY, Gate, called, has_angle, matrix, unitary
from jaxqkd.circuits.specs import GateSpec
from jaxqkd.circuits.table import GATES

UP_TO_A_PHASE = {"phase": "p", "cphase": "cp"}
"""Gates that TensorCircuit has with another global phase."""


class Imported(NamedTuple):
    """A circuit read from another package, with the values of its angles.

    Attributes:
        circuit: The circuit. Every angle of a rotation is a trained angle of its own.
        theta: The values [L, P] of the angles, in radians.
        names: The names of the P angles of a layer, in the order of their indices.
    """

    circuit: Circuit
    theta: np.ndarray
    names: tuple[str, ...]


def from_tensorcircuit(circuit: Any) -> Imported:
    """Returns the gates of a `tensorcircuit.Circuit` as a circuit, and the values of their angles.

    Gates that repeat become layers, and gates without an angle before them the prefix. The initial state and the
    measurements are not read: a student has its encoding and its measured qubits. Angles have no names in
    TensorCircuit; here they are theta_0, theta_1, ...

    Args:
        circuit: The circuit. Its angles are numbers, not tracers.

    Raises:
        ValueError: On another object, a gate that is not in `GATES`, or an angle that is traced.
    """
    is_circuit = hasattr(circuit, "to_qir")
    checks.require(is_circuit, "circuit", "be a tensorcircuit.Circuit", f"a {type(circuit).__name__}")
    others = [entry["name"] for entry in circuit._extra_qir if entry["name"] not in ("barrier", "measure")]
    checks.require(not others, "circuit", "have gates and measurements only", f"one with {others}", "Remove them.")
    entries = [entry for entry in circuit.to_qir() if entry["name"] != "i"]
    gates = [_gate(entry) for entry in entries]
    rotations = [place for place, gate in enumerate(gates) if has_angle(gate)]
    values = [entries[place].get("parameters", {}).get("theta", 0.0) for place in rotations]
    cure = "Convert the circuit outside of jit, grad and vmap."
    checks.require(not checks.is_traced(values), "circuit", "have known angles", "one with tracers", cure)
    for index, place in enumerate(rotations):
        gates[place] = gates[place]._replace(theta=index)
    read = folded(circuit.circuit_param["nqubits"], gates).circuit  # whose angles are in the same order
    theta = np.real(np.asarray(values)).astype(float).reshape(read.shape)
    return Imported(read, theta, tuple(f"theta_{index}" for index in range(read.shape[1])))


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
    checks.require(theta.shape == circuit.shape, "theta", f"have the shape {circuit.shape}", theta.shape)
    fits = x.ndim == 1 and len(x) >= circuit.features
    checks.require(fits, "x", f"have the shape [D] with D of at least {circuit.features}", x.shape)
    with backend.on_jax("complex128" if theta.dtype == jnp.float64 else "complex64") as tc:
        built = tc.Circuit(circuit.qubits)
        _add(built, circuit.prefix, theta[0], x)
        for angles in circuit.scale * theta:
            _add(built, circuit.gates, angles, x)
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


def _add(built: Any, gates: Sequence[Gate], angles: jax.Array, x: jax.Array) -> None:
    for gate in gates:
        name = called(gate) if gate.name == UNITARY else gate.name  # a fixed rotation keeps its name and angle
        add_gate(built, name, gate.qubits, angle_of(gate, angles, x))


def _gate(entry: Mapping[str, Any]) -> Gate:
    """Returns the gate of an entry of TensorCircuit, by its method or else by its matrix, without its angle."""
    qubits = tuple(entry["index"])
    methods = {spec.tensorcircuit: name for name, spec in GATES.items() if spec.tensorcircuit} | UP_TO_A_PHASE
    if entry["name"] in methods:
        return Gate(methods[entry["name"]], qubits)
    is_matrix = not entry["mpo"] and entry.get("parameters", {}).keys() <= {"unitary"}
    cure = f"Write it in gates out of {', '.join(methods)}, or as its matrix, by the method any."
    good = is_matrix and len(qubits) <= 3 and not checks.is_traced(entry["gate"].tensor)
    checks.require(good, "circuit", "have known gates", f"one with {entry['name']!r}", cure)
    array = np.asarray(entry["gate"].tensor)
    names = [name for name in GATES if _equals(array, GATES[name].matrix)]
    return Gate(names[0], qubits) if names else unitary(array.reshape(2 ** len(qubits), -1), qubits)


def _equals(tensor: np.ndarray, matrix: np.ndarray | None) -> bool:
    """Returns whether a tensor [2, ..., 2] of TensorCircuit has the entries of a matrix, in single precision."""
    if matrix is None or np.size(tensor) != matrix.size:
        return False
    return np.allclose(np.ravel(tensor), matrix.ravel(), rtol=0, atol=1e-6)
