"""OpenQASM text of circuits, and of operations."""

import re
from collections.abc import Sequence
from typing import Any

from jaxqkd import checks
from jaxqkd.circuits.circuit import Circuit, check_measured
from jaxqkd.circuits.openqasm.gates import of_circuit
from jaxqkd.circuits.openqasm.operations import Angle, Operation
from jaxqkd.circuits.writing import check_inputs

VERSIONS = (2, 3)


def to_qasm(
    circuit: Circuit, theta: Any = None, x: Any = None, *, measured: Sequence[int] = (), version: int = 3
) -> str:
    """Returns an OpenQASM program of the prefix and all layers, up to a global phase.

    Only gates of the standard library are used; others are written in them.

    Args:
        circuit: The circuit.
        theta: Trained angles [L, P], before the circuit's scale; or None for inputs theta_0, theta_1, ...
        x: Features [D] of one example; or None for inputs x0, x1, ...
        measured: The qubits that are measured at the end, measured[i] into bit i.
        version: 3, or 2, which has no inputs.

    Raises:
        ValueError: On angles, features or qubits that do not fit the circuit, or inputs in OpenQASM 2.

    Example:
        >>> from jaxqkd.circuits import Gate
        >>> print(to_qasm(Circuit(1, 1, (Gate("ry", (0,), theta=0),)), [[0.5]], version=2))
        OPENQASM 2.0;
        include "qelib1.inc";
        qreg q[1];
        ry(0.5) q[0];
        <BLANKLINE>
    """
    checks.one_of("version", version, VERSIONS)
    layers, width = circuit.shape
    trained = [] if theta is not None else [f"theta_{index}" for index in range(layers * width)]
    features = [] if x is not None else [f"x{index}" for index in range(circuit.features)]
    must = "be given for OpenQASM 2, which has no inputs"
    cure = "Pass them, or version=3."
    checks.require(version == 3 or not trained + features, "theta, x", must, None, cure)
    if theta is None:
        theta = [trained[layer * width : (layer + 1) * width] for layer in range(layers)]
    x = features if x is None else x
    check_inputs(circuit, theta, x)
    read = check_measured(measured, circuit.qubits) if len(measured) else ()
    return text(of_circuit(circuit, theta, x), circuit.qubits, read, version, inputs=trained + features)


def text(
    operations: Sequence[Operation],
    qubits: int,
    measured: Sequence[int],
    version: int,
    inputs: Sequence[str] | None = None,
) -> str:
    """Returns an OpenQASM program that ends with the measurement of the measured qubits, measured[i] into c[i].

    Features that are expressions become inputs x0, x1, ..., which OpenQASM 2 does not have.

    Args:
        operations: The gates, in order.
        qubits: Number of qubits.
        measured: The qubits that are measured.
        version: 2 or 3.
        inputs: The names of the inputs, or None for those of the features in the operations' expressions.
    """
    head = _HEADS[version].format(qubits=qubits, bits=len(measured))
    head = head if measured else head.rpartition("\n")[0]
    inputs = [f"input float[64] {name};" for name in (_features(operations) if inputs is None else inputs)]
    gates = [_line(operation) for operation in operations]
    readout = [_MEASURES[version].format(bit=bit, qubit=qubit) for bit, qubit in enumerate(measured)]
    library, *declared = head.splitlines()[1:]
    return "\n".join([head.splitlines()[0], library, *inputs, *declared, *gates, *readout, ""])


_HEADS = {
    2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{qubits}];\ncreg c[{bits}];',
    3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q;\nbit[{bits}] c;',
}
_MEASURES = {2: "measure q[{qubit}] -> c[{bit}];", 3: "c[{bit}] = measure q[{qubit}];"}


def _line(operation: Operation) -> str:
    angle = "" if operation.angle is None else f"({_number(operation.angle)})"
    return f"{operation.name}{angle} {', '.join(f'q[{qubit}]' for qubit in operation.qubits)};"


def _number(angle: Angle) -> str:
    return angle if isinstance(angle, str) else repr(float(angle))


def _features(operations: Sequence[Operation]) -> list[str]:
    """Returns the names of the features in the operations' expressions, x0 first."""
    used = {name for op in operations if isinstance(op.angle, str) for name in re.findall(r"x\d+", op.angle)}
    return sorted(used, key=lambda name: int(name[1:]))
