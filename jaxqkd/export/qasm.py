"""OpenQASM text of operations."""

import re
from collections.abc import Sequence

from jaxqkd.export.operations import Angle, Operation


def text(operations: Sequence[Operation], qubits: int, measured: Sequence[int], version: int) -> str:
    """Returns an OpenQASM program that ends with the measurement of the measured qubits, measured[i] into c[i].

    Features that are expressions become inputs x0, x1, ..., which OpenQASM 2 does not have.

    Args:
        operations: The gates, in order.
        qubits: Number of qubits.
        measured: The qubits that are measured.
        version: 2 or 3.
    """
    head = _HEADS[version].format(qubits=qubits, bits=len(measured))
    inputs = [f"input float[64] {name};" for name in _features(operations)]
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
