"""Students of circuits from elsewhere."""

from jaxqkd import checks
from jaxqkd.circuits import Imported
from jaxqkd.models.student import QuantumStudent
from jaxqkd.quantum import encodings
from jaxqkd.quantum.initializers import Initializer, uniform


def student_of(
    imported: Imported, *, classes: int, head: str = "linear", initializer: Initializer = uniform
) -> QuantumStudent:
    """Returns the student of a circuit from elsewhere: its encoding, the circuit, and its measured qubits.

    The encoding is that of `|0...0>`, if features come in by gates, or "amplitude". Everything else that a
    `QuantumStudent` has can be set by its `clone`.

    Args:
        imported: The circuit.
        classes: Number of classes C.
        head: "linear" or "none", see `QuantumStudent`.
        initializer: A function `(key, circuit) -> theta [L, P]` of the first angles.

    Raises:
        ValueError: If it is not a circuit from elsewhere.
    """
    known = isinstance(imported, Imported)
    cure = "Pass what jaxqkd.circuits.from_qasm, from_qiskit, from_pennylane or from_tensorcircuit returned."
    checks.require(known, "imported", "be an Imported", f"a {type(imported).__name__}", cure)
    encoding = getattr(encodings, imported.encoding)
    measured = imported.measured
    return QuantumStudent(
        imported.circuit, classes, encoding, measured=measured, head=head, initializer=initializer
    )
