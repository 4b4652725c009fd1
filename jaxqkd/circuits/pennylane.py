"""Conversion from and to PennyLane's quantum functions (extra `pennylane`)."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import standard, tracing
from jaxqkd.circuits.calls import Call
from jaxqkd.circuits.circuit import Circuit
from jaxqkd.circuits.imported import CURE, Imported, Source, assemble
from jaxqkd.circuits.tapes import NAMES, Tape
from jaxqkd.circuits.writing import bound, check_inputs


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
    reader = Tape(getattr(getattr(function, "device", None), "wires", None))

    def angles(variables: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # those of PennyLane's own calls of JAX
            return reader.angles(qml.tape.make_qscript(plain)(**call.bound(variables)))

    read = call.polynomials(angles, lambda: reader.sources)
    encoding = _encoding(reader, angles, call)
    steps = [step for record in reader.records for step in record.steps(read)]
    found = Source("function", reader.qubits, steps, call.names, reader.measured, call.values, encoding)
    return assemble(found, trained=trained, features=features, layers=layers)


def _encoding(reader: Tape, angles: Callable[[Any], Any], call: Call) -> str:
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
