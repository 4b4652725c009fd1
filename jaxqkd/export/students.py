"""A trained student as a program for other toolchains, and its classical layers as plain numbers."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxqkd import checks
from jaxqkd.circuits import check_measured
from jaxqkd.circuits.openqasm import writing
from jaxqkd.circuits.openqasm.gates import of_circuit
from jaxqkd.circuits.openqasm.operations import Angle, Operation
from jaxqkd.export.encoded import of_encoding
from jaxqkd.models import QuantumStudent
from jaxqkd.quantum import readouts
from jaxqkd.types import Params

BASIS_CHANGES = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}
"""The gates that take the eigenbasis of a Pauli matrix to that of Z."""


def openqasm(
    student: QuantumStudent, params: Params, x: Any = None, *, version: int = 3, basis: str | None = None
) -> str:
    """Returns an OpenQASM program of a trained student: encoding, circuit, and measurement of the measured qubits.

    Qubit q[i] is the circuit's qubit i, and bit c[j] the outcome of `student.measured[j]`, in the basis that the
    student's readout needs: the qubit's expectation value is the frequency of 0 minus the frequency of 1.
    `values_of` makes the values that are read of the outcomes, and the head makes logits of these, see
    `classical`. Only gates of the standard library are used; a student's noise is not a part of the program.

    Args:
        student: The model.
        params: Its trained parameters, as `fit` returns them.
        x: Features [D] of one example; or None for a program of all examples, with inputs x0, x1, ... to the
            encoding (after the input layer, if there is one). That needs OpenQASM 3 and an encoding whose features
            are angles.
        version: 3, or 2.
        basis: Which of `bases(student)` is measured, a letter for each measured qubit; None where there is one
            alone. A readout of several takes a program for each.

    Raises:
        ValueError: On parameters of another student, numbers that are not finite, an encoding that needs x, or no
            basis where there are several.
    """
    checks.one_of("version", version, writing.VERSIONS)
    must = "be the features of an example for OpenQASM 2, which has no inputs"
    checks.require(x is not None or version == 3, "x", must, None, "Pass x, or version=3.")
    listed = operations(student, params, x)
    qubits = student.circuit.qubits
    measured = check_measured(student.measured, qubits)
    changes = [
        Operation(name, (qubit,))
        for qubit, letter in zip(measured, _basis(student, basis), strict=True)
        for name in BASIS_CHANGES[letter]
    ]
    return writing.text([*listed, *changes], qubits, measured, version)


def bases(student: QuantumStudent) -> tuple[str, ...]:
    """Returns the bases that the student's readout measures: of each, a letter for each measured qubit."""
    return readouts.measurements(readout_of(student), _count(student))


def readout_of(student: QuantumStudent) -> readouts.Readout:
    """Returns the student's readout."""
    return readouts.checked(student.readout, _count(student))


def _count(student: QuantumStudent) -> int:
    return len(check_measured(student.measured, student.circuit.qubits))


def _basis(student: QuantumStudent, basis: str | None) -> str:
    """Returns the basis, by default the only one of the student; refuses another one."""
    every = bases(student)
    cure = "Write a program for each."
    if basis is None:
        checks.require(len(every) == 1, "basis", f"be one of {', '.join(every)} for this readout", None, cure)
    else:
        checks.one_of("basis", basis, every)
    return every[0] if basis is None else basis


def operations(student: QuantumStudent, params: Params, x: Any = None) -> list[Operation]:
    """Returns the gates of a trained student for features x [D], or for inputs x0, x1, ... where x is None."""
    theta = _trained(student, params)["theta"]
    inputs = inputs_of(student, params, x)
    return of_encoding(student.encoding, student.circuit.qubits, inputs) + of_circuit(
        student.circuit, theta, inputs
    )


def inputs_of(student: QuantumStudent, params: Params, x: Any = None) -> Sequence[Angle]:
    """Returns the inputs of the encoding for an example x [D], or names x0, x1, ... where x is None."""
    arrays, circuit = _trained(student, params), student.circuit
    if x is None:
        most = max(2 * circuit.qubits, circuit.features)  # as many as an encoding or the circuit may read
        return [f"x{index}" for index in range(most)]
    row = np.asarray(x, float)
    checks.require(row.ndim == 1, "x", "be the features [D] of one example", f"of shape {row.shape}")
    checks.finite_rows("x", row[None])
    if "input" in arrays:
        width = len(arrays["input"]["kernel"])
        checks.require(len(row) == width, "x", f"have the student's {width} features", f"{len(row)} features")
        row = row @ arrays["input"]["kernel"] + arrays["input"]["bias"]
    return [float(value) for value in row]


def classical(student: QuantumStudent, params: Params) -> dict[str, Any]:
    """Returns the part of a trained student that is not in the program, as plain numbers for JSON.

    Returns:
        `measured`, the qubit of each bit c[j]; `readout`, its kind and letters, see `jaxqkd.quantum.readouts`;
        `bases`, those that it measures; `classes`; `head`, the kernel and the bias of
        `logits = z @ kernel + bias` for the values z [n] that are read, or None where these are the logits;
        `input`, those of `inputs = x @ kernel + bias` to the encoding, or None where the features are its inputs.
    """
    arrays = _trained(student, params)
    layers = {
        name: {part: values.tolist() for part, values in arrays[name].items()} if name in arrays else None
        for name in ("head", "input")
    }
    return {
        "measured": list(check_measured(student.measured, student.circuit.qubits)),
        "readout": {"kind": readout_of(student).kind, "letters": list(readout_of(student).letters)},
        "bases": list(bases(student)),
        "classes": student.classes,
        **layers,
    }


def values_of(student: QuantumStudent, outcomes: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the values [n] that the student reads of outcomes from elsewhere.

    Args:
        student: The model.
        outcomes: Frequencies [2^k] of the bits c[0] ... c[k - 1], the first leading, for each of `bases(student)`.
    """
    return np.asarray(readouts.read(readout_of(student), [jnp.asarray(one) for one in outcomes]))


def logits_of(student: QuantumStudent, params: Params, expectations: np.ndarray) -> np.ndarray:
    """Returns the logits [C] that the student's head makes of the values [n] that are read elsewhere."""
    head = classical(student, params)["head"]
    return expectations if head is None else expectations @ np.asarray(head["kernel"]) + np.asarray(head["bias"])


def _trained(student: QuantumStudent, params: Params) -> dict[str, Any]:
    """Returns the parameters by name as NumPy arrays; refuses those of another student."""
    checks.require(isinstance(student, QuantumStudent), "student", "be a QuantumStudent", type(student).__name__)
    cure = "Pass what jaxqkd.fit returned: fit(...).params, of one seed."
    has_angles = isinstance(params, dict) and "theta" in params.get("params", {})
    checks.require(
        has_angles, "params", "hold the trained angles theta of the student", type(params).__name__, cure
    )
    arrays = jax.tree.map(np.asarray, params["params"])
    shape = arrays["theta"].shape
    must = f"hold angles of the circuit's shape {student.circuit.shape}"
    checks.require(shape == student.circuit.shape, "params", must, f"of shape {shape}", cure)
    finite = all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(arrays))
    checks.require(finite, "params", "be finite", "a diverged training's", "Train with a lower learning rate.")
    return arrays
